using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Apps;

/// <summary>Builds ServiceMonitors of the Prometheus operator, for pods that are known to have metrics: bundled programs, and services with an extra port called metrics.</summary>
internal static class ServiceMonitors
{
    private const string MetricsPort = "metrics";

    internal static IEnumerable<PlannedObject> Of(EffectiveApp app)
    {
        if (app.App.Spec.Monitoring?.ServiceMonitor != true)
            return [];
        var services = app.Services
            .Select(s => (s.Name, Endpoint: s.Spec.ExtraPorts?.Any(p => p.Name == MetricsPort) == true ? Json.Of(("port", MetricsPort)) : s.Bundled is null ? null : Management()))
            .Where(s => s.Endpoint is not null)
            .Select(s => Monitor(app, s.Name, s.Endpoint!));
        return app.Gateway is null ? services : services.Append(Monitor(app, Names.Gateway, Management()));
    }

    private static PlannedObject Monitor(EffectiveApp app, string service, JsonObject endpoint) => PlannedObject.Of(Resources.ServiceMonitors, service, Json.Of(
        ("metadata", Metadata.Of(app, service, Names.Child(app.Name, service), [])),
        ("spec", Json.Of(
            ("selector", Json.Of(("matchLabels", Json.Map(Metadata.SelectorLabels(app, service))))),
            ("endpoints", new JsonArray(endpoint))))));

    // The management port is no port of the Service, so that nobody comes to rely on it; Prometheus finds it at the pods.
    private static JsonObject Management() => Json.Of(("targetPort", Bundled.ManagementPort), ("path", "/metrics"));
}
