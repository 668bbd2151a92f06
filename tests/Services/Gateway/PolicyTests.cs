using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Fleet.Gateway;
using Fleet.ServiceTests.Hosting;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.Tokens;
using Xunit;

namespace Fleet.ServiceTests.Gateway;

/// <summary>Who may call a route, and how often.</summary>
public sealed class PolicyTests : IAsyncLifetime
{
    private TestIssuer _issuer = null!;
    private Upstream _backend = null!;
    private TestGateway _gateway = null!;

    public async Task InitializeAsync()
    {
        _issuer = await TestIssuer.StartAsync();
        _backend = await Upstream.SayingAsync("ok");
        _gateway = await TestGateway.StartAsync(
            RoutesFiles.Of("/none", _backend.Address, (RoutePolicy.AuthKey, "None"))
                .With("/optional", _backend.Address, (RoutePolicy.AuthKey, "Optional"))
                .With("/required", _backend.Address, (RoutePolicy.AuthKey, "Required"))
                .With("/limited", _backend.Address, (RoutePolicy.AuthKey, "Optional"), (RoutePolicy.RateKey, "0.01"), (RoutePolicy.BurstKey, "3")),
            null,
            _issuer.Arguments);
    }

    public async Task DisposeAsync()
    {
        await _gateway.DisposeAsync();
        await _backend.DisposeAsync();
        await _issuer.DisposeAsync();
    }

    [Fact]
    public async Task A_good_token_passes_and_goes_along_and_nothing_else_says_who_it_is()
    {
        var token = _issuer.Token();
        foreach (var route in (string[])["none", "optional", "required"])
            Assert.Equal(200, await StatusAsync(route, "Bearer " + token));
        Assert.All(_backend.Headers, h => Assert.Equal("Bearer " + token, h["Authorization"]));
        Assert.All(_backend.Headers.SelectMany(h => h), h => Assert.False(h.Key != "Authorization" && h.Value.Contains("usr-1", StringComparison.Ordinal), h.Key));
    }

    [Fact]
    public async Task Without_a_token_required_is_401_with_a_challenge_and_the_others_pass()
    {
        Assert.Equal(200, await StatusAsync("none", null));
        Assert.Equal(200, await StatusAsync("optional", null));
        var answer = await _gateway.Http.GetAsync("/required/x");
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Equal("Bearer", answer.Headers.WwwAuthenticate.ToString());
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public async Task A_bad_token_is_401_wherever_tokens_are_looked_at()
    {
        var good = _issuer.Token();
        Dictionary<string, string> bad = new()
        {
            ["forged"] = _issuer.Token(signer: _issuer.ForgedKey()),
            ["unknown key"] = _issuer.Token(signer: TestIssuer.NewKey()),
            ["expired"] = _issuer.Token(expires: DateTimeOffset.UtcNow.AddMinutes(-2), notBefore: DateTimeOffset.UtcNow.AddMinutes(-10)),
            ["other audience"] = _issuer.Token(audience: "elsewhere"),
            ["other issuer"] = _issuer.Token(issuer: "https://elsewhere.example.com"),
            ["not yet"] = _issuer.Token(notBefore: DateTimeOffset.UtcNow.AddMinutes(5)),
            ["alg none"] = Unsigned(good),
            ["HS256 with the public key"] = await HmacWithPublicKeyAsync(good),
            ["payload changed"] = Changed(good),
            ["no token"] = "nonsense",
            ["empty"] = "",
        };
        foreach (var (name, token) in bad)
        {
            foreach (var route in (string[])["optional", "required"])
                Assert.True(await StatusAsync(route, "Bearer " + token) == 401, $"{name} at {route}");
            Assert.True(await StatusAsync("none", "Bearer " + token) == 200, name); // it is the backend's then
        }

        foreach (var other in (string[])["Basic YTpi", good, "bearer"])
            Assert.Equal(401, await StatusAsync("optional", other));
        Assert.Equal(bad.Count, _backend.Calls);
        var answer = await _gateway.Http.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/required/x").With("Authorization", "Bearer " + bad["expired"]));
        Assert.Contains("error=\"invalid_token\"", answer.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task While_the_issuer_was_never_reached_it_cannot_be_told_and_that_is_503()
    {
        _issuer.IsAway = true;
        Assert.Equal(503, await StatusAsync("required", "Bearer " + _issuer.Token()));
        Assert.Equal(200, await StatusAsync("optional", null));
        Assert.Equal(401, await StatusAsync("required", null));
    }

    [Fact]
    public async Task Beyond_the_limit_is_429_with_a_time_to_wait_per_subject_or_else_per_address()
    {
        for (var i = 0; i < 3; i++)
            Assert.Equal(200, await StatusAsync("limited", null));
        var answer = await _gateway.Http.GetAsync("/limited/x");
        Assert.Equal(HttpStatusCode.TooManyRequests, answer.StatusCode);
        Assert.InRange(answer.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 100);
        Assert.Equal("rate-limit", (string?)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["reason"]);

        // A subject has a bucket of its own wherever it calls from.
        Assert.Equal(200, await StatusAsync("limited", "Bearer " + _issuer.Token("usr-1")));
        Assert.Equal(200, await StatusAsync("limited", "Bearer " + _issuer.Token("usr-1")));
        Assert.Equal(200, await StatusAsync("limited", "Bearer " + _issuer.Token("usr-1")));
        Assert.Equal(429, await StatusAsync("limited", "Bearer " + _issuer.Token("usr-1")));
        Assert.Equal(200, await StatusAsync("limited", "Bearer " + _issuer.Token("usr-2")));
        // Guessing tokens costs the address' bucket, which is empty.
        Assert.Equal(429, await StatusAsync("limited", "Bearer nonsense"));
    }

    [Fact]
    public async Task Behind_a_trusted_proxy_the_client_counts_and_behind_any_other_the_peer()
    {
        async Task<int> From(string client) =>
            (int)(await _gateway.Http.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/limited/x").With("X-Forwarded-For", client))).StatusCode;

        for (var i = 0; i < 3; i++)
            Assert.Equal(200, await From($"192.0.2.{i}"));
        Assert.Equal(429, await From("192.0.2.9")); // believed of nobody: all of them are the peer

        await _gateway.ReplaceAsync(
            RoutesFiles.Of("/limited", _backend.Address, (RoutePolicy.RateKey, "0.01"), (RoutePolicy.BurstKey, "1"))
                .WithGateway(new JsonObject { ["TrustedProxies"] = new JsonArray("127.0.0.1/32") }));
        Assert.Equal(200, await From("192.0.2.1"));
        Assert.Equal(200, await From("192.0.2.2"));
        Assert.Equal(429, await From("9.9.9.9, 192.0.2.2")); // what the client itself wrote before is not looked at
        Assert.Equal(200, await From("2001:db8::1"));
        Assert.Equal(429, await From("2001:db8::2")); // the same network of 2^64 addresses
    }

    [Fact]
    public async Task A_backend_that_moves_fills_no_bucket()
    {
        for (var i = 0; i < 3; i++)
            Assert.Equal(200, await StatusAsync("limited", null));
        await using var elsewhere = await Upstream.SayingAsync("elsewhere");
        await _gateway.ReplaceAsync(RoutesFiles.Of("/limited", elsewhere.Address, (RoutePolicy.AuthKey, "Optional"), (RoutePolicy.RateKey, "0.01"), (RoutePolicy.BurstKey, "3")));
        Assert.Equal(429, await StatusAsync("limited", null));
        await _gateway.ReplaceAsync(RoutesFiles.Of("/limited", elsewhere.Address, (RoutePolicy.AuthKey, "Optional"), (RoutePolicy.RateKey, "0.01"), (RoutePolicy.BurstKey, "4")));
        Assert.Equal(200, await StatusAsync("limited", null));
    }

    [Fact]
    public void Buckets_are_bounded_and_a_newcomer_among_too_many_shares_one()
    {
        var time = new FakeTimeProvider();
        var buckets = new CallerBuckets(new RateLimit(0.001, 2), time);
        for (var i = 0; i < CallerBuckets.MaxCallers + 500; i++)
            buckets.Take($"ip {i}");
        Assert.Equal(CallerBuckets.MaxCallers, buckets.Count);
        Assert.NotNull(buckets.Take("ip newcomer"));
        Assert.Null(buckets.Take("ip 1"));
        time.Advance(TimeSpan.FromSeconds(2001)); // all are full again, so none is worth keeping
        buckets.Take("ip newcomer");
        Assert.InRange(buckets.Count, 1, 2);
    }

    private async Task<int> StatusAsync(string route, string? authorization)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/{route}/x");
        if (authorization is not null)
            request.With("Authorization", authorization);
        return (int)(await _gateway.Http.SendAsync(request)).StatusCode;
    }

    private static string Unsigned(string token)
    {
        var head = Base64UrlEncoder.Encode("""{"alg":"none","typ":"at+jwt"}""");
        return $"{head}.{token.Split('.')[1]}.";
    }

    private static string Changed(string token)
    {
        var parts = token.Split('.');
        var payload = Base64UrlEncoder.Decode(parts[1]).Replace("usr-1", "usr-2", StringComparison.Ordinal);
        return $"{parts[0]}.{Base64UrlEncoder.Encode(payload)}.{parts[2]}";
    }

    /// <summary>The classic confusion: what everybody may read, taken for a shared secret.</summary>
    private async Task<string> HmacWithPublicKeyAsync(string token)
    {
        using var client = new HttpClient();
        var jwks = await client.GetStringAsync($"{_issuer.Address}/.well-known/jwks.json");
        var kid = (string?)JsonNode.Parse(jwks)!["keys"]![0]!["kid"];
        var head = Base64UrlEncoder.Encode($$"""{"alg":"HS256","typ":"at+jwt","kid":"{{kid}}"}""");
        var signed = $"{head}.{token.Split('.')[1]}";
        return $"{signed}.{Base64UrlEncoder.Encode(HMACSHA256.HashData(Encoding.UTF8.GetBytes(jwks), Encoding.ASCII.GetBytes(signed)))}";
    }
}
