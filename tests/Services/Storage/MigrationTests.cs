using Fleet.Storage;
using Xunit;

namespace Fleet.ServiceTests.Storage;

public abstract class MigrationTests(IStoreUnderTest store) : IAsyncLifetime
{
    private const string First = "CREATE TABLE a (id BIGINT NOT NULL); INSERT INTO a VALUES (1)";
    private const string Second = "CREATE TABLE b (id BIGINT NOT NULL); INSERT INTO b SELECT id FROM a";

    private string _connectionString = "";
    private Database _database = null!;

    public async Task InitializeAsync()
    {
        _connectionString = await store.CreateAsync();
        _database = Stores.Open(_connectionString);
    }

    public Task DisposeAsync() => _database.DisposeAsync().AsTask();

    [Fact]
    public async Task Steps_are_taken_in_order_and_once()
    {
        Assert.Equal(1, await Stores.Migrate(First).ApplyAsync(_database, default));
        Assert.Equal(1, await Stores.Migrate(First, Second).ApplyAsync(_database, default));
        Assert.Equal(0, await Stores.Migrate(First, Second).ApplyAsync(_database, default));
        Assert.Equal(1, await CountAsync("b"));
    }

    [Theory]
    [InlineData("CREATE TABLE c (id BIGINT); INSERT INTO c VALUES (1); INSERT INTO nowhere VALUES (1)")]
    [InlineData("CREATE TABLE c (id BIGINT); CREATE TABLE")]
    public async Task A_step_that_fails_is_undone_as_a_whole_and_the_ones_before_it_stay(string broken)
    {
        var failed = await Assert.ThrowsAsync<MigrationException>(() => Stores.Migrate(First, broken).ApplyAsync(_database, default));
        Assert.StartsWith("0002_step.sql failed and was undone: ", failed.Message, StringComparison.Ordinal);

        // Repaired, it is taken as if nothing had been: c is made, so it was not there.
        Assert.Equal(1, await Stores.Migrate(First, "CREATE TABLE c (id BIGINT)").ApplyAsync(_database, default));
        Assert.Equal(0, await CountAsync("c"));
        Assert.Equal(1, await CountAsync("a"));
    }

    [Fact]
    public async Task A_step_that_was_changed_after_it_was_taken_is_refused()
    {
        await Stores.Migrate(First).ApplyAsync(_database, default);
        var refused = await Assert.ThrowsAsync<MigrationException>(() => Stores.Migrate(First + " ", Second).ApplyAsync(_database, default));
        Assert.Contains("0001_step.sql was changed", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_store_that_is_newer_than_the_program_is_refused()
    {
        await Stores.Migrate(First, Second).ApplyAsync(_database, default);
        var refused = await Assert.ThrowsAsync<MigrationException>(() => Stores.Migrate(First).ApplyAsync(_database, default));
        Assert.Contains("newer than this program: it knows nothing of 0002_step.sql", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Replicas_that_start_together_take_turns()
    {
        var replicas = Enumerable.Range(0, 6).Select(_ => Stores.Open(_connectionString)).ToList();
        var taken = await Task.WhenAll(replicas.Select(r => Task.Run(() => Stores.Migrate(First, Second).ApplyAsync(r, default))));
        Assert.Equal(2, taken.Sum());
        await Stores.Migrate(First, Second).ApplyAsync(_database, default);
        Assert.Equal(1, await CountAsync("b"));
        foreach (var replica in replicas)
            await replica.DisposeAsync();
    }

    [Fact]
    public async Task Two_services_may_share_a_database()
    {
        await Stores.Migrate(First).ApplyAsync(_database, default);
        Assert.Equal(1, await new Migrations("other", [new Migration(1, "0001_other.sql", "CREATE TABLE o (id BIGINT)")], TimeProvider.System).ApplyAsync(_database, default));
        Assert.Equal(0, await Stores.Migrate(First).ApplyAsync(_database, default));
    }

    private Task<long> CountAsync(string table) => _database.ReadAsync(s => s.NumberAsync($"SELECT count(*) FROM {table}"), default);
}

public sealed class SqliteMigrationTests(SqliteStore store) : MigrationTests(store), IClassFixture<SqliteStore>;

[Trait("Needs", "Backends")]
[Collection(nameof(PostgreSqlStore))]
public sealed class PostgreSqlMigrationTests(PostgreSqlStore store) : MigrationTests(store);
