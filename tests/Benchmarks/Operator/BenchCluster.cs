using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Testing;

namespace Fleet.Benchmarks.Operator;

/// <summary>A fresh control plane with the CRD, and who works on it: the user who applies apps, and the client that makes objects without an operator.</summary>
internal sealed class BenchCluster : IAsyncDisposable
{
    /// <summary>How the audit log shows the user.</summary>
    public const string UserAgent = "bench-user";

    /// <summary>How the audit log shows the client without an operator.</summary>
    public const string BareAgent = "bench-bare";

    private BenchCluster(ControlPlane plane, ServerVersion version)
    {
        (Plane, Version) = (plane, version);
        User = plane.CreateClient(UserAgent);
    }

    /// <summary>The control plane.</summary>
    public ControlPlane Plane { get; }

    /// <summary>Its version.</summary>
    public ServerVersion Version { get; }

    /// <summary>The user's client.</summary>
    public ApiClient User { get; }

    /// <summary>Starts one.</summary>
    /// <param name="run">Which is told the version.</param>
    /// <param name="controllers">Whether Kubernetes' own controllers and scheduler run; without them nothing but the operator and the API server is at work.</param>
    public static async Task<BenchCluster> StartAsync(BenchmarkRun run, bool controllers)
    {
        var plane = await ControlPlane.StartAsync();
        using var client = plane.CreateClient(UserAgent);
        var version = await client.GetVersionAsync(CancellationToken.None);
        run.Kubernetes = version.GitVersion;
        var kubectl = plane.Kubectl();
        await kubectl.ApplyAsync(await File.ReadAllTextAsync(RepositoryRoot.Combine("crds", "microserviceapps.yaml")), validate: version.AtLeast(1, 25));
        await Eventually.True(async () => (await kubectl.TryAsync(["get", MicroserviceApp.Resource.Plural])).ExitCode == 0);
        if (!controllers)
        {
            await plane.StopAsync(ControlPlanePart.Scheduler);
            await plane.StopAsync(ControlPlanePart.Controllers);
        }

        return new(plane, version);
    }

    /// <summary>Makes the namespaces of so many apps.</summary>
    public Task MakeNamespacesAsync(int count, CancellationToken stop, int from = 0) => Parallel.ForAsync(from, from + count, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = stop }, async (i, token) =>
        await User.CreateAsync(KubeObject.From(Resources.Namespaces, new() { ["metadata"] = new System.Text.Json.Nodes.JsonObject { ["name"] = Apps.Namespace(i) } }), token));

    /// <summary>Posts an app as its user does.</summary>
    public Task<KubeObject> PostAsync(int number, CancellationToken stop) => User.CreateAsync(Apps.ToPost(Apps.Namespace(number)), stop);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        User.Dispose();
        await Plane.DisposeAsync();
        Directory.Delete(Plane.Directory, recursive: true);
    }
}
