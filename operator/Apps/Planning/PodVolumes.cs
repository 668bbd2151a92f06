using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Fleet.Apps;

/// <summary>The volumes of a pod, each with its mount.</summary>
internal static class PodVolumes
{
    internal const string RoutesFolder = "/etc/fleet/routes";
    internal const string TlsFolder = "/etc/fleet/tls";

    // Where every Kubernetes client library looks for its credentials.
    private const string TokenFolder = "/var/run/secrets/kubernetes.io/serviceaccount";

    internal static (JsonObject Volume, JsonObject Mount) Of(ServiceVolume v)
    {
        var source = v switch
        {
            { ConfigMap: { } map } => ("configMap", JsonSerializer.SerializeToNode(map, AppsJson.Default.ConfigMapVolume)),
            { Secret: { } secret } => ("secret", JsonSerializer.SerializeToNode(secret, AppsJson.Default.SecretVolume)),
            { PersistentVolumeClaim: { } claim } => ("persistentVolumeClaim", JsonSerializer.SerializeToNode(claim, AppsJson.Default.ClaimVolume)),
            _ => ("emptyDir", JsonSerializer.SerializeToNode(v.EmptyDir ?? new(), AppsJson.Default.EmptyDirVolume)),
        };
        return (Json.Of(("name", v.Name), source), Json.Of(("name", v.Name), ("mountPath", v.MountPath), ("readOnly", v.ReadOnly), ("subPath", v.SubPath)));
    }

    /// <summary>What a bundled program needs on its read-only root: a folder for temporary files, and one for its data when nothing better is given.</summary>
    internal static IEnumerable<(JsonObject Volume, JsonObject Mount)> Bundled(EffectiveService s)
    {
        if (s.Bundled is null)
            yield break;
        if (s.Spec.Volumes?.Any(v => v.MountPath.TrimEnd('/') == "/tmp") != true)
            yield return Empty("tmp", "/tmp");
        if (s.LosesData)
            yield return Empty("data", "/data");
    }

    internal static ImmutableArray<(JsonObject Volume, JsonObject Mount)> Of(EffectiveApp app, EffectiveGateway gateway) =>
    [
        Empty("tmp", "/tmp"),
        (Json.Of(("name", "routes"), ("configMap", Json.Of(("name", Names.Routes(app.Name))))),
            Json.Of(("name", "routes"), ("mountPath", RoutesFolder), ("readOnly", true))),
        .. gateway.TlsSecret is { } secret
            ?
            [
                (Json.Of(("name", "tls"), ("secret", Json.Of(("secretName", secret)))),
                    Json.Of(("name", "tls"), ("mountPath", TlsFolder), ("readOnly", true))),
            ]
            : Array.Empty<(JsonObject, JsonObject)>(),
        .. gateway.LiveRoutes ? [Token()] : Array.Empty<(JsonObject, JsonObject)>(),
    ];

    // The ServiceAccount itself mounts nothing; this pod alone gets a token, bound to the pod and renewed by the kubelet.
    private static (JsonObject Volume, JsonObject Mount) Token()
    {
        var sources = new JsonArray(
            Json.Of(("serviceAccountToken", Json.Of(("path", "token"), ("expirationSeconds", 3600)))),
            Json.Of(("configMap", Json.Of(("name", "kube-root-ca.crt"), ("items", new JsonArray(Json.Of(("key", "ca.crt"), ("path", "ca.crt"))))))),
            Json.Of(("downwardAPI", Json.Of(("items", new JsonArray(
                Json.Of(("path", "namespace"), ("fieldRef", Json.Of(("fieldPath", "metadata.namespace"))))))))));
        return (Json.Of(("name", "token"), ("projected", Json.Of(("sources", sources)))),
            Json.Of(("name", "token"), ("mountPath", TokenFolder), ("readOnly", true)));
    }

    private static (JsonObject Volume, JsonObject Mount) Empty(string name, string path) =>
        (Json.Of(("name", name), ("emptyDir", new JsonObject())), Json.Of(("name", name), ("mountPath", path)));
}
