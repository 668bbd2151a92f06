using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Fleet.ServiceTests.Story;

/// <summary>What a collector of OpenTelemetry gets to see of a request.</summary>
[Collection(nameof(Alone))]
public sealed class TelemetryTests
{
    [Fact]
    public async Task One_order_is_one_trace_through_gateway_orders_and_users()
    {
        var received = new ConcurrentQueue<(string Path, byte[] Body)>();
        await using var collector = await StartCollectorAsync(received);
        var endpoint = collector.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        await using var shop = await Shop.StartAsync(environment: _ => [("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")]);
        using var ann = await Customer.JoinAsync(shop.Gateway);

        var trace = Guid.NewGuid().ToByteArray();
        using var http = new HttpClient { BaseAddress = shop.Gateway };
        using var request = new HttpRequestMessage(HttpMethod.Post, "orders.v1.Orders/PlaceOrder") { Content = new StringContent(Customer.Order("traced"), Encoding.UTF8, "application/json") };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", ann.Token);
        request.Headers.Add("traceparent", $"00-{Convert.ToHexStringLower(trace)}-00f067aa0ba902b7-01");
        Assert.True((await http.SendAsync(request)).IsSuccessStatusCode);

        // At its end each sends what it still holds.
        foreach (var service in (string[])["gateway", "orders", "users", "auth"])
            Assert.Equal(0, await shop[service].TerminateAsync());
        foreach (var service in (string[])["gateway", "orders", "users"])
        {
            var name = Encoding.UTF8.GetBytes($"shop-{service}");
            Assert.Contains(received, r => r.Path == "/v1/traces" && r.Body.AsSpan().IndexOf(name) >= 0 && r.Body.AsSpan().IndexOf(trace) >= 0);
            Assert.Contains(received, r => r.Path == "/v1/metrics" && r.Body.AsSpan().IndexOf(name) >= 0);
        }
    }

    private static async Task<WebApplication> StartCollectorAsync(ConcurrentQueue<(string Path, byte[] Body)> received)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.Run(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            received.Enqueue((context.Request.Path, body.ToArray()));
            context.Response.ContentType = "application/x-protobuf";
        });
        await app.StartAsync();
        return app;
    }
}
