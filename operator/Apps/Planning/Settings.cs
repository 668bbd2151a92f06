using Fleet.Kubernetes;

namespace Fleet.Apps;

/// <summary>What the person who runs the operator chooses for all apps.</summary>
/// <param name="BundledRegistry">The registry and path of the bundled images, without a slash at the end.</param>
/// <param name="BundledTag">The tag of the bundled images. Pinned, an upgrade of the operator changes no pod.</param>
public sealed record OperatorSettings(string BundledRegistry, string BundledTag)
{
    /// <summary>Where the bundled images are published.</summary>
    public const string DefaultRegistry = "ghcr.io/fleet-operator";

    /// <summary>Whether the operator may make Roles and RoleBindings. Without them no gateway watches its routes, whatever an app says.</summary>
    public bool GatewayRbac { get; init; } = true;
}

/// <summary>What the cluster can do beyond the oldest supported one.</summary>
/// <param name="RemovesNested">A server-side apply takes away a field with the objects in it, and leaves no null of them behind (Kubernetes 1.21).</param>
/// <param name="GrpcProbes">The kubelet speaks grpc.health.v1 (Kubernetes 1.24).</param>
/// <param name="EvictsUnready">A disruption budget can let pods go that run and are not ready (Kubernetes 1.27).</param>
/// <param name="SleepHook">A container can sleep before it is stopped without a shell of its own (Kubernetes 1.30).</param>
public sealed record ClusterFeatures(bool RemovesNested, bool GrpcProbes, bool EvictsUnready, bool SleepHook)
{
    /// <summary>Everything: what offline planning assumes.</summary>
    public static readonly ClusterFeatures Current = new(RemovesNested: true, GrpcProbes: true, EvictsUnready: true, SleepHook: true);

    /// <summary>What a server of this version has.</summary>
    public static ClusterFeatures Of(ServerVersion version) => new(
        RemovesNested: version.AtLeast(1, 21),
        GrpcProbes: version.AtLeast(1, 24),
        EvictsUnready: version.AtLeast(1, 27),
        SleepHook: version.AtLeast(1, 30));
}
