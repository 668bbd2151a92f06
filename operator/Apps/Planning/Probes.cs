using System.Text.Json.Nodes;

namespace Fleet.Apps;

/// <summary>The probes of a container.</summary>
internal static class Probes
{
    /// <summary>
    /// A bundled program answers on its management port, and tells "not ready" from "broken", so it is restarted when it is broken. Of a custom image only
    /// readiness is known: killing a pod because a guess of ours says so would do harm, and podTemplate can add a livenessProbe.
    /// </summary>
    internal static (JsonObject? Startup, JsonObject? Liveness, JsonObject? Readiness) Of(Workload w, ClusterFeatures features)
    {
        if (w.Bundled is not null)
        {
            return (Timed(Http(Bundled.ManagementPort, "/healthz/live"), period: 1, failures: 60),
                Timed(Http(Bundled.ManagementPort, "/healthz/live"), period: 10, failures: 3),
                Timed(Http(Bundled.ManagementPort, "/healthz/ready"), period: 2, failures: 3));
        }

        var port = w.Ports[0].Port;
        Func<JsonObject>? handler = w.Probe switch
        {
            { Mode: ProbeMode.None } => null,
            { Mode: ProbeMode.Http, Path: var path } => () => Http(port, path!),
            { Mode: ProbeMode.Grpc } when features.GrpcProbes => () => Json.Of(("grpc", Json.Of(("port", port)))),
            _ => () => Json.Of(("tcpSocket", Json.Of(("port", port)))),
        };
        return handler is null ? default : (Timed(handler(), period: 2, failures: 150), null, Timed(handler(), period: 5, failures: 3));
    }

    private static JsonObject Http(int port, string path) => Json.Of(("httpGet", Json.Of(("port", port), ("path", path))));

    // Every field that the server would fill in is written, so that what is read back is what was sent.
    private static JsonObject Timed(JsonObject handler, int period, int failures)
    {
        handler["periodSeconds"] = period;
        handler["timeoutSeconds"] = 2;
        handler["failureThreshold"] = failures;
        return handler;
    }
}
