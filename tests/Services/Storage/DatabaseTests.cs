using Fleet.Hosting;
using Fleet.Storage;
using Xunit;

namespace Fleet.ServiceTests.Storage;

/// <summary>What a store promises, whichever it is.</summary>
public abstract class DatabaseTests(IStoreUnderTest store) : IAsyncLifetime
{
    private const string Tables = """
        CREATE TABLE things (id TEXT NOT NULL CONSTRAINT things_id_key PRIMARY KEY, name TEXT UNIQUE, amount BIGINT NOT NULL DEFAULT 0);
        CREATE TABLE pairs (a TEXT NOT NULL, b TEXT NOT NULL, UNIQUE (a, b));
        """;

    protected string ConnectionString { get; private set; } = "";

    protected Database Database { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        ConnectionString = await store.CreateAsync();
        Database = await Stores.OpenAsync(ConnectionString, Tables);
    }

    public Task DisposeAsync() => Database.DisposeAsync().AsTask();

    [Fact]
    public async Task What_is_written_is_read()
    {
        var at = Instants.Kept(DateTimeOffset.UtcNow);
        await using var database = await Stores.OpenAsync(
            await store.CreateAsync(), $"CREATE TABLE kinds (t TEXT, n BIGINT, f BIGINT, at BIGINT, b {(Database.Dialect == Dialect.Sqlite ? "BLOB" : "BYTEA")})");
        await database.WriteAsync(
            s => s.ExecuteAsync("INSERT INTO kinds VALUES (@t, @n, @f, @at, @b)", ("t", "täxt'\"; --"), ("n", long.MaxValue), ("f", true), ("at", at), ("b", new byte[] { 0, 255 })), default);
        await database.WriteAsync(s => s.ExecuteAsync("INSERT INTO kinds (n) VALUES (@n)", ("n", 7)), default);

        var rows = await database.ReadAsync(
            s => s.ListAsync("SELECT * FROM kinds ORDER BY n DESC", r => (Text: r.TextOrNull("t"), Number: r.Number("n"), At: r.InstantOrNull("at"), Row: r.TextOrNull("t") is null ? null : r.Bytes("b"))), default);
        Assert.Equal(("täxt'\"; --", long.MaxValue, at), (rows[0].Text, rows[0].Number, rows[0].At));
        Assert.Equal([0, 255], rows[0].Row!);
        Assert.Equal((null, 7L, null), (rows[1].Text, rows[1].Number, rows[1].At));
    }

    [Fact]
    public async Task A_write_that_throws_leaves_nothing()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(() => Database.WriteAsync(
            async session =>
            {
                await AddAsync(session, "a");
                throw new InvalidOperationException();
            },
            default));
        Assert.Equal(0, await CountAsync());
    }

    [Fact]
    public async Task What_is_there_twice_is_named_by_its_constraint()
    {
        await Database.WriteAsync(s => AddAsync(s, "a", "x"), default);
        Assert.Equal("things_id_key", (await Assert.ThrowsAsync<UniqueViolationException>(() => Database.WriteAsync(s => AddAsync(s, "a", "y"), default))).Constraint);
        Assert.Equal("things_name_key", (await Assert.ThrowsAsync<UniqueViolationException>(() => Database.WriteAsync(s => AddAsync(s, "b", "x"), default))).Constraint);
        Assert.Equal("pairs_a_b_key", (await Assert.ThrowsAsync<UniqueViolationException>(() => Database.WriteAsync(
            s => s.ExecuteAsync("INSERT INTO pairs VALUES ('1', '2'), ('1', '2')"), default))).Constraint);
    }

    [Fact]
    public async Task Concurrent_writers_lose_nothing()
    {
        const int Writers = 20, Each = 10;
        await Database.WriteAsync(s => AddAsync(s, "sum"), default);
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; i < Each; i++)
            {
                // Read, then write what was read: the classic lost update.
                await Database.WriteAsync(
                    async session =>
                    {
                        var amount = await session.NumberAsync("SELECT amount FROM things WHERE id = 'sum'");
                        await session.ExecuteAsync("UPDATE things SET amount = @amount WHERE id = 'sum'", ("amount", amount + 1));
                        await AddAsync(session, $"{writer}-{i}");
                    },
                    default);
            }
        })));
        Assert.Equal(Writers * Each, await Database.ReadAsync(s => s.NumberAsync("SELECT amount FROM things WHERE id = 'sum'"), default));
        Assert.Equal((Writers * Each) + 1, await CountAsync());
    }

    [Fact]
    public async Task Two_that_each_look_before_they_write_cannot_both_be_right()
    {
        // At most one of them may find the table empty, though neither touches the other's row (write skew).
        var both = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() => Database.WriteAsync(
            async session =>
            {
                if (await session.NumberAsync("SELECT count(*) FROM things") > 0)
                    return false;
                await AddAsync(session, $"{i}");
                return true;
            },
            default))));
        Assert.Single(both, true);
    }

    [Fact]
    public async Task Readers_do_not_wait_for_a_writer_and_see_nothing_of_it()
    {
        await Database.WriteAsync(
            async session =>
            {
                await AddAsync(session, "a");
                Assert.Equal(0, await CountAsync());
            },
            default);
        Assert.Equal(1, await CountAsync());
    }

    [Fact]
    public async Task A_store_without_its_tables_is_as_good_as_away()
    {
        await using var fresh = Stores.Open(await store.CreateAsync());
        await Assert.ThrowsAsync<DependencyUnavailableException>(() => fresh.ReadAsync(s => s.NumberAsync("SELECT 1"), default));
        await Assert.ThrowsAsync<DependencyUnavailableException>(() => fresh.WriteAsync(s => s.ExecuteAsync("SELECT 1"), default));
    }

    [Fact]
    public async Task A_cancelled_write_leaves_nothing_and_the_next_one_runs()
    {
        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Database.WriteAsync(
            async session =>
            {
                await AddAsync(session, "a");
                await stop.CancelAsync();
                await AddAsync(session, "b");
            },
            stop.Token));
        await Database.WriteAsync(s => AddAsync(s, "c"), default);
        Assert.Equal(1, await CountAsync());
    }

    protected Task<long> CountAsync() => Database.ReadAsync(s => s.NumberAsync("SELECT count(*) FROM things"), default);

    protected static Task<int> AddAsync(Session session, string id, string? name = null) =>
        session.ExecuteAsync("INSERT INTO things (id, name) VALUES (@id, @name)", ("id", id), ("name", name));
}

public sealed class SqliteDatabaseTests(SqliteStore store) : DatabaseTests(store), IClassFixture<SqliteStore>
{
    [Fact]
    public async Task A_second_process_waits_for_the_first()
    {
        await using var other = await Stores.OpenAsync(await SecondAsync());
        await Task.WhenAll(
            WriteAsync(Database, "a"),
            WriteAsync(other, "b"));
        Assert.Equal(100, await CountAsync());

        // Five at once: each of fifty would wait for longer than a store is patient, on a busy disk.
        static Task WriteAsync(Database database, string prefix) => Parallel.ForEachAsync(
            Enumerable.Range(0, 50), new ParallelOptions { MaxDegreeOfParallelism = 5 }, async (i, _) => await database.WriteAsync(s => AddAsync(s, $"{prefix}{i}"), default));
    }

    [Fact]
    public async Task Every_commit_is_flushed()
    {
        // 2 is FULL; NORMAL would lose the last commits at a power cut.
        Assert.Equal(2, await Database.WriteAsync(s => s.NumberAsync("PRAGMA synchronous"), default));
        Assert.Equal("wal", await Database.ReadAsync(s => s.FirstAsync("PRAGMA journal_mode", r => r.Text("journal_mode")), default));
    }

    private async Task<string> SecondAsync()
    {
        // The same file and the same note of its migrations.
        await Database.WriteAsync(s => s.ExecuteAsync("DELETE FROM schema_migrations"), default);
        return ConnectionString;
    }
}

[Trait("Needs", "Backends")]
[Collection(nameof(PostgreSqlStore))]
public sealed class PostgreSqlDatabaseTests(PostgreSqlStore store) : DatabaseTests(store)
{
    [Fact]
    public async Task A_server_that_was_killed_is_unavailable_and_comes_back_with_all_that_was_acknowledged()
    {
        await Database.WriteAsync(s => AddAsync(s, "a"), default);
        await store.KillAsync();
        await Assert.ThrowsAsync<DependencyUnavailableException>(CountAsync);
        await Assert.ThrowsAsync<DependencyUnavailableException>(() => Database.WriteAsync(s => AddAsync(s, "b"), default));
        await store.InitializeAsync();
        Assert.Equal(1, await CountAsync());
        await Database.WriteAsync(s => AddAsync(s, "c"), default);
    }
}
