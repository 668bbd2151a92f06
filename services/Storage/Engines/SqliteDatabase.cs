using System.Text.RegularExpressions;
using Fleet.Hosting;
using Microsoft.Data.Sqlite;

namespace Fleet.Storage;

/// <summary>
/// A SQLite file with a write-ahead log: readers never wait, and writers wait for one another here instead of failing as busy. Every commit is flushed
/// (synchronous=FULL), so that what was acknowledged is there after a kill or a power cut.
/// </summary>
internal sealed partial class SqliteDatabase(string connectionString) : Database
{
    /// <summary>A write that waited so long for its turn is refused; its caller has most likely gone.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _turn = new(1);
    private SqliteConnection? _writer;

    public override Dialect Dialect => Dialect.Sqlite;

    internal override async Task<T> QueryAsync<T>(Func<Session, Task<T>> work, CancellationToken stop)
    {
        try
        {
            await using var connection = await OpenAsync(stop);
            return await work(new Session(connection, null, stop));
        }
        catch (SqliteException e)
        {
            throw Named(e);
        }
    }

    internal override async Task<T> TransactAsync<T>(Func<Session, Task<T>> work, CancellationToken stop)
    {
        if (!await _turn.WaitAsync(Patience, stop))
            throw new DependencyUnavailableException(Name, "the store is busy");
        try
        {
            _writer ??= await OpenAsync(stop);
            // Not deferred: the lock is taken now, not at the first write, when another process could have it.
            await using var transaction = _writer.BeginTransaction(deferred: false);
            var result = await work(new Session(_writer, transaction, stop));
            await transaction.CommitAsync(CancellationToken.None);
            return result;
        }
        catch (SqliteException e)
        {
            throw Named(e);
        }
        finally
        {
            _turn.Release();
        }
    }

    private protected override async ValueTask CloseAsync()
    {
        if (_writer is not null)
            await _writer.DisposeAsync();
        using var any = new SqliteConnection(connectionString);
        SqliteConnection.ClearPool(any);
        _turn.Dispose();
    }

    private async Task<SqliteConnection> OpenAsync(CancellationToken stop)
    {
        var connection = new SqliteConnection(connectionString);
        try
        {
            await connection.OpenAsync(stop);
            await using var settings = connection.CreateCommand();
            settings.CommandText = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL";
            await settings.ExecuteNonQueryAsync(stop);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private static Exception Named(SqliteException fault) => fault.SqliteExtendedErrorCode switch
    {
        SQLitePCL.raw.SQLITE_CONSTRAINT_UNIQUE or SQLitePCL.raw.SQLITE_CONSTRAINT_PRIMARYKEY => new UniqueViolationException(ConstraintOf(fault), fault),
        _ => fault.SqliteErrorCode switch
        {
            SQLitePCL.raw.SQLITE_BUSY or SQLitePCL.raw.SQLITE_LOCKED => new DependencyUnavailableException(Name, "the store is busy", fault),
            SQLitePCL.raw.SQLITE_FULL => new DependencyUnavailableException(Name, "the store's disk is full", fault),
            SQLitePCL.raw.SQLITE_IOERR or SQLitePCL.raw.SQLITE_CANTOPEN or SQLitePCL.raw.SQLITE_READONLY => new DependencyUnavailableException(Name, "the store's file cannot be used", fault),
            _ => fault,
        },
    };

    // SQLite tells the columns and nothing else: "UNIQUE constraint failed: users.tenant, users.email".
    private static string ConstraintOf(SqliteException fault)
    {
        var columns = Column().Matches(fault.Message);
        return columns.Count == 0 ? "" : $"{columns[0].Groups["table"].Value}_{string.Join('_', columns.Select(c => c.Groups["column"].Value))}_key";
    }

    [GeneratedRegex(@"(?<table>\w+)\.(?<column>\w+)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Column();
}
