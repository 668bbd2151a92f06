using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Fleet.Hosting;

/// <summary>What a service is when its environment says nothing.</summary>
/// <param name="Name">Its name in logs and telemetry: <c>users</c>.</param>
/// <param name="Port">The port it serves on when <c>PORT</c> is not set.</param>
/// <param name="Protocols">What it speaks on that port, in clear text.</param>
public sealed record ServiceDefaults(string Name, int Port, HttpProtocols Protocols)
{
    /// <summary>
    /// Opens the public endpoints instead of the one plain endpoint on <see cref="ServiceEnvironment.Port"/>; for a service that has more than one, or
    /// TLS. The management endpoint and all limits are set in either case.
    /// </summary>
    public Action<KestrelServerOptions, ServiceEnvironment>? Listen { get; init; }
}
