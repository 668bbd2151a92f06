using Fleet.Hosting;
using Fleet.Storage;

namespace Fleet.Auth;

/// <summary>Logins in the service's store.</summary>
internal sealed class AccountStore(Database database) : IAccountStore
{
    private const string Columns = "accounts.id, accounts.email, accounts.password_hash, accounts.created_at";

    public Task AddAsync(Account account, CancellationToken stop) => database.WriteAsync(
        session => session.ExecuteAsync(
            """
            INSERT INTO accounts (id, email, email_key, password_hash, created_at) VALUES (@id, @email, @key, @hash, @at)
            ON CONFLICT (email_key) DO UPDATE SET registrations = accounts.registrations + 1
            """,
            ("id", account.Id), ("email", account.Email.Text), ("key", account.Email.Key), ("hash", account.PasswordHash), ("at", account.CreatedAt)),
        stop);

    public Task<Account?> FindAsync(EmailAddress email, CancellationToken stop) =>
        database.ReadAsync(s => s.FirstAsync($"SELECT {Columns} FROM accounts WHERE email_key = @key", Map, ("key", email.Key)), stop);

    public Task<Account?> FindAsync(string id, CancellationToken stop) =>
        database.ReadAsync(s => s.FirstAsync($"SELECT {Columns} FROM accounts WHERE id = @id", Map, ("id", id)), stop);

    public Task RehashAsync(string id, string passwordHash, CancellationToken stop) => database.WriteAsync(s => SetHashAsync(s, id, passwordHash), stop);

    public Task ChangePasswordAsync(string id, string passwordHash, DateTimeOffset now, CancellationToken stop) => database.WriteAsync(
        async session =>
        {
            await SetHashAsync(session, id, passwordHash);
            await session.ExecuteAsync("UPDATE sessions SET revoked_at = @now WHERE account_id = @id AND revoked_at IS NULL", ("now", now), ("id", id));
        },
        stop);

    public async Task<Lockout> LockoutAsync(string address, CancellationToken stop) =>
        await database.ReadAsync(session => FindLockoutAsync(session, address), stop) ?? Lockout.None;

    public Task CountFailureAsync(string address, DateTimeOffset now, CancellationToken stop) => database.WriteAsync(
        async session =>
        {
            var next = (await FindLockoutAsync(session, address) ?? Lockout.None).Failed(now);
            await session.ExecuteAsync(
                """
                INSERT INTO login_failures (address, failures, last_at, locked_until) VALUES (@address, @failures, @last, @until)
                ON CONFLICT (address) DO UPDATE SET failures = excluded.failures, last_at = excluded.last_at, locked_until = excluded.locked_until
                """,
                ("address", address), ("failures", next.Failures), ("last", next.LastAt), ("until", next.Until));
        },
        stop);

    public Task ForgetFailuresAsync(string address, CancellationToken stop) =>
        database.WriteAsync(s => s.ExecuteAsync("DELETE FROM login_failures WHERE address = @address", ("address", address)), stop);

    public Task<bool> OpenSessionAsync(Account account, string tokenHash, DateTimeOffset now, CancellationToken stop)
    {
        var id = Guid.CreateVersion7(now).ToString();
        return database.WriteAsync(
            async session =>
            {
                var opened = await session.ExecuteAsync(
                    "INSERT INTO sessions (id, account_id, created_at) SELECT @id, id, CAST(@now AS BIGINT) FROM accounts WHERE id = @account AND password_hash = @hash",
                    ("id", id), ("now", now), ("account", account.Id), ("hash", account.PasswordHash));
                if (opened > 0)
                    await AddTokenAsync(session, tokenHash, id, now + RefreshToken.Lifetime);
                return opened > 0;
            },
            stop);
    }

    public Task<Rotation> RotateAsync(string tokenHash, string nextHash, DateTimeOffset now, CancellationToken stop) => database.WriteAsync(
        async session =>
        {
            var kept = await session.FirstAsync(
                $"""
                SELECT session_id, expires_at, used_at, revoked_at, sessions.created_at AS began_at, {Columns}
                FROM refresh_tokens JOIN sessions ON sessions.id = session_id JOIN accounts ON accounts.id = account_id
                WHERE hash = @hash
                """,
                row => new Kept(
                    row.Text("session_id"), row.Instant("expires_at"), row.InstantOrNull("used_at"), row.InstantOrNull("revoked_at"), row.Instant("began_at"), Map(row)),
                ("hash", tokenHash));
            if (kept is null || kept.RevokedAt is not null)
                return new Rotation.Refused();
            if (kept.UsedAt is not null)
            {
                await RevokeAsync(session, kept.SessionId, now);
                return new Rotation.Reused(kept.Account.Id);
            }

            if (kept.ExpiresAt <= now)
                return (Rotation)new Rotation.Refused();
            await session.ExecuteAsync("UPDATE refresh_tokens SET used_at = @now WHERE hash = @hash", ("now", now), ("hash", tokenHash));
            var end = kept.BeganAt + RefreshToken.SessionLifetime;
            var expires = now + RefreshToken.Lifetime;
            await AddTokenAsync(session, nextHash, kept.SessionId, expires < end ? expires : end);
            return new Rotation.Rotated(kept.Account);
        },
        stop);

    public Task CloseSessionAsync(string tokenHash, DateTimeOffset now, CancellationToken stop) => database.WriteAsync(
        session => session.ExecuteAsync(
            "UPDATE sessions SET revoked_at = @now WHERE revoked_at IS NULL AND id IN (SELECT session_id FROM refresh_tokens WHERE hash = @hash)",
            ("now", now), ("hash", tokenHash)),
        stop);

    public Task<int> PurgeAsync(DateTimeOffset now, CancellationToken stop) => database.WriteAsync(
        async session =>
        {
            // A used token stays until it would have expired: until then its second use must show.
            var tokens = await session.ExecuteAsync("DELETE FROM refresh_tokens WHERE expires_at <= @now", ("now", now));
            var sessions = await session.ExecuteAsync("DELETE FROM sessions WHERE NOT EXISTS (SELECT 1 FROM refresh_tokens WHERE session_id = sessions.id)");
            var failures = await session.ExecuteAsync("DELETE FROM login_failures WHERE last_at < @old", ("old", now - Lockout.Memory));
            return tokens + sessions + failures;
        },
        stop);

    private static Task<int> SetHashAsync(Session session, string id, string passwordHash) =>
        session.ExecuteAsync("UPDATE accounts SET password_hash = @hash WHERE id = @id", ("hash", passwordHash), ("id", id));

    private static Task<int> AddTokenAsync(Session session, string hash, string sessionId, DateTimeOffset expires) => session.ExecuteAsync(
        "INSERT INTO refresh_tokens (hash, session_id, expires_at) VALUES (@hash, @session, @expires)", ("hash", hash), ("session", sessionId), ("expires", expires));

    private static Task<int> RevokeAsync(Session session, string sessionId, DateTimeOffset now) =>
        session.ExecuteAsync("UPDATE sessions SET revoked_at = @now WHERE id = @id", ("now", now), ("id", sessionId));

    private static Task<Lockout?> FindLockoutAsync(Session session, string address) => session.FirstAsync(
        "SELECT failures, last_at, locked_until FROM login_failures WHERE address = @address",
        row => new Lockout((int)row.Number("failures"), row.Instant("last_at"), row.InstantOrNull("locked_until")),
        ("address", address));

    private static Account Map(Row row) => new(row.Text("id"), EmailAddress.TryParse(row.Text("email"))!, row.Text("password_hash"), row.Instant("created_at"));

    private sealed record Kept(string SessionId, DateTimeOffset ExpiresAt, DateTimeOffset? UsedAt, DateTimeOffset? RevokedAt, DateTimeOffset BeganAt, Account Account);
}
