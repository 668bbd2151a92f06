using Npgsql;
using Xunit;

namespace Fleet.ServiceTests;

/// <summary>A real PostgreSQL; each test gets a database of its own.</summary>
public sealed class PostgreSqlServer : IAsyncLifetime
{
    private readonly BackendServer _server = new("postgres", 1, IsUpAsync);

    /// <summary>Another address of this machine to listen on, which is then the one that is told; 127.0.0.1 alone when null.</summary>
    public string? AlsoListen
    {
        get => _server.AlsoListen;
        init => _server.AlsoListen = value;
    }

    /// <summary>Makes an empty database.</summary>
    /// <returns>Its connection string.</returns>
    public async Task<string> CreateDatabaseAsync()
    {
        var name = $"test_{Guid.NewGuid():N}";
        // A pooled connection may be one from before a kill.
        await using var connection = new NpgsqlConnection($"{ConnectionString(_server.Port, "postgres")};Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"CREATE DATABASE {name}", connection);
        await command.ExecuteNonQueryAsync();
        return ConnectionString(_server.Port, name, AlsoListen);
    }

    /// <summary>Kills it as a crash would.</summary>
    public Task KillAsync() => _server.KillAsync();

    /// <summary>Starts it, again after <see cref="KillAsync"/>, and returns when it answers.</summary>
    public Task InitializeAsync() => _server.StartAsync();

    /// <inheritdoc/>
    public async Task DisposeAsync() => await _server.DisposeAsync();

    private static string ConnectionString(int port, string database, string? host = null) =>
        $"Host={host ?? "127.0.0.1"};Port={port};Username=postgres;Database={database};Maximum Pool Size=12;Timeout=5";

    private static async Task<bool> IsUpAsync(int port)
    {
        await using var connection = new NpgsqlConnection($"{ConnectionString(port, "postgres")};Pooling=false");
        await connection.OpenAsync();
        return true;
    }
}
