using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Controller;
using Fleet.Kubernetes;

namespace Fleet.Unit.Planning;

/// <summary>
/// Reads <c>world.yaml</c>: <c>features</c>; <c>config</c>, with the data of each ConfigMap and Secret, or <c>missing</c>, or <c>unreadable</c>; and
/// <c>deployments</c>, by service, with what a pass asks of them; <c>missing</c>, the kinds that are not served. <c>show</c> names the kinds or objects that the case is about.
/// </summary>
internal static class WorldFile
{
    public static Observed Read(JsonObject file, MicroserviceApp app) => new()
    {
        Features = file["features"] is JsonObject features ? new((bool)features["removesNested"]!, (bool)features["grpcProbes"]!, (bool)features["evictsUnready"]!, (bool)features["sleepHook"]!) : ClusterFeatures.Current,
        Config = (file["config"]?.AsObject() ?? []).ToImmutableDictionary(c => new ConfigKey(c.Key.Split('/')[0], c.Key.Split('/')[1]), c => Content(c.Value!)),
        Missing = (file["missing"] as JsonArray ?? []).Select(kind => Optional((string)kind!)).ToImmutableDictionary(kind => kind, OptionalKinds.NotServed),
        Children = [.. (file["deployments"]?.AsObject() ?? []).Select(d => Deployment(app, d.Key, d.Value!.AsObject()))],
    };

    public static bool Shows(JsonObject file, KubeObject obj) =>
        file["show"] is not JsonArray shown || shown.Any(s => (string)s! == obj.Resource.Kind || (string)s! == obj.Id);

    private static ConfigContent Content(JsonNode data) => data switch
    {
        JsonObject values => new() { Keys = values.ToImmutableSortedDictionary(v => v.Key, v => Hash((string)v.Value!), StringComparer.Ordinal) },
        _ when (string)data! == "missing" => ConfigContent.Missing,
        _ => new(),
    };

    private static Resource Optional(string kind) => OptionalKinds.All.Single(r => r.Kind == kind);

    private static string Hash(string value) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(value)));

    private static KubeObject Deployment(MicroserviceApp app, string service, JsonObject says)
    {
        var annotations = new JsonObject();
        if (says["started"] is not null)
            annotations[Keys.Started] = "true";
        if (says["autoscaled"] is not null)
            annotations[Keys.Autoscaled] = "true";
        var pod = new JsonObject();
        if (says["config"] is { } config)
            pod[Keys.ConfigHash] = (string)config!;
        var replicas = (int?)says["replicas"] ?? 1;
        var ready = (int?)says["ready"] ?? 0;
        return KubeObject.From(Resources.Deployments, new()
        {
            ["metadata"] = new JsonObject
            {
                ["name"] = Names.Child(app.Metadata.Name, service), ["namespace"] = app.Metadata.Namespace, ["generation"] = 1, ["annotations"] = annotations,
                ["ownerReferences"] = new JsonArray(new JsonObject
                {
                    ["apiVersion"] = app.ApiVersion, ["kind"] = app.Kind, ["name"] = app.Metadata.Name, ["uid"] = (string?)says["owner"] ?? app.Metadata.Uid, ["controller"] = true,
                }),
            },
            ["spec"] = new JsonObject { ["replicas"] = replicas, ["template"] = new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = pod } } },
            ["status"] = new JsonObject { ["observedGeneration"] = 1, ["replicas"] = ready, ["updatedReplicas"] = ready, ["readyReplicas"] = ready },
        });
    }
}
