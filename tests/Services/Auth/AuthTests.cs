using System.Net;
using System.Text.Json;
using Fleet.Auth;
using Fleet.Hosting;
using Fleet.ServiceTests.Hosting;
using Fleet.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Xunit;

namespace Fleet.ServiceTests.Auth;

/// <summary>Auth as its callers see it, on a SQLite file.</summary>
public sealed class AuthTests : IAsyncLifetime
{
    private const string Email = "ada@example.com";
    private const string Password = "correct horse battery staple";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fleet-auth-");
    private readonly ArmedTime _time = new(DateTimeOffset.UtcNow);
    private TestService _auth = null!;

    public async Task InitializeAsync() => _auth = await StartAsync();

    public async Task DisposeAsync()
    {
        await _auth.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Register_log_in_refresh_log_out()
    {
        Assert.Equal(Email, (await Post("/auth/register", new { email = Email, password = Password }).Json(202)).Text("email"));
        var tokens = await LoginAsync();
        Assert.Equal("Bearer", tokens.Text("tokenType"));
        Assert.Equal(600, tokens.GetProperty("expiresIn").GetInt32());
        Assert.Equal("fleet:user", tokens.Text("scope"));

        var next = await Post("/auth/refresh", new { refreshToken = tokens.Text("refreshToken") }).Json();
        Assert.NotEqual(tokens.Text("refreshToken"), next.Text("refreshToken"));
        await Post("/auth/logout", new { refreshToken = next.Text("refreshToken") }).Json(204);
        await Post("/auth/refresh", new { refreshToken = next.Text("refreshToken") }).Problem(401);
        await Post("/auth/logout", new { refreshToken = "never heard of" }).Json(204);
    }

    [Fact]
    public async Task An_access_token_says_what_the_other_services_ask_and_verifies_by_the_published_keys()
    {
        await RegisterAsync();
        var text = (await LoginAsync()).Text("accessToken");
        var token = new JsonWebToken(text);
        Assert.Equal(("ES256", "at+jwt", "http://auth.test", "fleet:user"), (token.Alg, token.Typ, token.Issuer, token.GetClaim("scope").Value));
        Assert.Equal(["shop"], token.Audiences);
        Assert.Equal(7, Guid.Parse(token.Subject).Version);
        Assert.Equal(TimeSpan.FromMinutes(10), token.ValidTo - token.IssuedAt);
        Assert.NotEmpty(token.Id);

        foreach (var root in (string[])["", "/auth"])
        {
            var discovery = await _auth.Public.GetAsync($"{root}/.well-known/openid-configuration").Json();
            Assert.Equal("http://auth.test", discovery.Text("issuer"));
            Assert.Equal("http://auth.test/.well-known/jwks.json", discovery.Text("jwks_uri"));
            var keys = await _auth.Public.GetStringAsync($"{root}/.well-known/jwks.json");
            Assert.DoesNotContain("\"d\"", keys, StringComparison.Ordinal);
            var result = await new JsonWebTokenHandler().ValidateTokenAsync(text, new TokenValidationParameters
            {
                IssuerSigningKeys = new JsonWebKeySet(keys).GetSigningKeys(), ValidIssuer = "http://auth.test", ValidAudience = "shop", ValidateLifetime = false,
            });
            Assert.True(result.IsValid, result.Exception?.Message);
        }
    }

    [Fact]
    public async Task Every_wrong_field_is_named_at_once()
    {
        Assert.Equal(["email", "password"], (await Post("/auth/register", new { email = "ada", password = "short" }).Problem(400)).Fields());
        Assert.Equal(["email", "password"], (await Post("/auth/login", new { }).Problem(400)).Fields());
        Assert.Equal(["refreshToken"], (await Post("/auth/refresh", new { }).Problem(400)).Fields());
        Assert.Equal(["colour"], (await Post("/auth/login", new { email = Email, password = Password, colour = 1 }).Problem(400)).Fields());
        Assert.Contains("line 1", (await Post("/auth/login", "{\"email\":").Problem(400)).Text("detail"), StringComparison.Ordinal);
        await Post("/auth/login", "{\"email\":\"a@b.de\",\"email\":\"c@d.de\",\"password\":\"x\"}").Problem(400);
        await _auth.Public.SendAsync("POST", "/auth/login", body: "email=x", mediaType: "application/x-www-form-urlencoded").Problem(415);
        await _auth.Public.GetAsync("/auth/login").Problem(405);
    }

    [Fact]
    public async Task An_unknown_email_and_a_wrong_password_get_one_answer_from_the_first_try_to_the_lockout()
    {
        await RegisterAsync();
        for (var i = 0; i < Lockout.Free + 2; i++)
        {
            var known = await AnswerAsync(Email);
            Assert.Equal(known, await AnswerAsync("nobody@example.com"));
            Assert.StartsWith(i < Lockout.Free ? "401" : "429", known, StringComparison.Ordinal);
        }

        async Task<string> AnswerAsync(string email)
        {
            var answer = await Post("/auth/login", new { email, password = "wrong wrong wrong" });
            var problem = (await Task.FromResult(answer).Json((int)answer.StatusCode)).EnumerateObject().Where(p => p.Name != "traceId");
            var headers = answer.Headers.Where(h => h.Key != "Date").Select(h => $"{h.Key}={string.Join(',', h.Value)}");
            return $"{(int)answer.StatusCode} {string.Join(';', problem)} {string.Join(';', headers)}";
        }
    }

    [Fact]
    public async Task Registering_a_taken_email_answers_the_same_and_changes_nothing()
    {
        await RegisterAsync();
        var subject = Subject(await LoginAsync());
        await Post("/auth/register", new { email = "ADA@example.com", password = "another password" }).Json(202);
        Assert.Equal(subject, Subject(await LoginAsync()));
        await Post("/auth/login", new { email = Email, password = "another password" }).Problem(401);
    }

    [Fact]
    public async Task A_refresh_token_that_is_used_twice_ends_its_session_and_no_other()
    {
        await RegisterAsync();
        var other = await LoginAsync();
        var first = (await LoginAsync()).Text("refreshToken");
        var second = (await Post("/auth/refresh", new { refreshToken = first }).Json()).Text("refreshToken");

        await Post("/auth/refresh", new { refreshToken = first }).Problem(401);
        await Post("/auth/refresh", new { refreshToken = second }).Problem(401);
        await Post("/auth/refresh", new { refreshToken = other.Text("refreshToken") }).Json();
    }

    [Fact]
    public async Task Of_many_that_use_one_refresh_token_at_once_one_gets_the_next()
    {
        await RegisterAsync();
        var token = (await LoginAsync()).Text("refreshToken");
        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Post("/auth/refresh", new { refreshToken = token })));
        Assert.Single(answers, a => a.StatusCode == HttpStatusCode.OK);
        Assert.Equal(9, answers.Count(a => a.StatusCode == HttpStatusCode.Unauthorized));
    }

    [Fact]
    public async Task A_refresh_token_expires_and_a_session_ends_however_often_it_is_prolonged()
    {
        await RegisterAsync();
        var idle = (await LoginAsync()).Text("refreshToken");
        var prolonged = (await LoginAsync()).Text("refreshToken");
        for (var age = TimeSpan.Zero; age < RefreshToken.SessionLifetime - TimeSpan.FromDays(10); age += TimeSpan.FromDays(10))
        {
            _time.Advance(TimeSpan.FromDays(10));
            prolonged = (await Post("/auth/refresh", new { refreshToken = prolonged }).Json()).Text("refreshToken");
        }

        await Post("/auth/refresh", new { refreshToken = idle }).Problem(401);
        _time.Advance(TimeSpan.FromDays(11));
        await Post("/auth/refresh", new { refreshToken = prolonged }).Problem(401);
    }

    [Fact]
    public async Task A_changed_password_ends_every_session()
    {
        await RegisterAsync();
        var tokens = await LoginAsync();
        await ChangeAsync(null, Password, "a whole new password").Problem(401);
        await ChangeAsync(tokens, "not the password", "a whole new password").Problem(403);
        Assert.Equal(["currentPassword", "newPassword"], (await ChangeAsync(tokens, "", "short").Problem(400)).Fields());
        await ChangeAsync(tokens, Password, "a whole new password").Json(204);

        await Post("/auth/refresh", new { refreshToken = tokens.Text("refreshToken") }).Problem(401);
        await Post("/auth/login", new { email = Email, password = Password }).Problem(401);
        await Post("/auth/login", new { email = Email, password = "a whole new password" }).Json();

        Task<HttpResponseMessage> ChangeAsync(JsonElement? with, string current, string next) =>
            _auth.Public.SendAsync("POST", "/auth/password", with?.Text("accessToken"), new { currentPassword = current, newPassword = next });
    }

    [Fact]
    public async Task The_lockout_holds_for_the_right_password_too_survives_a_restart_and_ends()
    {
        await RegisterAsync();
        for (var i = 0; i < Lockout.Free; i++)
            await Post("/auth/login", new { email = Email, password = "wrong wrong wrong" }).Problem(401);

        await _auth.DisposeAsync();
        _auth = await StartAsync();
        var locked = await Post("/auth/login", new { email = Email, password = Password });
        Assert.Equal(HttpStatusCode.TooManyRequests, locked.StatusCode);
        Assert.Equal(Lockout.First, locked.Headers.RetryAfter!.Delta);

        _time.Advance(Lockout.First);
        await LoginAsync();
        // A right password begins the count again.
        await Post("/auth/login", new { email = Email, password = "wrong wrong wrong" }).Problem(401);
        await LoginAsync();
    }

    [Fact]
    public async Task Guesses_sent_at_once_are_counted_one_by_one()
    {
        await RegisterAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 30).Select(i => Post("/auth/login", new { email = Email, password = $"guess number {i}" })));
        Assert.True(answers.Count(a => a.StatusCode == HttpStatusCode.Unauthorized) <= Lockout.Free);
        Assert.All(answers, a => Assert.True(a.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.TooManyRequests));
    }

    [Fact]
    public async Task An_operator_is_who_the_environment_names()
    {
        await Post("/auth/register", new { email = "Ops@Example.com", password = Password }).Json(202);
        var tokens = await Post("/auth/login", new { email = "ops@example.com", password = Password }).Json();
        Assert.Equal("fleet:user fleet:operator", tokens.Text("scope"));
    }

    [Fact]
    public async Task Keys_rotate_with_overlap()
    {
        await RegisterAsync();
        var old = new JsonWebToken((await LoginAsync()).Text("accessToken")).Kid;
        Assert.Equal([old], await KeysAsync());

        // The next key is published before it signs. Time that passes before the housekeeping waits for it would be lost to it.
        await _time.ArmedFor(Housekeeping.KeysEvery);
        _time.Advance(TimeSpan.FromDays(30) - KeyRing.Notice + TimeSpan.FromSeconds(1));
        await Eventually.True(async () => (await KeysAsync()).Length == 2);
        Assert.Equal(old, new JsonWebToken((await LoginAsync()).Text("accessToken")).Kid);

        await _time.ArmedFor(Housekeeping.KeysEvery);
        _time.Advance(KeyRing.Notice);
        var tokens = await LoginAsync();
        Assert.NotEqual(old, new JsonWebToken(tokens.Text("accessToken")).Kid);
        Assert.Contains(old, await KeysAsync());

        // The old one goes when the last token that it signed has expired.
        await _time.ArmedFor(Housekeeping.KeysEvery);
        _time.Advance(AccessTokens.Lifetime + TokenVerifier.ClockSkew + Housekeeping.KeysEvery);
        await Eventually.True(async () => (await KeysAsync()) is [var only] && only != old);

        async Task<string[]> KeysAsync() =>
            [.. (await _auth.Public.GetAsync("/.well-known/jwks.json").Json()).GetProperty("keys").EnumerateArray().Select(k => k.Text("kid"))];
    }

    [Fact]
    public async Task What_has_expired_is_removed()
    {
        await RegisterAsync();
        await LoginAsync();
        await Post("/auth/login", new { email = "nobody@example.com", password = "wrong wrong wrong" }).Problem(401);
        var store = _auth.App.Services.GetRequiredService<IAccountStore>();
        Assert.Equal(0, await store.PurgeAsync(_time.GetUtcNow(), default));
        // The token, its session, and the wrong password.
        Assert.Equal(3, await store.PurgeAsync(_time.GetUtcNow() + RefreshToken.Lifetime, default));
    }

    [Fact]
    public Task It_is_ready_with_its_store_and_a_key() =>
        Eventually.That(() => _auth.Management.GetStringAsync("/healthz/ready"), lines => lines == "store: ready\nkeys: ready\n");

    [Fact]
    public void Without_an_issuer_it_does_not_start()
    {
        var refused = Assert.Throws<ConfigurationException>(() => AuthApp.Build(TestService.Arguments()));
        Assert.StartsWith("AUTH__ISSUER is not set", refused.Message, StringComparison.Ordinal);
    }

    private Task<TestService> StartAsync() => TestService.StartAsync(AuthApp.Build(
        TestService.Arguments(
            $"--DATA_DIR={_folder.FullName}", "--AUTH:ISSUER=http://auth.test", "--AUTH:AUDIENCE=shop", "--AUTH:OPERATOREMAILS=ops@example.com"),
        services => services.AddSingleton<TimeProvider>(_time).AddSingleton(new PasswordHasher(1000))));

    private Task<HttpResponseMessage> Post(string path, object body) => _auth.Public.SendAsync("POST", path, body: body);

    private Task<JsonElement> RegisterAsync() => Post("/auth/register", new { email = Email, password = Password }).Json(202);

    private Task<JsonElement> LoginAsync() => Post("/auth/login", new { email = Email, password = Password }).Json();

    private static string Subject(JsonElement tokens) => new JsonWebToken(tokens.Text("accessToken")).Subject;
}
