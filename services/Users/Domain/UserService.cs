using Fleet.Hosting;
using Fleet.Storage;

namespace Fleet.Users;

/// <summary>What became of a request.</summary>
internal abstract record Outcome
{
    /// <summary>Done; this is the profile now.</summary>
    internal sealed record Done(User User) : Outcome;

    /// <summary>The profile is gone.</summary>
    internal sealed record Gone : Outcome;

    /// <summary>There is no such profile, or none that the caller may know of: the two are not told apart.</summary>
    internal sealed record Unknown : Outcome;

    /// <summary>The caller may not do this.</summary>
    internal sealed record Forbidden(string Why) : Outcome;

    /// <summary>Another profile has this already.</summary>
    internal sealed record Taken(string Field) : Outcome;

    /// <summary>The profile is not as the caller last saw it.</summary>
    internal sealed record Changed(User Now) : Outcome;
}

/// <summary>Profiles, and who may do what with them: a subject with its own, an operator with all.</summary>
internal sealed class UserService(IUserRepository users, TimeProvider time)
{
    /// <summary>Makes a profile: of the caller, or, if the caller is an operator, of somebody else.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="id">Whose it is to be; null means the caller's own, or, for an operator, a new id.</param>
    /// <param name="email">An address.</param>
    /// <param name="name">A name that was checked.</param>
    /// <param name="stop">Gives up.</param>
    public async Task<Outcome> CreateAsync(Caller caller, string? id, EmailAddress email, string name, CancellationToken stop)
    {
        if (!caller.IsOperator && id is not null && id != caller.Subject)
            return new Outcome.Forbidden("a profile of one's own has the token's subject as its id; only an operator makes one of somebody else");
        var now = Instants.Kept(time.GetUtcNow());
        var user = new User(id ?? (caller.IsOperator ? Guid.CreateVersion7(now).ToString() : caller.Subject), email, name, now, now, Version: 1);
        return await users.AddAsync(user, stop) is { Added: false, Taken: var taken } ? new Outcome.Taken(taken!) : new Outcome.Done(user);
    }

    /// <summary>A profile.</summary>
    public async Task<Outcome> GetAsync(Caller caller, string id, CancellationToken stop) =>
        MaySee(caller, id) && await users.FindAsync(id, stop) is { } user ? new Outcome.Done(user) : new Outcome.Unknown();

    /// <summary>The profiles that the caller may see, in the order of their ids.</summary>
    public async Task<IReadOnlyList<User>> ListAsync(Caller caller, string? after, int limit, CancellationToken stop)
    {
        if (caller.IsOperator)
            return await users.ListAsync(after, limit, stop);
        return string.CompareOrdinal(caller.Subject, after) > 0 && await users.FindAsync(caller.Subject, stop) is { } own ? [own] : [];
    }

    /// <summary>Changes a profile that is still as the caller saw it.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="id">Which profile.</param>
    /// <param name="isAsSeen">Whether the profile is what the caller saw.</param>
    /// <param name="change">What changes.</param>
    /// <param name="stop">Gives up.</param>
    public async Task<Outcome> ChangeAsync(Caller caller, string id, Func<User, bool> isAsSeen, UserChange change, CancellationToken stop)
    {
        if (!MaySee(caller, id))
            return new Outcome.Unknown();
        var now = Instants.Kept(time.GetUtcNow());
        return await users.ChangeAsync(id, user => isAsSeen(user) ? user.With(change, now) : null, stop) switch
        {
            { Taken: true } => new Outcome.Taken("email"),
            { Before: null } => new Outcome.Unknown(),
            { After: { } after } => new Outcome.Done(after),
            { Before: var before } => new Outcome.Changed(before),
        };
    }

    /// <summary>Takes a profile away.</summary>
    public async Task<Outcome> RemoveAsync(Caller caller, string id, Func<User, bool> isAsSeen, CancellationToken stop)
    {
        if (!MaySee(caller, id))
            return new Outcome.Unknown();
        return await users.RemoveAsync(id, isAsSeen, stop) switch
        {
            { Before: null } => new Outcome.Unknown(),
            { Gone: true } => new Outcome.Gone(),
            { Before: var before } => new Outcome.Changed(before),
        };
    }

    /// <summary>Counts what happened to an order; told again, it is not counted again.</summary>
    /// <returns>Whether it was new.</returns>
    public Task<bool> CountAsync(OrderEvent happened, CancellationToken stop) => users.CountAsync(happened, time.GetUtcNow(), stop);

    private static bool MaySee(Caller caller, string id) => caller.IsOperator || caller.Subject == id;
}
