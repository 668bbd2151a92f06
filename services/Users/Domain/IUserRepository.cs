namespace Fleet.Users;

/// <summary>Where profiles are kept.</summary>
internal interface IUserRepository
{
    /// <summary>Adds a profile.</summary>
    /// <returns>False when its id or its e-mail is there already.</returns>
    Task<(bool Added, string? Taken)> AddAsync(User user, CancellationToken stop);

    /// <summary>The profile of this id, or null.</summary>
    Task<User?> FindAsync(string id, CancellationToken stop);

    /// <summary>Profiles in the order of their ids.</summary>
    /// <param name="after">Only those behind this id; null begins at the first.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="stop">Gives up.</param>
    Task<IReadOnlyList<User>> ListAsync(string? after, int limit, CancellationToken stop);

    /// <summary>Changes a profile within one transaction.</summary>
    /// <param name="id">Which.</param>
    /// <param name="change">What it becomes; null leaves it as it is. It may be asked more than once.</param>
    /// <param name="stop">Gives up.</param>
    /// <returns>The profile before and after; no profile when there is none; taken when somebody else has the new e-mail.</returns>
    Task<(User? Before, User? After, bool Taken)> ChangeAsync(string id, Func<User, User?> change, CancellationToken stop);

    /// <summary>Takes a profile away, if the condition holds, within one transaction.</summary>
    /// <returns>The profile as it was, or null when there was none; and whether it is gone.</returns>
    Task<(User? Before, bool Gone)> RemoveAsync(string id, Func<User, bool> condition, CancellationToken stop);

    /// <summary>Counts what happened to an order, once for each event.</summary>
    /// <returns>False when it was counted before.</returns>
    Task<bool> CountAsync(OrderEvent happened, DateTimeOffset now, CancellationToken stop);
}
