using System.Data;
using System.Diagnostics;
using Fleet.Hosting;
using Npgsql;

namespace Fleet.Storage;

/// <summary>
/// A PostgreSQL server. Writes are serializable transactions: the server undoes one of two that could not have happened one after the other, and it is run
/// again here. So code that is right with one writer is right with many replicas.
/// </summary>
internal sealed class PostgreSqlDatabase : Database
{
    /// <summary>How many connections in a row may turn out to be dead before the server counts as away.</summary>
    private const int DeadConnections = 3;

    /// <summary>A write that could not be made for so long is refused; its caller has most likely gone.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly NpgsqlDataSource _source;
    private readonly SemaphoreSlim _turn = new(1);

    public PostgreSqlDatabase(string connectionString)
    {
        // The slim builder leaves out the type mappings that are made by reflection; TLS it has to be asked for.
        var builder = new NpgsqlSlimDataSourceBuilder(connectionString);
        builder.EnableTransportSecurity();
        _source = builder.Build();
    }

    public override Dialect Dialect => Dialect.PostgreSql;

    internal override Task<T> QueryAsync<T>(Func<Session, Task<T>> work, CancellationToken stop) => AgainAsync(
        async () =>
        {
            await using var connection = await _source.OpenConnectionAsync(stop);
            return await work(new Session(connection, null, stop));
        },
        stop);

    internal override async Task<T> TransactAsync<T>(Func<Session, Task<T>> work, CancellationToken stop)
    {
        return await AgainAsync(
            async () =>
            {
                await using var connection = await _source.OpenConnectionAsync(stop);
                await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.Serializable, stop);
                var result = await work(new Session(connection, transaction, stop));
                try
                {
                    await transaction.CommitAsync(CancellationToken.None);
                }
                catch (NpgsqlException e) when (e is not PostgresException)
                {
                    // The answer was lost, not necessarily the commit: this may not be run again.
                    throw new DependencyUnavailableException(Name, "the store was lost while writing", e);
                }

                return result;
            },
            stop);
    }

    private protected override ValueTask CloseAsync()
    {
        _turn.Dispose();
        return _source.DisposeAsync();
    }

    /// <summary>
    /// Runs it again when it lost against another write, or when its connection was one that the pool did not know to be dead. Those that lost once take
    /// turns: they meet newcomers and other replicas, but no longer one another, so none loses for ever.
    /// </summary>
    private async Task<T> AgainAsync<T>(Func<Task<T>> run, CancellationToken stop)
    {
        var started = Stopwatch.GetTimestamp();
        var hasTurn = false;
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                try
                {
                    return await run();
                }
                catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.UniqueViolation)
                {
                    throw new UniqueViolationException(e.ConstraintName ?? "", e);
                }
                catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected)
                {
                    var left = Patience - Stopwatch.GetElapsedTime(started);
                    if (left <= TimeSpan.Zero || !(hasTurn = hasTurn || await _turn.WaitAsync(left, stop)))
                        throw new DependencyUnavailableException(Name, "the store is busy", e);
                }
                catch (NpgsqlException e) when (e.IsTransient || e is not PostgresException)
                {
                    if (attempt >= DeadConnections)
                        throw new DependencyUnavailableException(Name, "the store does not answer", e);
                }
            }
        }
        finally
        {
            if (hasTurn)
                _turn.Release();
        }
    }
}
