using Fleet.Hosting;
using Fleet.Storage;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace Fleet.ServiceTests.Storage;

public class ConnectionSettingsTests
{
    [Theory]
    [InlineData("Host=db;Database=shop;Username=u", "Host=db;Database=shop;Username=u")]
    [InlineData("Server=db;Database=shop", "Host=db;Database=shop")]
    [InlineData("postgres://u:p%40ss@db:5433/shop?sslmode=verify-full", "Host=db;Database=shop;Port=5433;Username=u;Password=p@ss;SSL Mode=VerifyFull")]
    [InlineData("postgresql://db/shop", "Host=db;Database=shop")]
    public void A_server_is_PostgreSQL(string text, string connectionString)
    {
        var settings = Read(text);
        Assert.Equal(Dialect.PostgreSql, settings.Dialect);
        Assert.Equal(connectionString, settings.ConnectionString);
    }

    [Fact]
    public void Without_a_database_it_is_a_file_of_the_service()
    {
        var folder = Path.Combine(Path.GetTempPath(), $"fleet-{Guid.NewGuid():N}");
        var settings = Read(null, folder);
        Assert.Equal(Dialect.Sqlite, settings.Dialect);
        Assert.StartsWith($"Data Source={folder}/users.db;", settings.ConnectionString, StringComparison.Ordinal);
        Directory.Delete(folder);
    }

    [Theory]
    [InlineData("secret")]
    [InlineData("Host=db;Colour=secret")]
    [InlineData("postgres://u:secret@db/shop?colour=blue")]
    public void What_cannot_be_understood_is_refused_and_not_shown(string text)
    {
        var refused = Assert.Throws<ConfigurationException>(() => Read(text));
        Assert.StartsWith("ConnectionStrings__Default cannot be understood", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_named()
    {
        var refused = Assert.Throws<ConfigurationException>(() => Read(null, "/proc/nowhere"));
        Assert.StartsWith("DATA_DIR leads to /proc/nowhere, which cannot be made", refused.Message, StringComparison.Ordinal);
    }

    private static ConnectionSettings Read(string? text, string folder = "/data") => ConnectionSettings.Read(new ServiceEnvironment(
        new ConfigurationBuilder().AddInMemoryCollection([new("ConnectionStrings:Default", text), new("DATA_DIR", folder)]).Build(),
        new ServiceDefaults("users", 8002, HttpProtocols.Http1)));
}
