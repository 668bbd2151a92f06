namespace Fleet.Storage;

/// <summary>
/// Brings the store's schema to what the service needs. Each step is one transaction together with the note that it was taken, so half of one is never
/// left; replicas that start together take turns. Several services may share a database: each has its own steps.
/// </summary>
/// <param name="service">Whose steps they are.</param>
/// <param name="steps">All of them, in order.</param>
/// <param name="time">The clock for the notes.</param>
public sealed class Migrations(string service, IReadOnlyList<Migration> steps, TimeProvider time)
{
    private const string Notes = """
        CREATE TABLE IF NOT EXISTS schema_migrations (
          service TEXT NOT NULL, version BIGINT NOT NULL, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at BIGINT NOT NULL,
          PRIMARY KEY (service, version))
        """;

    /// <summary>Two that make the same table at once would fail; the number is any that nothing else in the database locks.</summary>
    private const string LockBeforeNotes = "SELECT pg_advisory_xact_lock(7011984620130518)";

    /// <summary>A serializable transaction sees what was there at its first query, and locking a table is none: what is read after it is up to date.</summary>
    private const string LockNotes = "LOCK TABLE schema_migrations IN ACCESS EXCLUSIVE MODE";

    /// <summary>Takes the steps that were not taken yet.</summary>
    /// <returns>How many those were.</returns>
    /// <exception cref="MigrationException">A step failed, was changed after it was taken, or the store is newer than the service.</exception>
    /// <exception cref="Fleet.Hosting.DependencyUnavailableException">The store does not answer.</exception>
    public async Task<int> ApplyAsync(Database database, CancellationToken stop)
    {
        await database.TransactAsync(
            async session =>
            {
                await LockAsync(database, session, LockBeforeNotes);
                return await session.ExecuteAsync(Notes);
            },
            stop);
        var taken = 0;
        while (await TakeNextAsync(database, stop))
            taken++;
        database.Migrated();
        return taken;
    }

    private Task<bool> TakeNextAsync(Database database, CancellationToken stop) => database.TransactAsync(
        async session =>
        {
            await LockAsync(database, session, LockNotes);
            var done = await session.ListAsync(
                "SELECT version, name, checksum FROM schema_migrations WHERE service = @service ORDER BY version",
                row => (Version: row.Number("version"), Name: row.Text("name"), Checksum: row.Text("checksum")),
                ("service", service));
            if (done.Count > steps.Count)
                throw new MigrationException($"the store is newer than this program: it knows nothing of {done[steps.Count].Name}; run the newer program, or restore a backup from before it");
            for (var i = 0; i < done.Count; i++)
            {
                if (done[i].Checksum != steps[i].Checksum)
                    throw new MigrationException($"{steps[i].Name} was changed after it was applied; undo the change and add a new step");
            }

            if (done.Count == steps.Count)
                return false;
            await TakeAsync(session, steps[done.Count]);
            return true;
        },
        stop);

    private async Task TakeAsync(Session session, Migration step)
    {
        try
        {
            await session.ExecuteAsync(step.Sql);
        }
        catch (System.Data.Common.DbException e) when (!e.IsTransient)
        {
            throw new MigrationException($"{step.Name} failed and was undone: {e.Message}", e);
        }

        await session.ExecuteAsync(
            "INSERT INTO schema_migrations (service, version, name, checksum, applied_at) VALUES (@service, @version, @name, @checksum, @at)",
            ("service", service), ("version", step.Version), ("name", step.Name), ("checksum", step.Checksum), ("at", time.GetUtcNow()));
    }

    // SQLite has one writer as it is.
    private static Task LockAsync(Database database, Session session, string statement) =>
        database.Dialect == Dialect.PostgreSql ? session.ExecuteAsync(statement) : Task.CompletedTask;
}
