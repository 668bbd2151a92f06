using Fleet.Hosting;

namespace Fleet.Storage;

/// <summary>The two kinds of database. SQL that both understand is written once; where they differ, this tells which it is.</summary>
public enum Dialect
{
    /// <summary>One file, one process.</summary>
    Sqlite,

    /// <summary>A server that several replicas share.</summary>
    PostgreSql,
}

/// <summary>
/// A service's store, plain SQL over ADO.NET. A write is one transaction, and concurrent writes have the effect of some order one after the other, with
/// either database; what was acknowledged survives the end of the process and of the machine.
/// </summary>
public abstract class Database : IAsyncDisposable
{
    /// <summary>The name under which the store shows in problems and in readiness.</summary>
    internal const string Name = "store";

    private volatile bool _isMigrated;

    /// <summary>Which database it is.</summary>
    public abstract Dialect Dialect { get; }

    /// <summary>The store that the environment names: PostgreSQL when <c>ConnectionStrings__Default</c> says so, else a SQLite file.</summary>
    /// <exception cref="ConfigurationException">The variable cannot be understood, or the file's folder cannot be written to.</exception>
    public static Database Open(ServiceEnvironment environment) => ConnectionSettings.Read(environment) switch
    {
        { Dialect: Dialect.PostgreSql } settings => new PostgreSqlDatabase(settings.ConnectionString),
        var settings => new SqliteDatabase(settings.ConnectionString),
    };

    /// <summary>Reads. Each statement sees what was committed when it began.</summary>
    /// <exception cref="DependencyUnavailableException">The store does not answer.</exception>
    public Task<T> ReadAsync<T>(Func<Session, Task<T>> work, CancellationToken stop)
    {
        ThrowUnlessMigrated();
        return QueryAsync(work, stop);
    }

    /// <summary>
    /// Runs one transaction, committed when the work returns and undone when it throws. A conflict with another write makes it run again from the start,
    /// so the work does nothing but with its session.
    /// </summary>
    /// <exception cref="UniqueViolationException">A row would have been there twice.</exception>
    /// <exception cref="DependencyUnavailableException">
    /// The store does not answer. When that happened while committing, nobody knows whether it was committed; callers repeat what they can repeat.
    /// </exception>
    public Task<T> WriteAsync<T>(Func<Session, Task<T>> work, CancellationToken stop)
    {
        ThrowUnlessMigrated();
        return TransactAsync(work, stop);
    }

    /// <inheritdoc cref="WriteAsync{T}"/>
    public Task WriteAsync(Func<Session, Task> work, CancellationToken stop) => WriteAsync(
        async session =>
        {
            await work(session);
            return 0;
        },
        stop);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Until the tables are there the store is as good as away.</summary>
    internal void Migrated() => _isMigrated = true;

    internal abstract Task<T> QueryAsync<T>(Func<Session, Task<T>> work, CancellationToken stop);

    internal abstract Task<T> TransactAsync<T>(Func<Session, Task<T>> work, CancellationToken stop);

    private protected abstract ValueTask CloseAsync();

    private void ThrowUnlessMigrated()
    {
        if (!_isMigrated)
            throw new DependencyUnavailableException(Name, "the store is not set up yet");
    }
}
