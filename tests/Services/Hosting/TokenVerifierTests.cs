using System.Net;
using Fleet.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Xunit;

namespace Fleet.ServiceTests.Hosting;

public sealed class TokenVerifierTests : IAsyncLifetime
{
    private static readonly ServiceDefaults Defaults = new("test", 8001, HttpProtocols.Http1);

    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly List<IssuerKeys> _keys = [];
    private TestIssuer _issuer = null!;
    private TokenVerifier _verifier = null!;

    public async Task InitializeAsync()
    {
        _issuer = await TestIssuer.StartAsync();
        _verifier = Verifier(_issuer.Arguments);
    }

    public async Task DisposeAsync()
    {
        _keys.ForEach(keys => keys.Dispose());
        await _issuer.DisposeAsync();
    }

    [Fact]
    public async Task A_good_token_says_who_calls()
    {
        var caller = await AssertValid(_issuer.Token("usr-7", "fleet:user fleet:operator"));
        Assert.Equal("usr-7", caller.Subject);
        Assert.True(caller.IsOperator);
        Assert.False((await AssertValid(_issuer.Token("usr-7", "fleet:user"))).IsOperator);
    }

    [Fact]
    public async Task A_token_that_is_not_for_us_is_refused()
    {
        await AssertInvalid("expired", _issuer.Token(expires: _time.GetUtcNow() - TokenVerifier.ClockSkew - TimeSpan.FromSeconds(1)));
        await AssertInvalid("not valid yet", _issuer.Token(notBefore: _time.GetUtcNow().AddMinutes(2)));
        await AssertInvalid("somebody else", _issuer.Token(audience: "other"));
        await AssertInvalid("another issuer", _issuer.Token(issuer: "http://elsewhere"));
        await AssertInvalid("signature", _issuer.Token(signer: _issuer.ForgedKey()));
        await AssertInvalid("not the issuer's", _issuer.Token(signer: TestIssuer.NewKey()));
        await AssertInvalid("no token", "a.b.c");
        await AssertInvalid("no token", "");
        await AssertInvalid("too long", new string('a', 9000));
    }

    [Fact]
    public async Task A_token_that_was_changed_is_refused()
    {
        var parts = _issuer.Token("usr-1").Split('.');
        var other = _issuer.Token("usr-2").Split('.');
        await AssertInvalid("signature", $"{parts[0]}.{other[1]}.{parts[2]}");
    }

    [Theory]
    [InlineData("""{"alg":"none","typ":"at+jwt"}""")]
    [InlineData("""{"alg":"HS256","typ":"at+jwt"}""")]
    public async Task A_token_cannot_choose_its_algorithm(string header)
    {
        var parts = _issuer.Token().Split('.');
        var chosen = Microsoft.IdentityModel.Tokens.Base64UrlEncoder.Encode(header);
        await AssertInvalid("algorithm", $"{chosen}.{parts[1]}.{parts[2]}");
        await AssertInvalid("algorithm", $"{chosen}.{parts[1]}.");
        Assert.Equal(0, _issuer.Fetches);
    }

    [Fact]
    public async Task Clocks_may_differ_by_half_a_minute()
    {
        await AssertValid(_issuer.Token(expires: _time.GetUtcNow() - TimeSpan.FromSeconds(25)));
        await AssertValid(_issuer.Token(notBefore: _time.GetUtcNow() + TimeSpan.FromSeconds(25)));
    }

    [Fact]
    public async Task A_token_that_was_good_is_refused_once_it_has_expired()
    {
        var token = _issuer.Token(expires: _time.GetUtcNow().AddMinutes(1));
        await AssertValid(token);
        Assert.Same(await AssertValid(token), await AssertValid(token)); // verified once
        _time.Advance(TimeSpan.FromMinutes(1) + TokenVerifier.ClockSkew);
        await AssertInvalid("expired", token);
    }

    [Fact]
    public async Task A_token_that_was_good_is_refused_once_its_key_is_withdrawn()
    {
        var token = _issuer.Token("usr-1", expires: _time.GetUtcNow().AddHours(1));
        await AssertValid(token);
        _issuer.Withdraw();
        _time.Advance(IssuerKeys.MaxAge + TimeSpan.FromSeconds(1));
        await AssertValid(token); // the keys at hand are used while they are fetched anew
        await Fleet.Testing.Eventually.True(async () => await _verifier.VerifyAsync(token) is TokenResult.Invalid);
        await AssertInvalid("not the issuer's", token);
    }

    [Fact]
    public async Task A_token_that_resembles_a_good_one_is_verified_itself()
    {
        var token = _issuer.Token("usr-1");
        await AssertValid(token);
        await AssertInvalid("signature", token[..^4] + (token[^4] == 'A' ? 'B' : 'A') + token[^3..]);
        await AssertInvalid("somebody else", _issuer.Token("usr-1", audience: "other"));
    }

    [Fact]
    public void However_many_good_tokens_there_are_few_are_kept_and_those_in_use_stay()
    {
        var kept = new VerifiedTokens();
        var verified = new VerifiedToken(Caller.Anyone, null, [], null, null);
        kept.Add("in use", verified);
        for (var i = 0; i < 3 * VerifiedTokens.Generation; i++)
        {
            kept.Add($"token {i}", verified);
            Assert.Same(verified, kept.Find("in use"));
        }

        Assert.InRange(kept.Count, VerifiedTokens.Generation, 2 * VerifiedTokens.Generation);
        Assert.Null(kept.Find("token 0"));
    }

    [Fact]
    public async Task Keys_are_fetched_once_for_many()
    {
        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => AssertValid(_issuer.Token())));
        Assert.Equal(1, _issuer.Fetches);
    }

    [Fact]
    public async Task A_new_key_is_fetched_when_a_token_names_it_and_invented_names_do_not_make_it_ask_more()
    {
        await AssertValid(_issuer.Token());
        _issuer.Rotate();
        await AssertInvalid("not the issuer's", _issuer.Token());
        Assert.Equal(1, _issuer.Fetches);

        _time.Advance(IssuerKeys.LeastInterval);
        await AssertValid(_issuer.Token());
        for (var i = 0; i < 20; i++)
            await AssertInvalid("not the issuer's", _issuer.Token(signer: TestIssuer.NewKey()));
        Assert.Equal(2, _issuer.Fetches);
    }

    [Fact]
    public async Task The_last_good_keys_stay_while_the_issuer_is_away()
    {
        await AssertValid(_issuer.Token());
        _issuer.IsAway = true;
        _time.Advance(IssuerKeys.MaxAge + TimeSpan.FromSeconds(1));
        var late = _issuer.Token(expires: _time.GetUtcNow().AddMinutes(1));
        await AssertValid(late);
        await Fleet.Testing.Eventually.True(() => _issuer.Fetches == 2);
        await AssertValid(late);

        // Whether this one is the issuer's new key nobody can tell now.
        _time.Advance(IssuerKeys.LeastInterval);
        Assert.IsType<TokenResult.Unavailable>(await _verifier.VerifyAsync(_issuer.Token(expires: _time.GetUtcNow().AddMinutes(1), signer: TestIssuer.NewKey())));
    }

    [Fact]
    public async Task Without_keys_it_cannot_be_told_and_the_next_request_waits_until_the_issuer_is_asked_again()
    {
        _issuer.IsAway = true;
        Assert.IsType<TokenResult.Unavailable>(await _verifier.VerifyAsync(_issuer.Token()));
        _issuer.IsAway = false;
        var waiting = _verifier.VerifyAsync(_issuer.Token()).AsTask();
        Assert.False(waiting.IsCompleted);
        Assert.Equal(1, _issuer.Fetches);
        await Fleet.Testing.Eventually.True(() =>
        {
            _time.Advance(IssuerKeys.LeastIntervalWithout);
            return waiting.IsCompleted;
        });
        Assert.IsType<TokenResult.Valid>(await waiting);
        Assert.Equal(2, _issuer.Fetches);
    }

    [Fact]
    public async Task The_address_of_the_keys_can_be_discovered()
    {
        var verifier = Verifier($"--AUTH:ISSUER={_issuer.Address}", $"--AUTH:AUDIENCE=other,{TestIssuer.Audience}");
        Assert.IsType<TokenResult.Valid>(await verifier.VerifyAsync(_issuer.Token()));
    }

    [Fact]
    public async Task An_endpoint_answers_401_with_the_reason_or_503()
    {
        await using var service = await TestService.StartAsync(Guarded(_issuer.Arguments));
        var missing = await service.Public.GetAsync("/mine");
        Assert.Equal(HttpStatusCode.Unauthorized, missing.StatusCode);
        Assert.Equal("Bearer", missing.Headers.WwwAuthenticate.ToString());

        _issuer.IsAway = true;
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await GetAsync(service, _issuer.Token())).StatusCode);
        _issuer.IsAway = false;
        await Fleet.Testing.Eventually.True(async () => (await GetAsync(service, _issuer.Token("usr-9"))).StatusCode == HttpStatusCode.OK);
        Assert.Equal("usr-9", await (await GetAsync(service, _issuer.Token("usr-9"))).Content.ReadAsStringAsync());

        var forged = await GetAsync(service, _issuer.Token(signer: _issuer.ForgedKey()));
        Assert.Equal(HttpStatusCode.Unauthorized, forged.StatusCode);
        Assert.Equal("Bearer error=\"invalid_token\", error_description=\"the token's signature is wrong\"", forged.Headers.WwwAuthenticate.ToString());
    }

    [Fact]
    public async Task Without_an_issuer_each_caller_is_an_operator()
    {
        await using var service = await TestService.StartAsync(Guarded());
        Assert.Equal("", await service.Public.GetStringAsync("/mine"));
    }

    private static WebApplication Guarded(params string[] arguments)
    {
        var app = ServiceHost.CreateBuilder(TestService.Arguments(arguments), Defaults).Build();
        app.MapGet("/mine", (RequestDelegate)(context => context.Response.WriteAsync(context.Caller().Subject))).RequireCaller();
        return app;
    }

    private static Task<HttpResponseMessage> GetAsync(TestService service, string token) =>
        service.Public.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/mine") { Headers = { Authorization = new("Bearer", token) } });

    private TokenVerifier Verifier(params string[] arguments)
    {
        var environment = new ServiceEnvironment(new ConfigurationBuilder().AddCommandLine(arguments).Build(), Defaults);
        _keys.Add(new IssuerKeys(environment, _time, NullLogger<IssuerKeys>.Instance));
        return new TokenVerifier(environment, _keys[^1], _time, NullLogger<TokenVerifier>.Instance);
    }

    private async Task<Caller> AssertValid(string token) => Assert.IsType<TokenResult.Valid>(await _verifier.VerifyAsync(token)).Caller;

    private async Task AssertInvalid(string reason, string token) =>
        Assert.Contains(reason, Assert.IsType<TokenResult.Invalid>(await _verifier.VerifyAsync(token)).Reason, StringComparison.Ordinal);
}
