using System.Text;
using BenchmarkDotNet.Attributes;
using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Runtime;

namespace Fleet.Benchmarks.Micro;

/// <summary>Lines of a watch: cut out of what arrives, then read.</summary>
public class WatchLineBenchmarks
{
    private const int Lines = 100;

    private static readonly ResourceKind<KubeObject> Deployments = Kinds.Raw(Resources.Deployments);

    private byte[] _pod = [];
    private byte[] _deployment = [];
    private byte[] _stream = [];

    /// <summary>Makes the lines.</summary>
    [GlobalSetup]
    public void SetUp()
    {
        var shop = new SettledShop();
        _pod = Line(System.Text.Json.JsonSerializer.SerializeToElement(shop.World.Pods[0], KubeJson.Default.Pod).GetRawText());
        _deployment = Line(shop.Deployment.Json.GetRawText());
        _stream = [.. Enumerable.Repeat((byte[])[.. _deployment, (byte)'\n'], Lines).SelectMany(l => l)];
    }

    /// <summary>A pod, typed.</summary>
    [Benchmark]
    public object? Pod() => WatchFrame.Read(_pod, Kinds.Pods, "watch").Object;

    /// <summary>A Deployment, as JSON.</summary>
    [Benchmark]
    public object? Deployment() => WatchFrame.Read(_deployment, Deployments, "watch").Object;

    /// <summary>Lines cut out of a stream, not read; the figure is of one.</summary>
    [Benchmark(OperationsPerInvoke = Lines)]
    public async Task<long> Cut()
    {
        using var stream = new MemoryStream(_stream);
        await using var lines = new WatchLines(stream, 16 << 20, TimeSpan.FromMinutes(5), TimeProvider.System, "watch");
        long length = 0;
        while (await lines.NextAsync(CancellationToken.None) is { } line)
            length += line.Length;
        return length;
    }

    private static byte[] Line(string obj) => Encoding.UTF8.GetBytes($$"""{"type":"MODIFIED","object":{{obj}}}""");
}

/// <summary>A pass over an app to which nothing is to be done, which is what most passes are.</summary>
public class PlannerBenchmarks
{
    private SettledShop _shop = null!;

    /// <summary>Makes the world.</summary>
    [GlobalSetup]
    public void SetUp() => _shop = new();

    /// <summary>What is to be, and the status.</summary>
    [Benchmark]
    public object Plan() => Planner.Plan(_shop.App, _shop.World, Testing.Given.Settings);

    /// <summary>The plan compared with the world.</summary>
    [Benchmark]
    public object Diff() => PlanDiff.Between(_shop.Plan, _shop.World);

    /// <summary>The gateway's routes.json.</summary>
    [Benchmark]
    public object Routes() => RoutesConfig.Render(_shop.Plan.Effective!);
}

/// <summary>The work queue.</summary>
public class QueueBenchmarks
{
    private const int Keys = 1000;

    private static readonly ObjectKey[] Some = [.. Enumerable.Range(0, Keys).Select(i => new ObjectKey("default", $"app-{i}"))];

    private WorkQueue _queue = null!;

    /// <summary>Makes an empty one.</summary>
    [GlobalSetup]
    public void SetUp() => _queue = new(TimeProvider.System);

    /// <summary>Gives it back.</summary>
    [GlobalCleanup]
    public void CleanUp() => _queue.Dispose();

    /// <summary>A key added, taken and done; the figure is of one.</summary>
    [Benchmark(OperationsPerInvoke = Keys)]
    public int Pass()
    {
        foreach (var key in Some)
            _queue.Add(key);
        var taken = 0;
        while (_queue.TryTake(out var key))
        {
            _queue.Done(key);
            taken++;
        }

        return taken;
    }

    /// <summary>A key put off, then wanted at once, as after a change; the figure is of one.</summary>
    [Benchmark(OperationsPerInvoke = Keys)]
    public int Delayed()
    {
        foreach (var key in Some)
            _queue.AddAfter(key, TimeSpan.FromHours(1));
        return Pass();
    }
}
