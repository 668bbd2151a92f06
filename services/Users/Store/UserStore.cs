using Fleet.Hosting;
using Fleet.Storage;

namespace Fleet.Users;

/// <summary>Profiles in the service's store.</summary>
internal sealed class UserStore(Database database) : IUserRepository
{
    /// <summary>How long an event is remembered: longer than any broker keeps telling it again.</summary>
    private static readonly TimeSpan Memory = TimeSpan.FromDays(30);

    private const string Select = """
        SELECT users.id, users.email, users.name, users.created_at, users.updated_at, users.version,
          COALESCE(order_counts.placed, 0) AS placed, COALESCE(order_counts.cancelled, 0) AS cancelled
        FROM users LEFT JOIN order_counts ON order_counts.customer_id = users.id
        """;

    public async Task<(bool Added, string? Taken)> AddAsync(User user, CancellationToken stop)
    {
        try
        {
            await database.WriteAsync(
                session => session.ExecuteAsync(
                    "INSERT INTO users (id, email, email_key, name, created_at, updated_at, version) VALUES (@id, @email, @key, @name, @created, @updated, @version)",
                    Parameters(user)),
                stop);
            return (true, null);
        }
        catch (UniqueViolationException e)
        {
            return (false, e.Constraint == "users_id_key" ? "id" : "email");
        }
    }

    public Task<User?> FindAsync(string id, CancellationToken stop) => database.ReadAsync(session => FindAsync(session, id), stop);

    public Task<IReadOnlyList<User>> ListAsync(string? after, int limit, CancellationToken stop) => database.ReadAsync(
        session => session.ListAsync($"{Select} WHERE users.id > @after ORDER BY users.id LIMIT @limit", Map, ("after", after ?? ""), ("limit", limit)), stop);

    public async Task<(User? Before, User? After, bool Taken)> ChangeAsync(string id, Func<User, User?> change, CancellationToken stop)
    {
        try
        {
            return await database.WriteAsync(
                async session =>
                {
                    if (await FindAsync(session, id) is not { } before)
                        return (null, null, false);
                    if (change(before) is not { } after)
                        return (before, null, false);
                    await session.ExecuteAsync("UPDATE users SET email = @email, email_key = @key, name = @name, updated_at = @updated, version = @version WHERE id = @id", Parameters(after));
                    return ((User?)before, (User?)after, false);
                },
                stop);
        }
        catch (UniqueViolationException)
        {
            return (null, null, true);
        }
    }

    public Task<(User? Before, bool Gone)> RemoveAsync(string id, Func<User, bool> condition, CancellationToken stop) => database.WriteAsync(
        async session =>
        {
            if (await FindAsync(session, id) is not { } before)
                return ((User?)null, false);
            if (!condition(before))
                return (before, false);
            await session.ExecuteAsync("DELETE FROM users WHERE id = @id", ("id", id));
            await session.ExecuteAsync("DELETE FROM order_counts WHERE customer_id = @id", ("id", id));
            return ((User?)before, true);
        },
        stop);

    public Task<bool> CountAsync(OrderEvent happened, DateTimeOffset now, CancellationToken stop) => database.WriteAsync(
        async session =>
        {
            await session.ExecuteAsync("DELETE FROM counted_events WHERE counted_at < @old", ("old", now - Memory));
            if (await session.ExecuteAsync("INSERT INTO counted_events (id, counted_at) VALUES (@id, @now) ON CONFLICT (id) DO NOTHING", ("id", happened.EventId), ("now", now)) == 0)
                return false;
            await session.ExecuteAsync(
                """
                INSERT INTO order_counts (customer_id, placed, cancelled) VALUES (@customer, @placed, @cancelled)
                ON CONFLICT (customer_id) DO UPDATE SET placed = order_counts.placed + excluded.placed, cancelled = order_counts.cancelled + excluded.cancelled
                """,
                ("customer", happened.CustomerId), ("placed", happened.Kind == OrderEventKind.Placed), ("cancelled", happened.Kind == OrderEventKind.Cancelled));
            return true;
        },
        stop);

    private static Task<User?> FindAsync(Session session, string id) => session.FirstAsync($"{Select} WHERE users.id = @id", Map, ("id", id));

    private static User Map(Row row) =>
        new(row.Text("id"), EmailAddress.TryParse(row.Text("email"))!, row.Text("name"), row.Instant("created_at"), row.Instant("updated_at"), row.Number("version"))
        {
            Orders = new(row.Number("placed"), row.Number("cancelled")),
        };

    private static (string Name, object? Value)[] Parameters(User user) =>
    [
        ("id", user.Id), ("email", user.Email.Text), ("key", user.Email.Key), ("name", user.Name), ("created", user.CreatedAt), ("updated", user.UpdatedAt), ("version", user.Version),
    ];
}
