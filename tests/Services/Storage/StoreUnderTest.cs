using Fleet.Hosting;
using Fleet.Storage;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace Fleet.ServiceTests.Storage;

/// <summary>A kind of database that the tests of stores run on; what is made with it is gone with it.</summary>
public interface IStoreUnderTest
{
    /// <summary>An empty database.</summary>
    /// <returns>Its <c>ConnectionStrings__Default</c>.</returns>
    Task<string> CreateAsync();
}

/// <summary>SQLite files in a folder of their own.</summary>
public sealed class SqliteStore : IStoreUnderTest, IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fleet-store-");

    public Task<string> CreateAsync() => Task.FromResult($"Data Source={Path.Combine(_folder.FullName, $"{Guid.NewGuid():N}.db")}");

    public void Dispose() => _folder.Delete(recursive: true);
}

/// <summary>Databases of one PostgreSQL server.</summary>
public sealed class PostgreSqlStore : IStoreUnderTest, IAsyncLifetime
{
    private readonly PostgreSqlServer _server = new();

    public Task<string> CreateAsync() => _server.CreateDatabaseAsync();

    public Task KillAsync() => _server.KillAsync();

    public Task InitializeAsync() => _server.InitializeAsync();

    public Task DisposeAsync() => _server.DisposeAsync();
}

/// <summary>The test classes on PostgreSQL share one server, and with it take turns.</summary>
[CollectionDefinition(nameof(PostgreSqlStore))]
public sealed class PostgreSqlStores : ICollectionFixture<PostgreSqlStore>;

/// <summary>What tests of stores do again and again.</summary>
internal static class Stores
{
    /// <summary>Opens a store as a service would.</summary>
    public static Database Open(string connectionString) => Database.Open(new ServiceEnvironment(
        new ConfigurationBuilder().AddInMemoryCollection([new("ConnectionStrings:Default", connectionString)]).Build(),
        new ServiceDefaults("test", 8001, HttpProtocols.Http1)));

    /// <summary>Opens a store with these tables.</summary>
    public static async Task<Database> OpenAsync(string connectionString, params string[] steps)
    {
        var database = Open(connectionString);
        await Migrate(steps).ApplyAsync(database, default);
        return database;
    }

    public static Migrations Migrate(params string[] steps) =>
        new("test", [.. steps.Select((sql, i) => new Migration(i + 1, $"{i + 1:0000}_step.sql", sql))], TimeProvider.System);
}
