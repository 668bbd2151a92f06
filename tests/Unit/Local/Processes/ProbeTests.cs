using System.Collections.Concurrent;
using System.Net;
using Fleet.Local.Processes;
using Fleet.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Fleet.Unit.Local.Processes;

public class ProbeTests
{
    [Fact]
    public void It_takes_several_results_in_a_row_to_change_the_outcome()
    {
        var count = new ProbeCount(new() { SuccessThreshold = 2, FailureThreshold = 3 }, outcome: false);
        var outcomes = new[] { true, false, true, true, false, false, true, false, false, false }.Select(r => { count.Take(r); return count.Outcome; });
        Assert.Equal([false, false, false, true, true, true, true, true, true, false], outcomes);
    }

    [Theory]
    [InlineData("/ok", null)]
    [InlineData("/moved", null)]
    [InlineData("/header", null)]
    [InlineData("/bad", "HTTP probe failed with statuscode: 500")]
    public async Task Http_passes_from_200_to_399(string path, string? failure)
    {
        await using var server = await ServeAsync(HttpProtocols.Http1);
        var result = await Target.HttpGetAsync(
            new() { Path = path, Port = new("web"), HttpHeaders = [new() { Name = "X-Probe", Value = "1" }] }, Container(server), CancellationToken.None);
        Assert.Equal((failure is null, failure ?? ""), (result.Success, result.Message));
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("serving", true)]
    [InlineData("down", false)]
    [InlineData("unknown", false)]
    public async Task Grpc_passes_when_the_service_is_serving(string service, bool passes)
    {
        await using var server = await ServeAsync(HttpProtocols.Http2);
        var result = await Target.CheckAsync(new() { Port = Port(server), Service = service }, CancellationToken.None);
        Assert.Equal(passes, result.Success);
        if (!passes)
            Assert.StartsWith("service unhealthy", result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Probes_start_then_make_ready_and_restart()
    {
        var sink = new Sink();
        var answers = new ConcurrentDictionary<string, int> { ["startup"] = 0, ["live"] = 0, ["ready"] = 0 };
        var container = new Container
        {
            StartupProbe = Exec("startup"), LivenessProbe = Exec("live") with { FailureThreshold = 1 }, ReadinessProbe = Exec("ready"),
        };
        var probes = new ContainerProbes(container, Target, (exec, _) => Task.FromResult((answers[exec.Command[0]], "it says no")), sink, TimeProvider.System);
        using var stop = new CancellationTokenSource();
        var running = probes.RunAsync(stop.Token);
        await Eventually.True(() => sink.Told.Count == 2);
        Assert.Equal(["started", "ready True"], sink.Told);
        answers["live"] = 1;
        await Eventually.True(() => sink.Told.Contains("restart liveness"));
        Assert.Contains("Liveness probe failed: it says no", sink.Told);
        await stop.CancelAsync();
        await running;

        static Probe Exec(string word) => new() { Exec = new() { Command = [word] }, PeriodSeconds = 1 };
    }

    private static ProbeTarget Target { get; } = new(IPAddress.Loopback, PodPorts.Same);

    private static Container Container(WebApplication server) => new() { Ports = [new() { Name = "web", Number = Port(server) }] };

    private static int Port(WebApplication server) => new Uri(server.Urls.First()).Port;

    private static async Task<WebApplication> ServeAsync(HttpProtocols protocols)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, l => l.Protocols = protocols));
        builder.Services.AddRoutingCore();
        var app = builder.Build();
        app.MapGet("/ok", () => "ok");
        app.MapGet("/moved", () => Results.Redirect("/bad"));
        app.MapGet("/bad", () => Results.StatusCode(500));
        app.MapGet("/header", (HttpContext context) => Results.StatusCode(context.Request.Headers["X-Probe"] == "1" ? 200 : 400));
        app.MapPost("/grpc.health.v1.Health/Check", async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            var frame = body.ToArray();
            var service = frame.Length > 7 ? System.Text.Encoding.UTF8.GetString(frame, 7, frame.Length - 7) : "";
            context.Response.ContentType = "application/grpc";
            if (service != "unknown")
                await context.Response.Body.WriteAsync(new byte[] { 0, 0, 0, 0, 2, 8, (byte)(service == "down" ? 2 : 1) });
            context.Response.AppendTrailer("grpc-status", service == "unknown" ? "5" : "0");
        });
        await app.StartAsync();
        return app;
    }

    private sealed class Sink : IProbeSink
    {
        public ConcurrentQueue<string> Told { get; } = new();

        public void Started() => Told.Enqueue("started");

        public void Ready(bool ready) => Told.Enqueue($"ready {ready}");

        public void Unhealthy(string message) => Told.Enqueue(message);

        public void Restart(string probe, long? graceSeconds) => Told.Enqueue($"restart {probe}");
    }
}
