using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Apps;

/// <summary>
/// Builds NetworkPolicies from the graph of the app: who may reach a pod is who depends on it. Only what comes in is limited, and by the ports of pods, since
/// a policy is asked after a Service's address was translated; by their names, so that a rollout may move a number and old pods are reached until they end. The
/// kubelet's probes come from the pod's own node, which policies do not stop.
/// </summary>
internal static class NetworkPolicies
{
    internal static IEnumerable<PlannedObject> Of(EffectiveApp app)
    {
        if (app.App.Spec.NetworkPolicy?.Mode != NetworkPolicyMode.FromGraph)
            return [];
        var services = app.Services.Select(s => Policy(app, s.Name,
        [
            Rule(Callers(app, s), [Names.MainPort]),
            Rule(Allowed(app), [.. (s.Spec.ExtraPorts ?? []).Select(p => p.Name), .. s.Bundled is null ? Array.Empty<string>() : [Names.ManagementPort]]),
        ]));
        return app.Gateway is not { } gateway ? services : services.Append(Policy(app, Names.Gateway,
        [
            Rule(null, [Names.MainPort, .. gateway.TlsSecret is null ? Array.Empty<string>() : [Names.TlsPort]]),
            Rule(Allowed(app), [Names.ManagementPort]),
        ]));
    }

    private static PlannedObject Policy(EffectiveApp app, string service, IEnumerable<JsonObject?> rules) => PlannedObject.Of(Resources.NetworkPolicies, service, Json.Of(
        ("metadata", Metadata.Of(app, service, Names.Child(app.Name, service), [])),
        ("spec", Json.Of(
            ("podSelector", Labels(Metadata.SelectorLabels(app, service))),
            ("policyTypes", new JsonArray("Ingress")),
            ("ingress", Json.ListOf(rules) ?? [])))));

    /// <summary>Admits peers to ports; null when there is nobody to admit, or nothing to be admitted to.</summary>
    /// <param name="peers">The peers; null for everybody.</param>
    /// <param name="ports">The pod's ports, by name.</param>
    private static JsonObject? Rule(IReadOnlyCollection<JsonObject>? peers, IReadOnlyCollection<string> ports) => peers is { Count: 0 } || ports.Count == 0 ? null : Json.Of(
        ("from", peers is null ? null : new JsonArray([.. peers])),
        ("ports", new JsonArray([.. ports.Select(p => Json.Of(("protocol", "TCP"), ("port", p)))])));

    // The issuer's keys are fetched by everybody who checks its tokens, so by any pod of the app.
    private static IReadOnlyCollection<JsonObject> Callers(EffectiveApp app, EffectiveService service)
    {
        if (app.Issuer == service)
        {
            var all = Json.Of(("podSelector", Labels([new(Keys.App, app.Name)])));
            return service.Route is not null && app.Parent is { } front ? [all, OfNamespace(front.Namespace ?? app.Namespace)] : [all];
        }

        var callers = app.Services.Where(s => s.DependsOn.Contains(service.Name)).Select(s => s.Name).ToList();
        if (service.Route is not null && app.Gateway is not null)
            callers.Add(Names.Gateway);
        var peers = callers.Select(c => Json.Of(("podSelector", Labels(Metadata.SelectorLabels(app, c)))));
        return [.. peers, .. service.Route is not null && app.Parent is { } parent ? [OfNamespace(parent.Namespace ?? app.Namespace)] : Array.Empty<JsonObject>()];
    }

    // Which pods a Gateway of the Gateway API is made of only its controller knows.
    private static JsonObject OfNamespace(string ns) => Json.Of(("namespaceSelector", Labels([new("kubernetes.io/metadata.name", ns)])));

    private static IReadOnlyCollection<JsonObject> Allowed(EffectiveApp app) => [.. (app.App.Spec.NetworkPolicy?.AllowFrom ?? []).Select(peer => Json.Of(
        ("namespaceSelector", Selector(peer.NamespaceSelector)),
        ("podSelector", Selector(peer.PodSelector)),
        ("ipBlock", peer.IpBlock is null ? null : JsonSerializer.SerializeToNode(peer.IpBlock, AppsJson.Default.AddressBlock))))];

    // An empty selector means all of them, and has to be there.
    private static JsonObject? Selector(LabelChoice? choice) => choice is null ? null : choice.MatchLabels is { Count: > 0 } labels ? Labels(labels) : [];

    private static JsonObject Labels(IEnumerable<KeyValuePair<string, string>> labels) => Json.Of(("matchLabels", Json.Map(labels)));
}
