using Fleet.Hosting;

namespace Fleet.Auth;

/// <summary>What Auth keeps of logins. Every change is whole when the call returns, and not there when it throws.</summary>
internal interface IAccountStore
{
    /// <summary>Adds an account unless its e-mail is taken. Either way it is one write, and the caller is not told which it was.</summary>
    Task AddAsync(Account account, CancellationToken stop);

    Task<Account?> FindAsync(EmailAddress email, CancellationToken stop);

    Task<Account?> FindAsync(string id, CancellationToken stop);

    /// <summary>Keeps the same password under a newer hash.</summary>
    Task RehashAsync(string id, string passwordHash, CancellationToken stop);

    /// <summary>Changes the password and ends every session.</summary>
    Task ChangePasswordAsync(string id, string passwordHash, DateTimeOffset now, CancellationToken stop);

    /// <summary>The lockout of an address, which need not belong to an account.</summary>
    Task<Lockout> LockoutAsync(string address, CancellationToken stop);

    /// <summary>Counts one more wrong password.</summary>
    Task CountFailureAsync(string address, DateTimeOffset now, CancellationToken stop);

    Task ForgetFailuresAsync(string address, CancellationToken stop);

    /// <summary>Begins a session, unless the account's password hash has changed since: a change of password ends the sessions of the old one, also those to come.</summary>
    /// <returns>Whether it was begun.</returns>
    Task<bool> OpenSessionAsync(Account account, string tokenHash, DateTimeOffset now, CancellationToken stop);

    /// <summary>Uses a token up and keeps the next one in the same transaction; of two calls with one token at most one gets a next one.</summary>
    Task<Rotation> RotateAsync(string tokenHash, string nextHash, DateTimeOffset now, CancellationToken stop);

    /// <summary>Ends the session of a token, if there is one.</summary>
    Task CloseSessionAsync(string tokenHash, DateTimeOffset now, CancellationToken stop);

    /// <summary>Removes what can have no effect any more.</summary>
    /// <returns>How many rows.</returns>
    Task<int> PurgeAsync(DateTimeOffset now, CancellationToken stop);
}
