using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Fleet.SystemTests.Faults;

/// <summary>
/// Two hundred apps that change all the time, with a few requests that go wrong: for minutes, and the operator's memory, handles and threads stay as they are. FLEET_SOAK_MINUTES is for
/// how long, 20 when not set; FLEET_FAULT_SEED the seed.
/// </summary>
[Trait("Needs", "Time")]
public class SoakTests(ITestOutputHelper output) : AppTest(output)
{
    private const int Apps = 200;
    private const int Samples = 240;
    private const double FaultRate = 0.01;
    private const double MiB = 1 << 20;

    // As fast as two cores keep up with, the control plane and its controllers included.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(300);

    private readonly Gauge[] _gauges =
    [
        new("resident memory, MiB", tolerance: 4), new("managed heap, MiB", tolerance: 2), new("open handles", tolerance: 4), new("threads", tolerance: 4),
    ];

    [Fact]
    public async Task Two_hundred_apps_that_change_leave_nothing_behind()
    {
        if (!ControlPlane.IsEmbedded && !OperatorAccount.CanBeHad)
            return;
        var length = TimeSpan.FromMinutes(double.Parse(Environment.GetEnvironmentVariable("FLEET_SOAK_MINUTES") is { Length: > 0 } minutes ? minutes : "20", CultureInfo.InvariantCulture));
        var seed = Storms.Seeds(1)[0];
        Report($"seed {seed}");
        await using var proxy = await ApiFaultProxy.StartAsync(OperatorKubeconfig, Namespace, new(seed, FaultRate));
        var process = await StartOperatorAsync(o => o with { Kubeconfig = proxy.KubeconfigFor("soak") });
        await Parallel.ForAsync(0, Apps, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (i, _) => await ApplyAsync(i, new Random(i)));
        await AllReadyAsync();

        using (var stop = new CancellationTokenSource())
        {
            var changing = ChangeAsync(new Random(seed), stop.Token);
            await MeasureAsync(process, length);
            await stop.CancelAsync();
            Report($"{await changing} changes, {proxy.Committed.Values.Sum()} faults");
        }

        proxy.Calm();
        await AllReadyAsync();
        Assert.False(process.HasExited);
        var judged = _gauges.Select(g => g.Judge()).ToList();
        judged.ForEach(j => Report(j.Words));
        Assert.DoesNotContain(judged, j => j.Grown);
    }

    private async Task MeasureAsync(OperatorProcess process, TimeSpan length)
    {
        var began = Stopwatch.GetTimestamp();
        using var timer = new PeriodicTimer(length / Samples);
        for (var i = 0; i < Samples && await timer.WaitForNextTickAsync(); i++)
        {
            var metrics = await process.MetricsAsync();
            double[] sample =
            [
                metrics["process_resident_memory_bytes"] / MiB, metrics["dotnet_gc_heap_bytes"] / MiB,
                Directory.GetFileSystemEntries($"/proc/{process.Id}/fd").Length, Directory.GetDirectories($"/proc/{process.Id}/task").Length,
            ];
            foreach (var (gauge, value) in _gauges.Zip(sample))
                gauge.Add(value);
            if (i % (Samples / 20) == 0)
                Report(string.Create(CultureInfo.InvariantCulture, $"{Stopwatch.GetElapsedTime(began).TotalMinutes:0.0} min: {string.Join(", ", sample.Select(v => v.ToString("0.#", CultureInfo.InvariantCulture)))}, {metrics.Where(m => m.Key.StartsWith("fleet_cache_objects", StringComparison.Ordinal)).Sum(m => m.Value)} objects in caches"));
        }
    }

    // The world stays as large as it is: what comes goes again, and a Deployment keeps a ReplicaSet for each of few pod templates.
    private async Task<int> ChangeAsync(Random dice, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(Pause);
        for (var changes = 0; ; changes++)
        {
            try
            {
                await timer.WaitForNextTickAsync(stop);
            }
            catch (OperationCanceledException)
            {
                return changes;
            }

            var app = dice.Next(Apps);
            if (dice.Next(4) > 0)
                await ApplyAsync(app, dice);
            else if (dice.Next(3) > 0)
                await ForeignHand.ChangeAsync(Api, Namespace, Name(app), dice);
            else
                await ForeignHand.DeleteAsync(Api, Namespace, Name(app), dice);
        }
    }

    private Task ApplyAsync(int number, Random dice)
    {
        var app = (JsonObject)Yaml.ParseOne(Shop);
        app["metadata"] = new JsonObject { ["name"] = Name(number), ["namespace"] = Namespace };
        var (spec, services) = (app["spec"]!, app["spec"]!["services"]!.AsArray());
        services[0]!["env"] = new JsonArray(new JsonObject { ["name"] = "SETTING", ["value"] = dice.Next(2).ToString(CultureInfo.InvariantCulture) });
        spec["gateway"]!["replicas"] = dice.Next(1, 3);
        if (dice.Next(4) == 0)
            services.RemoveAt(2);
        return Api.ApplyAsync(KubeObject.From(MicroserviceApp.Resource, app), CancellationToken.None);
    }

    private static string Name(int number) => $"app{number}";

    private Task AllReadyAsync() => Eventually.That(
        async () =>
        {
            var ready = 0;
            await foreach (var page in Api.ListAsync(MicroserviceApp.Type, new(Namespace), CancellationToken.None))
                ready += page.Items.Count(StormRun.IsReady);
            return ready;
        },
        ready => ready == Apps,
        TimeSpan.FromMinutes(6),
        ready => $"{ready} of {Apps} apps Ready");

    private void Report(string line) => Storms.Report(Output, line);
}
