using Fleet.Apps;

namespace Fleet.Cli;

/// <summary>What to try once an app is up: lines that work as they are printed.</summary>
internal static class FirstSteps
{
    private const string Json = "-H 'content-type: application/json'";
    private const string Token = "-H \"authorization: Bearer $token\"";
    private const string Credentials = """{"email":"ann@example.com","password":"correct horse battery"}""";

    /// <summary>Lines for a shell.</summary>
    /// <param name="app">The app.</param>
    /// <param name="gateway">Where its gateway is reached.</param>
    internal static IEnumerable<string> Of(MicroserviceApp app, Uri gateway)
    {
        var url = gateway.ToString().TrimEnd('/');
        var bundled = app.Spec.Services.Where(s => s.Image is null && s.Route?.Enabled != false).Select(s => s.Name).ToHashSet(StringComparer.Ordinal);
        if (!bundled.Contains("auth"))
        {
            foreach (var service in app.Status?.Services.Where(s => s.Protocol != ServiceProtocol.Grpc && s.Name != Names.Gateway && s.Url is not null) ?? [])
                yield return $"curl -i {url}{new Uri(service.Url!).AbsolutePath}";
            yield break;
        }

        yield return $"curl {url}/auth/register {Json} -d '{Credentials}'";
        yield return $"token=$(curl -s {url}/auth/login {Json} -d '{Credentials}' | sed 's/.*\"accessToken\":\"\\([^\"]*\\).*/\\1/')";
        if (bundled.Contains("users"))
            yield return $$"""curl {{url}}/users {{Json}} {{Token}} -d '{"email":"ann@example.com","name":"Ann"}'""";
        if (bundled.Contains("users") && bundled.Contains("orders"))
        {
            yield return $$"""curl {{url}}/orders.v1.Orders/PlaceOrder {{Json}} {{Token}} """
                + """-d '{"idempotencyKey":"1","items":[{"sku":"tea","quantity":2,"unitPrice":{"currencyCode":"EUR","minorUnits":450}}]}'""";
        }
    }
}
