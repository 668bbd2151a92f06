using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Testing;
using Xunit.Abstractions;

namespace Fleet.SystemTests;

/// <summary>
/// The frame of a test about apps: the CRD is there, as kubectl applies it from the file, and operators have the rights that the chart gives them in the
/// test's namespace, and no other. The embedded server has no RBAC, and where there is no helm nothing renders the chart: there they may do everything.
/// </summary>
/// <param name="output">Where a test may write.</param>
public abstract class AppTest(ITestOutputHelper output) : SystemTest(output)
{
    /// <summary>The documented table as a manifest: the very file of the examples.</summary>
    protected static readonly string Shop = File.ReadAllText(RepositoryRoot.Combine("crds", "examples", "shop.yaml"));

    private static readonly SemaphoreSlim Gate = new(1);
    private static bool s_installed;
    private OperatorAccount? _account;

    /// <summary>Whether the frame makes the operator's account; false where a test installs the chart itself.</summary>
    protected virtual bool HasAccount => OperatorAccount.CanBeHad;

    /// <inheritdoc/>
    protected override string OperatorKubeconfig => _account?.Kubeconfig ?? base.OperatorKubeconfig;

    /// <inheritdoc/>
    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        if (HasAccount)
            _account = await OperatorAccount.InstallAsync(Cluster, Api, Namespace, [Namespace]);
        await Gate.WaitAsync();
        try
        {
            if (s_installed)
                return;
            await InstallCrdAsync();
            s_installed = true;
        }
        finally
        {
            Gate.Release();
        }
    }

    /// <inheritdoc/>
    public override async Task DisposeAsync()
    {
        try
        {
            await base.DisposeAsync();
        }
        finally
        {
            if (_account is not null)
                await _account.DisposeAsync();
        }
    }

    /// <summary>Applies the CRD; a server before 1.25 does not know its rules, and kubectl would refuse them on its behalf.</summary>
    protected async Task InstallCrdAsync()
    {
        var rules = (await Api.GetVersionAsync(CancellationToken.None)).AtLeast(1, 25);
        await Kubectl.ApplyAsync(await File.ReadAllTextAsync(RepositoryRoot.Combine("crds", "microserviceapps.yaml")), validate: rules);
        // The server has established a kind a moment before it serves it; and kubectl wait fails where a CRD has no conditions yet.
        await Eventually.True(async () => (await Kubectl.TryAsync(["get", MicroserviceApp.Resource.Plural])).ExitCode == 0);
    }

    /// <summary>An app as the server has it.</summary>
    protected Task<MicroserviceApp> AppAsync(string name = "shop") => Api.GetAsync(MicroserviceApp.Type, Namespace, name, CancellationToken.None);

    /// <summary>Waits until an app's status is as wanted, for the newest spec.</summary>
    protected Task<MicroserviceApp> AppWhere(Func<AppStatus, bool> wanted, string name = "shop", TimeSpan? timeout = null) => Eventually.That(
        () => AppAsync(name),
        app => app.Status is { } status && status.ObservedGeneration == app.Metadata.Generation && wanted(status),
        timeout,
        app => System.Text.Json.JsonSerializer.Serialize(app.Status, AppsJson.Default.AppStatus!));

    /// <summary>Waits until an app is Ready for its newest spec.</summary>
    protected Task<MicroserviceApp> ReadyAsync(string name = "shop", TimeSpan? timeout = null) =>
        AppWhere(status => Is(status, Conditions.Ready, ConditionStatus.True), name, timeout);

    /// <summary>Waits until a condition has a status and reason.</summary>
    protected Task<MicroserviceApp> ConditionAsync(string type, ConditionStatus wanted, string reason, string name = "shop", TimeSpan? timeout = null) =>
        AppWhere(status => Is(status, type, wanted) && Of(status, type)!.Reason == reason, name, timeout);

    /// <summary>Applies the shop and waits until it is Ready.</summary>
    protected async Task<MicroserviceApp> ReadyShopAsync(string? manifest = null)
    {
        await Kubectl.ApplyAsync(manifest ?? Shop);
        return await ReadyAsync();
    }

    /// <summary>A child as the server has it, or null.</summary>
    protected Task<KubeObject?> ChildAsync(Resource resource, string name) => Api.FindAsync(Kinds.Raw(resource), Namespace, name, CancellationToken.None);

    /// <summary>A condition of a status, or null.</summary>
    protected static AppCondition? Of(AppStatus status, string type) => status.Conditions.FirstOrDefault(c => c.Type == type);

    /// <summary>Whether a condition has a status, and is about the generation that the status is about.</summary>
    protected static bool Is(AppStatus status, string type, ConditionStatus wanted) =>
        Of(status, type) is { } condition && condition.Status == wanted && condition.ObservedGeneration == status.ObservedGeneration;

    /// <summary>The row of a service.</summary>
    protected static ServiceState Row(MicroserviceApp app, string service) => app.Status!.Services.First(s => s.Name == service);

    /// <summary>What the operators wrote in the test's namespace since then, leases and events apart.</summary>
    protected async Task<IReadOnlyList<AuditEntry>> WritesSinceAsync(AuditPosition start) =>
        [.. (await Cluster.AuditLog.SinceAsync(start)).Where(e => e.IsRealWrite && IsOurs(e))];

    /// <summary>Whether an operator made the request, in the test's namespace.</summary>
    protected bool IsOurs(AuditEntry entry) => entry.UserAgent.StartsWith("fleet-operator/", StringComparison.Ordinal) && entry.ObjectRef?.Namespace == Namespace;
}
