using System.Net;
using System.Text.Json.Nodes;
using Fleet.ServiceTests.Hosting;
using Xunit;

namespace Fleet.ServiceTests.Story;

/// <summary>An app whose tokens come from elsewhere: <c>gateway.auth.issuer</c>; and a limit on a route.</summary>
[Collection(nameof(Alone))]
public sealed class ForeignIssuerTests
{
    [Fact]
    public async Task Its_tokens_are_accepted_expired_ones_are_not_and_over_the_limit_is_429()
    {
        await using var issuer = await TestIssuer.StartAsync();
        await using var shop = await Shop.StartAsync(app =>
        {
            app["spec"]!["services"]![1]!["route"] = new JsonObject { ["rateLimit"] = new JsonObject { ["requestsPerSecond"] = 1, ["burst"] = 5 } };
            app["spec"]!["gateway"]!["auth"] = new JsonObject { ["issuer"] = issuer.Address, ["audiences"] = new JsonArray("other", TestIssuer.Audience) };
        });
        using (var late = Customer.Stranger(shop.Gateway, issuer.Token("ann", expires: DateTimeOffset.UtcNow.AddMinutes(-5))))
            Assert.Equal(HttpStatusCode.Unauthorized, (await late.SendAsync(HttpMethod.Get, "users/ann")).StatusCode);
        using (var wrong = Customer.Stranger(shop.Gateway, issuer.Token("ann", audience: "elsewhere")))
            Assert.Equal(HttpStatusCode.Unauthorized, (await wrong.SendAsync(HttpMethod.Get, "users/ann")).StatusCode);

        using var ann = Customer.Stranger(shop.Gateway, issuer.Token("ann"));
        Assert.Equal(HttpStatusCode.Created, (await ann.SendAsync(HttpMethod.Post, "users", """{"email":"ann@example.com","name":"Ann"}""")).StatusCode);
        // All at once: one after the other they would leave a busy machine time to fill the bucket again.
        var answers = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => ann.SendAsync(HttpMethod.Get, "users/ann")));
        var refused = answers.First(a => a.StatusCode == HttpStatusCode.TooManyRequests);
        Assert.True(refused.Headers.RetryAfter!.Delta >= TimeSpan.FromSeconds(1));

        // Somebody else has a bucket of his own.
        using var bob = Customer.Stranger(shop.Gateway, issuer.Token("bob"));
        Assert.Equal(HttpStatusCode.NotFound, (await bob.SendAsync(HttpMethod.Get, "users/bob")).StatusCode);
    }
}
