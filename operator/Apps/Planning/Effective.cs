using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace Fleet.Apps;

/// <summary>
/// A spec with every default filled in: what all builders, rules and status read, so that a default is decided once.
/// It is made in memory and never written back. A spec that breaks rules still becomes one; the rules ask it too.
/// </summary>
public sealed record EffectiveApp
{
    /// <summary>The app as it was written.</summary>
    public required MicroserviceApp App { get; init; }

    /// <summary>The services, in the order of the spec.</summary>
    public required ImmutableArray<EffectiveService> Services { get; init; }

    /// <summary>The bundled gateway, or null.</summary>
    public required EffectiveGateway? Gateway { get; init; }

    /// <summary>The Gateway of the Gateway API that takes the routes in place of a bundled one, or null.</summary>
    public ParentReference? Parent => App.Spec.Gateway is { Mode: GatewayMode.GatewayApi, ParentRef: { } parent } ? parent : null;

    /// <summary>The service that issues tokens, or null. Its tokens are the app's unless <see cref="TokenIssuer.Issuer"/> names another issuer.</summary>
    public required EffectiveService? Issuer { get; init; }

    /// <summary>The issuer of the spec's own words, or null.</summary>
    public TokenIssuer? ForeignIssuer => App.Spec.Gateway?.Auth is { Issuer: not null } foreign ? foreign : null;

    /// <summary>Whether anybody issues the app's tokens.</summary>
    public bool HasIssuer => Issuer is not null || ForeignIssuer is not null;

    /// <summary>Seconds without progress after which a service is Stalled.</summary>
    public int ProgressDeadlineSeconds => App.Spec.ProgressDeadlineSeconds ?? 600;

    /// <summary>The app's name.</summary>
    public string Name => App.Metadata.Name;

    /// <summary>The app's namespace.</summary>
    public string Namespace => App.Metadata.Namespace ?? "default";

    /// <summary>Fills in the defaults.</summary>
    public static EffectiveApp Of(MicroserviceApp app, OperatorSettings settings)
    {
        var spec = app.Spec;
        var issuer = spec.Services.FirstOrDefault(s => Bundled.Of(s.Name, s.Image, settings)?.IssuesTokens == true)?.Name;
        var hasIssuer = issuer is not null || spec.Gateway?.Auth?.Issuer is not null;
        var services = spec.Services.Select(s => Service(app, s, settings, hasIssuer)).ToImmutableArray();
        return new()
        {
            App = app,
            Services = services,
            Gateway = spec.Gateway is { Mode: not GatewayMode.GatewayApi } gateway ? EffectiveGateway.Of(gateway, settings) : null,
            Issuer = services.FirstOrDefault(s => s.Name == issuer),
        };
    }

    private static EffectiveService Service(MicroserviceApp app, ServiceSpec s, OperatorSettings settings, bool hasIssuer)
    {
        var defaults = app.Spec.Defaults;
        var bundled = Bundled.Of(s.Name, s.Image, settings);
        var dependsOn = s.DependsOn ?? bundled?.DependsOn.Where(d => d != s.Name && app.Spec.Services.Any(o => o.Name == d)) ?? [];
        var grpcServices = s.Protocol == ServiceProtocol.Grpc ? s.Grpc?.Services ?? bundled?.GrpcServices ?? [] : [];
        var active = s.State != ServiceActivity.Inactive;
        return new()
        {
            Spec = s,
            Bundled = bundled,
            Image = s.Image ?? bundled?.Image(settings) ?? "",
            Active = active,
            Scale = EffectiveScale.Of(active, s.Autoscaling, s.Replicas ?? defaults?.Replicas),
            TargetPort = s.TargetPort ?? s.Port,
            DependsOn = [.. dependsOn],
            GrpcServices = [.. grpcServices],
            Headless = s.Protocol == ServiceProtocol.Grpc && s.Grpc?.LoadBalancing != GrpcLoadBalancing.PerConnection,
            Probe = EffectiveProbe.Of(s),
            RestartOnConfigChange = defaults?.RestartOnConfigChange ?? true,
            Recreate = s.Volumes?.Any(v => v.PersistentVolumeClaim is not null) == true,
            Route = app.Spec.Gateway is { } gateway && active && s.Route?.Enabled != false
                ? EffectiveRoute.Of(s, gateway, grpcServices, bundled, hasIssuer)
                : null,
        };
    }
}

/// <summary>A service with every default filled in.</summary>
public sealed record EffectiveService
{
    /// <summary>The service as it was written.</summary>
    public required ServiceSpec Spec { get; init; }

    /// <summary>The bundled program it runs, or null for a custom image.</summary>
    public required Bundled? Bundled { get; init; }

    /// <summary>The image; empty only in a spec that breaks the rules.</summary>
    public required string Image { get; init; }

    /// <summary>Whether it is to run.</summary>
    public required bool Active { get; init; }

    /// <summary>How many pods are wanted once the start gate is open.</summary>
    public required EffectiveScale Scale { get; init; }

    /// <summary>The port the container listens on.</summary>
    public required int TargetPort { get; init; }

    /// <summary>The services it calls.</summary>
    public required ImmutableArray<string> DependsOn { get; init; }

    /// <summary>The gRPC services that are routed.</summary>
    public required ImmutableArray<string> GrpcServices { get; init; }

    /// <summary>Whether its Service has no address of its own, so that clients see every pod.</summary>
    public required bool Headless { get; init; }

    /// <summary>How readiness is told.</summary>
    public required EffectiveProbe Probe { get; init; }

    /// <summary>Whether a change of a referenced ConfigMap or Secret rolls the pods.</summary>
    public required bool RestartOnConfigChange { get; init; }

    /// <summary>Whether the old pod must be gone before the new one starts: two pods cannot share most claims.</summary>
    public required bool Recreate { get; init; }

    /// <summary>The route from the gateway, or null.</summary>
    public required EffectiveRoute? Route { get; init; }

    /// <summary>The service's name.</summary>
    public string Name => Spec.Name;

    /// <summary>Whether its data is lost with the pod: it keeps some, has no database and no volume for it.</summary>
    public bool LosesData => Bundled?.KeepsData == true && !HasDatabase && !HasDataVolume;

    /// <summary>Whether a volume is mounted where a bundled program keeps its data.</summary>
    public bool HasDataVolume => Spec.Volumes?.Any(v => v.MountPath.TrimEnd('/') == "/data") == true;

    /// <summary>Whether a database is configured, or may be, by a source whose keys are not in the spec.</summary>
    public bool HasDatabase => Spec.Env?.Any(e => e.Name == "ConnectionStrings__Default") == true || Spec.EnvFrom is { Count: > 0 };
}

/// <summary>How many pods are wanted.</summary>
/// <param name="Replicas">The number; with autoscaling the least.</param>
/// <param name="Autoscaling">What the number follows, or null when it is fixed.</param>
/// <param name="IsStated">Whether the spec says the number, as against the default.</param>
public sealed record EffectiveScale(int Replicas, AutoscalingSpec? Autoscaling, bool IsStated)
{
    /// <summary>How many pods there may be.</summary>
    public int Most => Autoscaling?.MaxReplicas ?? Replicas;

    internal static EffectiveScale Of(bool active, AutoscalingSpec? autoscaling, int? replicas) => (active, autoscaling) switch
    {
        (false, _) => new(0, null, true),
        (_, null) => new(replicas ?? 1, null, replicas is not null),
        (_, { } follows) => new(follows.MinReplicas ?? 1, follows, true),
    };
}

/// <summary>How readiness is told, with the protocol's default filled in.</summary>
/// <param name="Mode">Http, Grpc, Tcp or None; never Auto.</param>
/// <param name="Path">The path, for Http.</param>
public sealed record EffectiveProbe(ProbeMode Mode, string? Path = null)
{
    internal static EffectiveProbe Of(ServiceSpec s) => (s.Probes?.Mode ?? ProbeMode.Auto) switch
    {
        ProbeMode.Auto when s.Probes?.Path is { } path => new(ProbeMode.Http, path),
        ProbeMode.Auto => new(s.Protocol == ServiceProtocol.Grpc ? ProbeMode.Grpc : ProbeMode.Tcp),
        ProbeMode.Http => new(ProbeMode.Http, s.Probes?.Path ?? "/"),
        var mode => new(mode),
    };
}

/// <summary>A route with the defaults of the service and the gateway filled in.</summary>
public sealed record EffectiveRoute
{
    /// <summary>The host names it answers to; empty means any.</summary>
    public required ImmutableArray<string> Hostnames { get; init; }

    /// <summary>The path prefixes, without a slash at the end (the root is empty). A gRPC service has one per gRPC service.</summary>
    public required ImmutableArray<string> Prefixes { get; init; }

    /// <summary>The prefix that is taken off, or null.</summary>
    public string? Strip { get; init; }

    /// <summary>Whether the gateway asks for a token.</summary>
    public required RouteAuth Auth { get; init; }

    /// <summary>Whether a request without a token passes.</summary>
    public bool Public => Auth != RouteAuth.Required;

    /// <summary>Seconds until the answer must have begun.</summary>
    public required int TimeoutSeconds { get; init; }

    /// <summary>How often a request is tried again.</summary>
    public required int Retries { get; init; }

    /// <summary>The limit for each subject or peer, or null.</summary>
    public RateLimit? RateLimit { get; init; }

    internal static EffectiveRoute? Of(ServiceSpec s, GatewaySpec gateway, IEnumerable<string> grpcServices, Bundled? bundled, bool hasIssuer)
    {
        var prefix = (s.Route?.PathPrefix ?? $"/{s.Name}").TrimEnd('/');
        ImmutableArray<string> prefixes = s.Protocol == ServiceProtocol.Grpc ? [.. grpcServices.Select(g => $"/{g}")] : [prefix];
        return prefixes.IsEmpty ? null : new()
        {
            Hostnames = [.. s.Route?.Hostnames ?? gateway.Hostnames ?? []],
            Prefixes = prefixes,
            Strip = s.Route?.StripPrefix == true && s.Protocol != ServiceProtocol.Grpc && prefix.Length > 0 ? prefix : null,
            Auth = s.Route?.Auth ?? (hasIssuer && bundled?.IssuesTokens != true ? RouteAuth.Required : RouteAuth.None),
            TimeoutSeconds = s.Route?.TimeoutSeconds ?? 30,
            Retries = s.Route?.Retries ?? 1,
            RateLimit = s.Route?.RateLimit,
        };
    }
}

/// <summary>The gateway with every default filled in.</summary>
public sealed record EffectiveGateway
{
    /// <summary>The port the gateway's container listens on: an unprivileged one, whatever the Service's port is.</summary>
    public const int ContainerPort = 8080;

    /// <summary>The port of its container where TLS is spoken.</summary>
    public const int TlsContainerPort = 8443;

    /// <summary>The port of its Service where TLS is spoken.</summary>
    public const int TlsPort = 443;

    /// <summary>The gateway as it was written.</summary>
    public required GatewaySpec Spec { get; init; }

    /// <summary>The bundled program when the image is ours, else null.</summary>
    public required Bundled? Bundled { get; init; }

    /// <summary>The image.</summary>
    public required string Image { get; init; }

    /// <summary>The Service's port.</summary>
    public int Port => Spec.Port ?? 80;

    /// <summary>How many pods are wanted.</summary>
    public required EffectiveScale Scale { get; init; }

    /// <summary>The Secret with its certificate; null without TLS.</summary>
    public string? TlsSecret => Spec.Tls?.SecretName;

    /// <summary>Whether the pods watch their routes through the API server.</summary>
    public required bool LiveRoutes { get; init; }

    internal static EffectiveGateway Of(GatewaySpec spec, OperatorSettings settings)
    {
        // A gateway image of one's own is still expected to be a gateway: probes, ports and files are the same.
        var bundled = Bundled.Named(Names.Gateway)!;
        return new()
        {
            Spec = spec,
            Bundled = bundled,
            Image = spec.Image ?? bundled.Image(settings),
            Scale = EffectiveScale.Of(active: true, spec.Autoscaling, spec.Replicas),
            LiveRoutes = settings.GatewayRbac && spec.LiveRoutes != false,
        };
    }
}
