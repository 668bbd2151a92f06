using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Fleet.Hosting;
using Fleet.ServiceTests.Gateway;
using Fleet.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Fleet.ServiceTests.Hosting;

public sealed partial class ServiceHostTests : IAsyncLifetime
{
    private readonly TaskCompletionSource _held = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SettableCheck _check = new();
    private TestService _service = null!;

    public async Task InitializeAsync() => _service = await TestService.StartAsync(Build(TestService.Arguments()));

    public Task DisposeAsync() => _service.DisposeAsync().AsTask();

    [Fact]
    public async Task Health_and_metrics_are_on_the_management_port_alone()
    {
        foreach (var path in (string[])["/healthz/live", "/healthz/ready", "/metrics"])
        {
            Assert.Equal(HttpStatusCode.OK, (await _service.Management.GetAsync(path)).StatusCode);
            Assert.Equal(HttpStatusCode.NotFound, (await _service.Public.GetAsync(path)).StatusCode);
        }

        Assert.Equal(HttpStatusCode.NotFound, (await _service.Management.GetAsync("/echo")).StatusCode);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await _service.Management.PostAsync("/metrics", null)).StatusCode);
    }

    [Fact]
    public async Task Ready_is_what_the_checks_say()
    {
        Assert.Equal("thing: ready\n", await _service.Management.GetStringAsync("/healthz/ready"));
        _check.Answer = () => Readiness.Warning("half of it");
        Assert.Equal("thing: ready, warning: half of it\n", await _service.Management.GetStringAsync("/healthz/ready"));
        _check.Answer = () => Readiness.NotReady("gone");
        await AssertNotReady("thing: not ready: gone\n");
        _check.Answer = () => throw new InvalidOperationException("broken");
        await AssertNotReady("thing: not ready: broken\n");
    }

    [Fact]
    public async Task An_unknown_route_a_wrong_method_and_a_fault_are_problems()
    {
        await AssertProblem(await _service.Public.GetAsync("/nowhere"), 404, "nothing is served at /nowhere");
        var method = await _service.Public.DeleteAsync("/echo");
        await AssertProblem(method, 405, "/echo does not answer DELETE, only POST");
        Assert.Equal(["POST"], method.Content.Headers.Allow);
        await AssertProblem(await _service.Public.GetAsync("/fault"), 500, "this is a fault of the service; its log has more under the trace id");
        var gone = await _service.Public.GetAsync("/gone");
        await AssertProblem(gone, 503, "users does not answer");
        Assert.Equal(TimeSpan.FromSeconds(1), gone.Headers.RetryAfter!.Delta);
    }

    [Theory]
    [InlineData("{\"name\": 1}", "at line 1, column 11, in 'name'")]
    [InlineData("{\n  \"name\": \"x\",\n  \"age\": }", "at line 3, column 10")]
    [InlineData("{\"name\": \"x\", \"colour\": 1}", "in 'colour'")]
    [InlineData("", "at line 1, column 1")]
    [InlineData("null", "must be a JSON object, not null")]
    public async Task A_body_that_is_no_JSON_is_400_and_says_where(string body, string where)
    {
        var answer = await _service.Public.PostAsync("/echo", new StringContent(body, Encoding.UTF8, "application/json"));
        await AssertProblem(answer, 400, where);
    }

    [Fact]
    public async Task A_body_that_is_too_large_is_413_also_when_its_length_is_not_told()
    {
        var large = new byte[ServiceHost.MaxRequestBody + 1];
        Array.Fill(large, (byte)' ');
        await AssertProblem(await PostAsync(new ByteArrayContent(large)), 413, "");
        await AssertProblem(await PostAsync(new StreamContent(new UnknownLength(large))), 413, "");
    }

    [Fact]
    public async Task A_body_of_another_type_is_415()
    {
        var answer = await _service.Public.PostAsync("/echo", new StringContent("name: x", Encoding.UTF8, "application/yaml"));
        await AssertProblem(answer, 415, "the body must be application/json");
    }

    [Fact]
    public async Task A_good_body_is_read()
    {
        var answer = await _service.Public.PostAsJsonAsync("/echo", new { name = "x", age = 3 });
        Assert.Equal("x 3", await answer.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("GET /{0} HTTP/1.1\r\nHost: x\r\n\r\n", 9 * 1024, "414")]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nX-Long: {0}\r\n\r\n", 33 * 1024, "431")]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 0, "400")]
    [InlineData("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n", 0, "400")]
    [InlineData("GET / HTTP/1.1\r\n\r\n", 0, "400")]
    [InlineData("nonsense\r\n\r\n", 0, "400")]
    public async Task What_is_no_request_is_refused_and_the_connection_closed(string request, int length, string status)
    {
        // The end may be a reset: of what was sent, not all was read.
        using var client = await RawClient.ConnectAsync(_service.Public.BaseAddress!.Port);
        await client.SendAsync(request.Replace("{0}", new string('a', length), StringComparison.Ordinal));
        Assert.StartsWith($"HTTP/1.1 {status} ", await client.ReadAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Requests_are_measured_and_probes_are_not()
    {
        await _service.Public.PostAsJsonAsync("/echo", new { name = "x", age = 3 });
        await _service.Management.GetAsync("/healthz/ready");
        // A request is measured at its end, which is after its answer.
        var text = await Eventually.That(() => _service.Management.GetStringAsync("/metrics"), t => t.Contains("http_route=\"/echo\"", StringComparison.Ordinal));
        Assert.Contains("# TYPE http_server_request_duration_seconds histogram\n", text, StringComparison.Ordinal);
        Assert.Matches("http_server_request_duration_seconds_count\\{[^}]*http_route=\"/echo\"[^}]*\\} 1\n", text);
        Assert.DoesNotContain("healthz", text, StringComparison.Ordinal);
        Assert.Contains("# TYPE dotnet_gc_collections_total counter\n", text, StringComparison.Ordinal);
        Assert.Contains("# TYPE kestrel_active_connections gauge\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stop_makes_it_not_ready_at_once_and_lets_requests_in_flight_finish()
    {
        var inFlight = _service.Public.GetAsync("/held");
        await _entered.Task;
        var stopped = _service.App.StopAsync();
        await AssertNotReady("draining: requests in flight are finished, then the service ends\n");

        // Who has not heard of the end yet is served, and told to look elsewhere next time.
        var late = await _service.Public.PostAsJsonAsync("/echo", new { name = "late", age = 1 });
        Assert.Equal("late 1", await late.Content.ReadAsStringAsync());
        Assert.True(late.Headers.ConnectionClose);
        Assert.False(stopped.IsCompleted);

        _held.SetResult();
        Assert.Equal("held", await (await inFlight).Content.ReadAsStringAsync());
        await stopped;
        await Assert.ThrowsAsync<HttpRequestException>(() => _service.Public.GetAsync("/echo"));
    }

    [Fact]
    public async Task With_a_delay_new_connections_are_taken_until_it_is_over()
    {
        var time = new FakeTimeProvider();
        await using var service = await TestService.StartAsync(Build(TestService.Arguments("--DRAIN_DELAY_SECONDS=5"), time));
        var stopped = service.App.StopAsync();
        await Eventually.True(async () => (await service.Management.GetAsync("/healthz/ready")).StatusCode == HttpStatusCode.ServiceUnavailable);
        for (var i = 0; i < 3; i++)
        {
            // Nothing is in flight in between, and each comes by a connection of its own.
            var late = await service.Public.PostAsJsonAsync("/echo", new { name = "late", age = i });
            Assert.Equal($"late {i}", await late.Content.ReadAsStringAsync());
            Assert.True(late.Headers.ConnectionClose);
            time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.False(stopped.IsCompleted);
        await Eventually.True(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return stopped.IsCompleted;
        });
        await Assert.ThrowsAsync<HttpRequestException>(() => service.Public.GetAsync("/echo"));
    }

    [Theory]
    [InlineData("--PORT=x", "PORT is 'x': set it to a number from 0 to 65535")]
    [InlineData("--LISTEN_ADDRESS=here", "LISTEN_ADDRESS is 'here'")]
    [InlineData("--AUTH:JWKSURI=/keys", "AUTH__JWKSURI is '/keys'")]
    [InlineData("--AUTH:ISSUER=http://a", "AUTH__AUDIENCE is not set while AUTH__ISSUER is")]
    [InlineData("--AUTH:ALGORITHMS=HS256", "AUTH__ALGORITHMS names HS256")]
    [InlineData("--LOG_LEVEL=loud", "LOG_LEVEL is 'loud'")]
    [InlineData("--LOG_FORMAT=JSON", "LOG_FORMAT is 'JSON': choose from json, text")]
    [InlineData("--OTEL_EXPORTER_OTLP_PROTOCOL=http/json", "OTEL_EXPORTER_OTLP_PROTOCOL is 'http/json': choose from grpc, http/protobuf")]
    [InlineData("--OTEL_EXPORTER_OTLP_ENDPOINT=collector", "OTEL_EXPORTER_OTLP_ENDPOINT is 'collector'")]
    public void What_the_service_cannot_start_with_is_named(string argument, string message)
    {
        var refused = Assert.Throws<ConfigurationException>(() => Build(TestService.Arguments(argument)));
        Assert.StartsWith(message, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bad_environment_and_a_taken_port_end_with_2()
    {
        Assert.Equal(2, await ServiceHost.RunAsync(() => Build(TestService.Arguments("--PORT=x"))));
        Assert.Equal(2, await ServiceHost.RunAsync(() => Build(TestService.Arguments($"--PORT={_service.Public.BaseAddress!.Port}"))));
    }

    private WebApplication Build(string[] args, TimeProvider? time = null)
    {
        var builder = ServiceHost.CreateBuilder(args, new ServiceDefaults("test", 8001, HttpProtocols.Http1));
        if (time is not null)
            builder.Services.AddSingleton(time);
        builder.Services.AddSingleton<IReadinessCheck>(_check);
        var app = builder.Build();
        app.MapPost("/echo", async context =>
        {
            if (await JsonBody.ReadAsync(context, TestJson.Default.Person) is { } person)
                await context.Response.WriteAsync($"{person.Name} {person.Age}");
        });
        app.MapGet("/fault", (RequestDelegate)(_ => throw new InvalidOperationException("secret")));
        app.MapGet("/gone", (RequestDelegate)(_ => throw new DependencyUnavailableException("users", "users does not answer")));
        app.MapGet("/held", async context =>
        {
            _entered.SetResult();
            await _held.Task;
            await context.Response.WriteAsync("held");
        });
        return app;
    }

    private Task<HttpResponseMessage> PostAsync(HttpContent content)
    {
        content.Headers.ContentType = new("application/json");
        // The client asks first: it would lose the answer with the connection, did it still send.
        return _service.Public.SendAsync(new HttpRequestMessage(HttpMethod.Post, "/echo") { Content = content, Headers = { ExpectContinue = true } });
    }

    private async Task AssertNotReady(string lines)
    {
        var answer = await _service.Management.GetAsync("/healthz/ready");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Equal(lines, await answer.Content.ReadAsStringAsync());
    }

    private static async Task AssertProblem(HttpResponseMessage answer, int status, string detail)
    {
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal(status, problem.GetProperty("status").GetInt32());
        Assert.Contains(detail, problem.GetProperty("detail").GetString()!, StringComparison.Ordinal);
        Assert.Matches("^[0-9a-f]{32}$", problem.GetProperty("traceId").GetString()!);
    }

    internal sealed record Person(string Name, int Age);

    [JsonSourceGenerationOptions(JsonSerializerDefaults.Web, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
    [JsonSerializable(typeof(Person))]
    private sealed partial class TestJson : JsonSerializerContext;

    private sealed class SettableCheck : IReadinessCheck
    {
        public Func<Readiness> Answer { get; set; } = () => Readiness.Ready;

        public string Name => "thing";

        public ValueTask<Readiness> CheckAsync(CancellationToken stop) => new(Answer());
    }

    private sealed class UnknownLength(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }
}
