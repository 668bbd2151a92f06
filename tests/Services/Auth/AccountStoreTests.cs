using Fleet.Auth;
using Fleet.Hosting;
using Fleet.ServiceTests.Storage;
using Fleet.Storage;
using Xunit;

namespace Fleet.ServiceTests.Auth;

/// <summary>What Auth keeps, on either database.</summary>
public abstract class AccountStoreTests(IStoreUnderTest store) : IAsyncLifetime
{
    private static readonly EmailAddress Ada = EmailAddress.TryParse("Ada@example.com")!;
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddYears(50);

    private Database _database = null!;
    private AccountStore _accounts = null!;

    public async Task InitializeAsync()
    {
        _database = Stores.Open(await store.CreateAsync());
        await new Migrations("auth", Migration.In(typeof(AuthApp).Assembly, _database.Dialect), TimeProvider.System).ApplyAsync(_database, default);
        _accounts = new AccountStore(_database);
    }

    public Task DisposeAsync() => _database.DisposeAsync().AsTask();

    [Fact]
    public async Task The_first_to_register_an_address_has_it()
    {
        var accounts = Enumerable.Range(0, 8).Select(i => Account.New(Ada, $"hash {i}", Now)).ToList();
        await Task.WhenAll(accounts.Select(a => Task.Run(() => _accounts.AddAsync(a, default))));
        var kept = await _accounts.FindAsync(EmailAddress.TryParse("ada@EXAMPLE.com")!, default);
        Assert.Contains(kept, accounts);
        Assert.Equal(kept, await _accounts.FindAsync(kept!.Id, default));
    }

    [Fact]
    public async Task Of_many_uses_of_a_token_one_is_good_and_the_session_is_over()
    {
        var account = await AddAsync();
        Assert.True(await _accounts.OpenSessionAsync(account, "first", Now, default));
        var ends = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() => _accounts.RotateAsync("first", $"next {i}", Now, default))));
        Assert.Single(ends, e => e is Rotation.Rotated);
        Assert.Single(ends, e => e is Rotation.Reused);
        Assert.Equal(6, ends.Count(e => e is Rotation.Refused));
        for (var i = 0; i < 8; i++)
            Assert.IsType<Rotation.Refused>(await _accounts.RotateAsync($"next {i}", "another", Now, default));
    }

    [Fact]
    public async Task A_login_that_was_proved_with_the_old_password_opens_no_session_after_the_change()
    {
        var account = await AddAsync();
        await _accounts.ChangePasswordAsync(account.Id, "new hash", Now, default);
        Assert.False(await _accounts.OpenSessionAsync(account, "late", Now, default));
        Assert.IsType<Rotation.Refused>(await _accounts.RotateAsync("late", "next", Now, default));
    }

    [Fact]
    public async Task No_failure_is_lost_among_many_at_once()
    {
        await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => Task.Run(() => _accounts.CountFailureAsync("address", Now, default))));
        var lockout = await _accounts.LockoutAsync("address", default);
        Assert.Equal((12, Now, Now + TimeSpan.FromSeconds(640)), (lockout.Failures, lockout.LastAt, lockout.Until!.Value));
        await _accounts.ForgetFailuresAsync("address", default);
        Assert.Equal(Lockout.None, await _accounts.LockoutAsync("address", default));
    }

    [Fact]
    public async Task Replicas_that_start_together_make_one_key()
    {
        var keys = new SigningKeyStore(_database);
        var rings = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => Task.Run(() => keys.UpdateAsync(
            ring => (ring.Keys.IsEmpty ? new SigningKey($"key {i}", Now, Now, new byte[] { 1, 2 }) : null, []), default))));
        Assert.Single(rings.Select(r => Assert.Single(r.Keys).Id).Distinct());
        var kept = Assert.Single((await keys.UpdateAsync(_ => (null, []), default)).Keys);
        Assert.Equal([1, 2], kept.PrivateKey.ToArray());
        Assert.Equal((Now, Now), (kept.CreatedAt, kept.SignsFrom));
        Assert.Empty((await keys.UpdateAsync(ring => (null, ring.Keys), default)).Keys);
    }

    private async Task<Account> AddAsync()
    {
        var account = Account.New(Ada, "hash", Now);
        await _accounts.AddAsync(account, default);
        return account;
    }
}

public sealed class SqliteAccountStoreTests(SqliteStore store) : AccountStoreTests(store), IClassFixture<SqliteStore>;

[Trait("Needs", "Backends")]
[Collection(nameof(PostgreSqlStore))]
public sealed class PostgreSqlAccountStoreTests(PostgreSqlStore store) : AccountStoreTests(store);
