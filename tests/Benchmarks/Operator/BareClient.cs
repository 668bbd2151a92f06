using System.Threading.Channels;
using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Testing;

namespace Fleet.Benchmarks.Operator;

/// <summary>The floor: a client that is told of every app and makes the objects that the operator would, as many at once, and does nothing else.</summary>
internal static class BareClient
{
    // As the operator's: OperatorHost.
    private const int Concurrency = 16;

    /// <summary>A client as the operator has one, under a name of its own.</summary>
    public static ApiClient Connect(BenchCluster cluster) => new(
        ClusterConfig.Load(cluster.Plane.AdminKubeconfig), new() { UserAgent = BenchCluster.BareAgent, FieldManager = BenchCluster.BareAgent, MaxConcurrency = Concurrency });

    /// <summary>Makes the objects of an app, all at once.</summary>
    public static Task MakeChildrenAsync(ApiClient client, BenchCluster cluster, KubeObject app, CancellationToken stop) =>
        Task.WhenAll(Apps.ChildrenOf(Apps.App(app.Metadata.Namespace!, app.Metadata.Uid!), cluster.Version).Select(child => client.CreateAsync(child, stop)));

    /// <summary>Posts apps and makes their objects; returns when the last is made.</summary>
    /// <returns>The timeline, and what this process used.</returns>
    public static async Task<(Timeline Timeline, TimeSpan Cpu)> MakeAsync(BenchCluster cluster, int count, CancellationToken stop)
    {
        await cluster.MakeNamespacesAsync(count, stop);
        using var client = Connect(cluster);
        await client.GetVersionAsync(stop); // connected, as the operator is
        var start = await cluster.Plane.AuditLog.NowAsync();
        var cpu = Environment.CpuUsage.TotalTime;
        var posted = Channel.CreateUnbounded<KubeObject>();
        var making = Task.Run(async () =>
        {
            var made = new List<Task>();
            await foreach (var app in posted.Reader.ReadAllAsync(stop))
                made.Add(MakeChildrenAsync(client, cluster, app, stop));
            await Task.WhenAll(made);
        }, stop);
        await Applying.AllAsync(cluster, count, posted.Writer, stop);
        posted.Writer.Complete();
        await making;
        cpu = Environment.CpuUsage.TotalTime - cpu;
        return (Timeline.Of(await cluster.Plane.AuditLog.SinceAsync(start), BenchCluster.BareAgent), cpu);
    }
}

/// <summary>A user who applies many apps.</summary>
internal static class Applying
{
    private const int AtOnce = 8;

    /// <summary>Posts so many, eight at once, and tells of each when the server has it.</summary>
    public static Task AllAsync(BenchCluster cluster, int count, ChannelWriter<KubeObject>? posted, CancellationToken stop) =>
        Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = stop }, async (i, token) =>
        {
            var app = await cluster.PostAsync(i, token);
            posted?.TryWrite(app);
        });
}
