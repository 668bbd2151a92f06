using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Fleet.Apps;

/// <summary>What a Deployment is built from: a service or the gateway, reduced to what they have in common.</summary>
internal sealed record Workload
{
    internal required EffectiveApp App { get; init; }

    /// <summary>The service's name, which is the container's too.</summary>
    internal required string Name { get; init; }

    internal required string Image { get; init; }

    internal string? ImagePullPolicy { get; init; }

    /// <summary>The bundled program, whose management port and file system are known; null for a custom image.</summary>
    internal required Bundled? Bundled { get; init; }

    internal required EffectiveScale Scale { get; init; }

    /// <summary>The named ports of the container.</summary>
    internal required ImmutableArray<(string Name, int Port)> Ports { get; init; }

    internal required EffectiveProbe Probe { get; init; }

    internal JsonArray? Command { get; init; }

    internal JsonArray? Args { get; init; }

    /// <summary>The operator's variables, before the user's.</summary>
    internal required ImmutableArray<(string Name, string Value)> Variables { get; init; }

    internal IReadOnlyList<EnvVar> UserVariables { get; init; } = [];

    internal JsonArray? EnvFrom { get; init; }

    internal JsonObject? Resources { get; init; }

    /// <summary>The pod's volumes and the container's mounts.</summary>
    internal ImmutableArray<(JsonObject Volume, JsonObject Mount)> Volumes { get; init; } = [];

    internal bool HasClaim { get; init; }

    internal bool Recreate { get; init; }

    internal RolloutStrategy? Strategy { get; init; }

    internal JsonObject? Overlay { get; init; }

    internal static Workload Of(EffectiveApp app, EffectiveService s) => new()
    {
        App = app,
        Name = s.Name,
        Image = s.Image,
        ImagePullPolicy = s.Spec.ImagePullPolicy?.ToString(),
        Bundled = s.Bundled,
        Scale = s.Scale,
        Ports = [(Names.MainPort, s.TargetPort), .. (s.Spec.ExtraPorts ?? []).Select(p => (p.Name, p.Port))],
        Probe = s.Probe,
        Command = Json.Strings(s.Spec.Command),
        Args = Json.Strings(s.Spec.Args),
        Variables = Environments.Of(app, s),
        UserVariables = s.Spec.Env ?? [],
        EnvFrom = Node(s.Spec.EnvFrom) as JsonArray,
        Resources = Node(s.Spec.Resources) as JsonObject,
        Volumes = [.. (s.Spec.Volumes ?? []).Select(PodVolumes.Of), .. PodVolumes.Bundled(s)],
        HasClaim = s.Recreate,
        Recreate = s.Recreate,
        Strategy = s.Spec.Strategy,
        Overlay = s.Spec.PodTemplate,
    };

    internal static Workload Of(EffectiveApp app, EffectiveGateway gateway) => new()
    {
        App = app,
        Name = Names.Gateway,
        Image = gateway.Image,
        Bundled = gateway.Bundled,
        Scale = gateway.Scale,
        Ports = [(Names.MainPort, EffectiveGateway.ContainerPort), .. gateway.TlsSecret is null ? Array.Empty<(string, int)>() : [(Names.TlsPort, EffectiveGateway.TlsContainerPort)]],
        Probe = new(ProbeMode.Tcp),
        Variables = Environments.Of(app, gateway),
        Resources = Node(gateway.Spec.Resources) as JsonObject,
        Volumes = PodVolumes.Of(app, gateway),
    };

    private static JsonNode? Node<T>(T? value) =>
        value is null ? null : JsonSerializer.SerializeToNode(value, AppsJson.Default.GetTypeInfo(typeof(T))!);
}
