using Fleet.Local.ApiServer;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fleet.Testing;

/// <summary>What <c>fleet up</c> has in place of a control plane, in this process: the embedded API server and its controllers.</summary>
internal sealed class EmbeddedControlPlane : IAsyncDisposable
{
    private readonly LocalApiServer _server;

    private EmbeddedControlPlane(LocalApiServer server, string kubeconfig) => (_server, Kubeconfig) = (server, kubeconfig);

    /// <summary>The path of the kubeconfig.</summary>
    internal string Kubeconfig { get; }

    /// <summary>Starts one, empty.</summary>
    /// <param name="directory">Where the kubeconfig and the audit log are written.</param>
    internal static async Task<EmbeddedControlPlane> StartAsync(string directory)
    {
        var server = await LocalApiServer.StartAsync(new() { AuditLog = Path.Combine(directory, "audit.log") }, TimeProvider.System, NullLoggerFactory.Instance);
        var kubeconfig = Path.Combine(directory, "admin.kubeconfig");
        await File.WriteAllTextAsync(kubeconfig, server.Kubeconfig);
        return new(server, kubeconfig);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
