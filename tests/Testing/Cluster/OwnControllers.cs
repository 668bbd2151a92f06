using Fleet.Kubernetes;
using Fleet.Local.Controllers;
using Microsoft.Extensions.Logging;

namespace Fleet.Testing;

/// <summary>The controllers of <c>fleet up</c>, beside any API server.</summary>
internal sealed class OwnControllers : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly ApiClient _api;
    private readonly Task _work;

    /// <summary>Starts them.</summary>
    public OwnControllers(string kubeconfig, ILoggerFactory logs)
    {
        _api = new(ClusterConfig.Load(kubeconfig), new ApiClientOptions { UserAgent = "fleet-controllers", FieldManager = "fleet-controllers" });
        _work = new LocalControllers(_api, TimeProvider.System, logs).RunAsync(_stop.Token);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _work;
        _api.Dispose();
        _stop.Dispose();
    }
}
