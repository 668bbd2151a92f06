using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;

namespace Fleet.ServiceTests.Story;

/// <summary>Somebody who uses the shop, and knows nothing of it but the gateway's address.</summary>
public sealed class Customer : IDisposable
{
    private readonly HttpClient _http;

    private Customer(Uri gateway) => _http = new(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = gateway, Timeout = TimeSpan.FromSeconds(60) };

    /// <summary>The access token.</summary>
    public string Token { get; private set; } = "";

    /// <summary>The token's subject.</summary>
    public string Id { get; private set; } = "";

    /// <summary>Registers, logs in and makes a profile.</summary>
    public static async Task<Customer> JoinAsync(Uri gateway, string name = "ann")
    {
        var customer = new Customer(gateway);
        var credentials = $$"""{"email":"{{name}}@example.com","password":"correct horse battery"}""";
        Assert(HttpStatusCode.Accepted, await customer.SendAsync(HttpMethod.Post, "auth/register", credentials));
        var login = await customer.SendAsync(HttpMethod.Post, "auth/login", credentials);
        Assert(HttpStatusCode.OK, login);
        customer.Token = (string)(await JsonAsync(login))["accessToken"]!;
        var profile = await customer.SendAsync(HttpMethod.Post, "users", $$"""{"email":"{{name}}@example.com","name":"{{name}}"}""");
        Assert(HttpStatusCode.Created, profile);
        customer.Id = (string)(await JsonAsync(profile))["id"]!;
        return customer;
    }

    /// <summary>Somebody without a token, or with one of his own making.</summary>
    public static Customer Stranger(Uri gateway, string token = "") => new(gateway) { Token = token };

    /// <summary>Sends a request with the token.</summary>
    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? json = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (Token.Length > 0)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        if (json is not null)
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        return await _http.SendAsync(request);
    }

    /// <summary>Calls a method of orders as JSON over Connect, as <c>curl -d</c> would.</summary>
    public Task<HttpResponseMessage> CallAsync(string method, string json) => SendAsync(HttpMethod.Post, $"orders.v1.Orders/{method}", json);

    /// <summary>Places an order of one piece.</summary>
    /// <returns>Its id.</returns>
    public async Task<string> PlaceAsync(string key)
    {
        var placed = await CallAsync("PlaceOrder", Order(key));
        Assert(HttpStatusCode.OK, placed);
        return (string)(await JsonAsync(placed))["id"]!;
    }

    /// <summary>The state of an order.</summary>
    public async Task<string?> StateAsync(string order)
    {
        var answer = await CallAsync("GetOrder", $$"""{"orderId":"{{order}}"}""");
        return answer.IsSuccessStatusCode ? (string?)(await JsonAsync(answer))["state"] : null;
    }

    /// <summary>How many orders the profile shows.</summary>
    public async Task<long> OrderCountAsync() => (long)(await JsonAsync(await SendAsync(HttpMethod.Get, $"users/{Id}")))["orderCount"]!;

    /// <summary>The body of an order.</summary>
    public static string Order(string key) =>
        $$"""{ "idempotencyKey": "{{key}}", "items": [{ "sku": "tea", "quantity": 1, "unitPrice": { "currencyCode": "EUR", "minorUnits": "450" } }] }""";

    /// <summary>An answer's body.</summary>
    public static async Task<JsonNode> JsonAsync(HttpResponseMessage answer) => (await answer.Content.ReadFromJsonAsync<JsonNode>())!;

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private static void Assert(HttpStatusCode wanted, HttpResponseMessage answer)
    {
        if (answer.StatusCode != wanted)
            throw new InvalidOperationException($"{answer.RequestMessage!.RequestUri}: {(int)answer.StatusCode}, not {(int)wanted}: {answer.Content.ReadAsStringAsync().GetAwaiter().GetResult()}");
    }
}
