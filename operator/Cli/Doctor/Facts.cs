using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Kubernetes;

namespace Fleet.Cli;

/// <summary>Everything that was read about one app before it is judged: values, as of one moment.</summary>
internal sealed record Facts
{
    /// <summary>The app.</summary>
    internal required MicroserviceApp App { get; init; }

    /// <summary>The objects with the app's label, as the server sent them.</summary>
    internal ImmutableArray<KubeObject> Objects { get; init; } = [];

    /// <summary>The Events about the app and its objects, the oldest first.</summary>
    internal ImmutableArray<AppEvent> Events { get; init; } = [];

    /// <summary>Leases of operators, of any namespace that may be read; null when none may.</summary>
    internal ImmutableArray<Lease>? Leases { get; init; }

    /// <summary>Nodes; null when they may not be read.</summary>
    internal ImmutableArray<KubeObject>? Nodes { get; init; }

    /// <summary>Names of the namespace's Secrets; null when they may not be read. Their data is never asked for.</summary>
    internal ImmutableHashSet<string>? Secrets { get; init; }

    /// <summary>Admission webhook configurations; empty when they may not be read.</summary>
    internal ImmutableArray<KubeObject> Webhooks { get; init; } = [];

    /// <summary>The time, by this machine's clock.</summary>
    internal required DateTimeOffset Now { get; init; }

    /// <summary>How this program is called in commands that are printed.</summary>
    internal string Program { get; init; } = "fleet";

    /// <summary>The app's name.</summary>
    internal string Name => App.Metadata.Name;

    /// <summary>The app's namespace.</summary>
    internal string Namespace => App.Metadata.Namespace ?? "default";

    /// <summary>kubectl in the app's namespace.</summary>
    internal string Kubectl => $"kubectl -n {Namespace}";

    /// <summary>A condition of the app, or null.</summary>
    internal AppCondition? Condition(string type) => App.Status?.Conditions.FirstOrDefault(c => c.Type == type);

    /// <summary>The services of the table, the gateway last.</summary>
    internal IReadOnlyList<ServiceState> Services => App.Status?.Services ?? [];

    /// <summary>Where a service's fields are in the spec.</summary>
    internal static string PathOf(string service) => service == Names.Gateway ? "spec.gateway" : $"spec.services[{service}]";

    /// <summary>What the spec says of a service; null for the gateway.</summary>
    internal ServiceSpec? SpecOf(string service) => App.Spec.Services?.FirstOrDefault(s => s.Name == service);

    /// <summary>A service's Deployment, or null.</summary>
    internal KubeObject? DeploymentOf(string service) =>
        Objects.FirstOrDefault(o => o.Resource.Kind == "Deployment" && o.Metadata.Label(Keys.Service) == service);

    /// <summary>A service's pods that are to stay, those that are not ready first, newer ones before older ones.</summary>
    internal IEnumerable<KubeObject> PodsOf(string service) => Objects
        .Where(o => o.Resource.Kind == "Pod" && o.Metadata.Label(Keys.Service) == service && o.Metadata.DeletionTimestamp is null)
        .OrderBy(o => PodState.Of(o).IsReady).ThenByDescending(o => o.Metadata.CreationTimestamp).ThenBy(o => o.Metadata.Name, StringComparer.Ordinal);

    /// <summary>The warnings about an object, the newest first, one per reason.</summary>
    internal IEnumerable<AppEvent> Warnings(KubeObject about) => Events
        .Where(e => e.IsWarning && (e.Uid == about.Metadata.Uid || (e.Uid is null && e.Name == about.Metadata.Name && e.Kind == about.Resource.Kind)))
        .Reverse().DistinctBy(e => e.Reason);

    /// <summary>The pod template of a service's Deployment; empty when there is none.</summary>
    internal JsonObject TemplateOf(string service) =>
        DeploymentOf(service)?.Json.At("spec", "template") is { ValueKind: JsonValueKind.Object } template ? JsonObject.Create(template.Clone())! : [];
}
