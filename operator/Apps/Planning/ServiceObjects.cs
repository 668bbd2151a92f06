using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Apps;

/// <summary>Builds the ServiceAccounts and Services.</summary>
internal static class ServiceObjects
{
    /// <summary>A ServiceAccount of the workload's own, so that nobody's grants reach it by accident; no token is mounted.</summary>
    internal static PlannedObject Account(EffectiveApp app, string service) => PlannedObject.Of(Resources.ServiceAccounts, service, Json.Of(
        ("metadata", Metadata.Of(app, service, Names.Child(app.Name, service), [])),
        ("automountServiceAccountToken", false)));

    /// <summary>The Service of a service.</summary>
    internal static PlannedObject Of(EffectiveApp app, EffectiveService s) => Service(app, s.Name, [], Json.Of(
        ("type", "ClusterIP"),
        ("clusterIP", s.Headless ? "None" : null),
        ("selector", Json.Map(Metadata.SelectorLabels(app, s.Name))),
        ("ports", Json.ListOf(
        [
            Port(Names.MainPort, s.Spec.Port, AppProtocol(s.Spec.Protocol)),
            .. (s.Spec.ExtraPorts ?? []).Select(p => Port(p.Name, p.Port, AppProtocol(p.Protocol ?? ServiceProtocol.Http))),
        ]))));

    /// <summary>The gateway's Service.</summary>
    internal static PlannedObject Of(EffectiveApp app, EffectiveGateway gateway) => Service(app, Names.Gateway, gateway.Spec.ServiceAnnotations ?? new Dictionary<string, string>(StringComparer.Ordinal), Json.Of(
        ("type", (gateway.Spec.ServiceType ?? GatewayServiceType.ClusterIP).ToString()),
        ("selector", Json.Map(Metadata.SelectorLabels(app, Names.Gateway))),
        ("ports", Json.ListOf(
        [
            Port(Names.MainPort, gateway.Port, AppProtocol(ServiceProtocol.Http)),
            gateway.TlsSecret is null ? null : Port(Names.TlsPort, EffectiveGateway.TlsPort, "https"),
        ]))));

    private static PlannedObject Service(EffectiveApp app, string service, IEnumerable<KeyValuePair<string, string>> annotations, JsonObject spec) =>
        PlannedObject.Of(Resources.Services, service, Json.Of(("metadata", Metadata.Of(app, service, Names.Child(app.Name, service), annotations)), ("spec", spec)));

    // The target is the container port of the same name, so that a rollout may move the number without an outage.
    private static JsonObject Port(string name, int port, string appProtocol) => Json.Of(
        ("name", name), ("port", port), ("protocol", "TCP"), ("targetPort", name), ("appProtocol", appProtocol));

    // KEP-3726 names kubernetes.io/h2c for cleartext HTTP/2; http is the IANA name.
    private static string AppProtocol(ServiceProtocol protocol) => protocol == ServiceProtocol.Grpc ? "kubernetes.io/h2c" : "http";
}
