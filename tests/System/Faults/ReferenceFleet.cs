using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Testing;

namespace Fleet.SystemTests.Faults;

/// <summary>The same apps where nothing goes wrong: one operator, straight at the server, in a namespace of its own. It says what a run has to end with.</summary>
internal sealed class ReferenceFleet : IAsyncDisposable
{
    private readonly ApiClient _api;
    private readonly TestNamespace _namespace;
    private readonly OperatorAccount? _account;
    private readonly OperatorProcess _operator;

    private ReferenceFleet(ApiClient api, TestNamespace ns, OperatorAccount? account, OperatorProcess process) =>
        (_api, _namespace, _account, _operator) = (api, ns, account, process);

    /// <summary>Starts it.</summary>
    public static async Task<ReferenceFleet> StartAsync(ControlPlane cluster, ApiClient api)
    {
        var ns = await TestNamespace.CreateAsync(api, "reference");
        var account = OperatorAccount.CanBeHad ? await OperatorAccount.InstallAsync(cluster, api, ns.Name, [ns.Name]) : null;
        var process = await OperatorProcess.StartReadyAsync(new() { Kubeconfig = account?.Kubeconfig ?? cluster.AdminKubeconfig, WatchNamespace = ns.Name, LeaderElect = false });
        return new(api, ns, account, process);
    }

    /// <summary>What these apps own once they are Ready.</summary>
    /// <param name="apps">The apps; no two runs have apps of one name.</param>
    /// <param name="settings">What they refer to.</param>
    public async Task<SortedDictionary<string, string>> EndStateAsync(IReadOnlyCollection<RandomApp> apps, IReadOnlyList<KubeObject> settings)
    {
        foreach (var obj in settings)
            await Insist.OnAsync(() => _api.ApplyAsync(obj, CancellationToken.None));
        foreach (var app in apps)
            await Insist.OnAsync(() => _api.ApplyAsync(app.Manifest(_namespace.Name), CancellationToken.None));
        foreach (var app in apps)
        {
            await Eventually.That(
                () => _api.GetAsync(MicroserviceApp.Type, _namespace.Name, app.Name, CancellationToken.None),
                StormRun.IsReady,
                TimeSpan.FromMinutes(3),
                StormRun.Describe,
                $"{app.Name} is Ready where nothing goes wrong");
        }

        var names = apps.Select(a => a.Name).ToHashSet(StringComparer.Ordinal);
        var state = await Eventually.That(() => OwnedObjects.ReadAsync(_api, _namespace.Name, names.Contains), _ => true, what: "the server, which may just have started, answers");
        foreach (var app in apps)
            await Insist.OnAsync(() => _api.DeleteAsync(MicroserviceApp.Resource, _namespace.Name, app.Name, new(), CancellationToken.None));
        return state;
    }

    /// <summary>The namespace.</summary>
    public string Namespace => _namespace.Name;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _operator.DisposeAsync();
        await _namespace.DisposeAsync();
        if (_account is not null)
            await _account.DisposeAsync();
    }
}

/// <summary>Asks again while a server is away.</summary>
internal static class Insist
{
    /// <summary>Does what may be done twice, until it was done.</summary>
    public static Task OnAsync(Func<Task> what) => Eventually.True(
        async () =>
        {
            try
            {
                await what();
                return true;
            }
            catch (ApiException e) when (e.IsInvalid || (int)e.StatusCode == 400)
            {
                throw new InvalidOperationException($"the test asks for what cannot be: {e.Message}", e);
            }
        },
        TimeSpan.FromSeconds(60));
}
