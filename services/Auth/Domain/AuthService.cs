using Fleet.Hosting;

namespace Fleet.Auth;

/// <summary>Tokens for one who proved who he is.</summary>
/// <param name="Access">The access token and its scope.</param>
/// <param name="RefreshToken">Good for one refresh.</param>
internal sealed record Tokens(AccessToken Access, string RefreshToken);

/// <summary>How a request for tokens, or a change of password, ends.</summary>
internal abstract record Outcome
{
    /// <summary>With tokens.</summary>
    public sealed record Granted(Tokens Tokens) : Outcome;

    /// <summary>It is done, and there is nothing to say.</summary>
    public sealed record Done : Outcome;

    /// <summary>What was given proves nothing. Nobody is told which part of it was wrong.</summary>
    public sealed record Refused : Outcome;

    /// <summary>It was not looked at, and would not be before this time has passed.</summary>
    public sealed record Locked(TimeSpan For) : Outcome;
}

/// <summary>
/// What Auth does. Whether an e-mail has an account is told to nobody: a login with an unknown one costs the same work, is counted and locked the same, and
/// gets the same answer as one with a wrong password. Registering answers the same for a taken e-mail and changes nothing. One thing cannot be hidden without
/// sending mail: who registers an address and then cannot log in knows that it was taken. It costs him an account for each one that was free.
/// </summary>
internal sealed partial class AuthService(
    IAccountStore accounts, PasswordHasher passwords, LoginTurns turns, AccessTokens tokens, TimeProvider time, ILogger<AuthService> log)
{
    private static readonly TimeSpan Busy = TimeSpan.FromSeconds(1);

    /// <summary>Registers a login. The input is valid by <see cref="PasswordPolicy"/>.</summary>
    public async Task RegisterAsync(EmailAddress email, string password, CancellationToken stop)
    {
        // Hashed before it is known whether it is of use.
        var hash = await turns.HashAsync(() => passwords.Hash(password), stop);
        await accounts.AddAsync(Account.New(email, hash, time.GetUtcNow()), stop);
    }

    /// <summary>Exchanges a password for tokens.</summary>
    public async Task<Outcome> LoginAsync(EmailAddress email, string password, CancellationToken stop)
    {
        var account = await accounts.FindAsync(email, stop);
        if (await ProveAsync(email, account, password, stop) is { } refusal)
            return refusal;
        if (passwords.IsOutdated(account!.PasswordHash))
        {
            account = account with { PasswordHash = await turns.HashAsync(() => passwords.Hash(password), stop) };
            await accounts.RehashAsync(account.Id, account.PasswordHash, stop);
        }

        var refresh = RefreshToken.New();
        return await accounts.OpenSessionAsync(account, RefreshToken.Hash(refresh), time.GetUtcNow(), stop)
            ? new Outcome.Granted(new Tokens(tokens.For(account), refresh))
            : new Outcome.Refused();
    }

    /// <summary>Exchanges a refresh token for the next tokens.</summary>
    public async Task<Outcome> RefreshAsync(string token, CancellationToken stop)
    {
        var next = RefreshToken.New();
        switch (await accounts.RotateAsync(RefreshToken.Hash(token), RefreshToken.Hash(next), time.GetUtcNow(), stop))
        {
            case Rotation.Rotated(var account):
                return new Outcome.Granted(new Tokens(tokens.For(account), next));
            case Rotation.Reused(var account):
                Log.Reused(log, account);
                return new Outcome.Refused();
            default:
                return new Outcome.Refused();
        }
    }

    /// <summary>Ends the session of a refresh token. Access tokens live on until they expire, <see cref="AccessTokens.Lifetime"/> at most.</summary>
    public Task LogoutAsync(string token, CancellationToken stop) => accounts.CloseSessionAsync(RefreshToken.Hash(token), time.GetUtcNow(), stop);

    /// <summary>Changes a password and ends every session of the account. Wrong current ones count as wrong logins do.</summary>
    public async Task<Outcome> ChangePasswordAsync(string subject, string current, string next, CancellationToken stop)
    {
        if (await accounts.FindAsync(subject, stop) is not { } account)
            return new Outcome.Refused();
        if (await ProveAsync(account.Email, account, current, stop) is { } refusal)
            return refusal;
        var hash = await turns.HashAsync(() => passwords.Hash(next), stop);
        await accounts.ChangePasswordAsync(account.Id, hash, time.GetUtcNow(), stop);
        return new Outcome.Done();
    }

    /// <summary>Null when the password is the account's, else how to answer.</summary>
    private async Task<Outcome?> ProveAsync(EmailAddress email, Account? account, string password, CancellationToken stop)
    {
        var address = LoginTurns.KeyOf(email);
        using var turn = await turns.TakeAsync(address, stop);
        if (!turn.IsAcquired)
            return new Outcome.Locked(Busy);
        var lockout = await accounts.LockoutAsync(address, stop);
        if (lockout.Remaining(time.GetUtcNow()) is var remaining && remaining > TimeSpan.Zero)
            return new Outcome.Locked(remaining);

        var right = await turns.HashAsync(() => PasswordHasher.Verify(account?.PasswordHash ?? passwords.Decoy, password), stop);
        if (!right || account is null)
        {
            // It counts also when its sender does not wait for the answer.
            await accounts.CountFailureAsync(address, time.GetUtcNow(), CancellationToken.None);
            return new Outcome.Refused();
        }

        if (lockout.Failures > 0)
            await accounts.ForgetFailuresAsync(address, stop);
        return null;
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "a refresh token of account {Account} was used twice; its session is revoked")]
        internal static partial void Reused(ILogger logger, string account);
    }
}
