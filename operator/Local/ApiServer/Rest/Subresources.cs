using System.Globalization;
using System.Text.Json.Nodes;
using Fleet.Local.Schemas;
using Microsoft.AspNetCore.Http;

namespace Fleet.Local.ApiServer;

/// <summary>What is served below an object: scale, a pod's binding and logs, a namespace's end.</summary>
internal sealed class Subresources(ObjectStore store, ObjectWriter writer, Func<IPodLogs?> logs, TimeProvider time)
{
    /// <summary>Answers when it is one of them; false when it is not.</summary>
    internal async Task<bool> TryAnswerAsync(ApiRequest request)
    {
        switch (request.Path.Subresource, request.Kind.Resource.Plural, request.Http.Request.Method)
        {
            case ("scale", _, _) when request.Kind.Scale is { } paths:
                await ScaleAsync(request, paths);
                return true;
            case ("binding", "pods", "POST"):
                await BindAsync(request);
                return true;
            case ("log", "pods", "GET"):
                await LogAsync(request);
                return true;
            case ("finalize", "namespaces", "PUT"):
                var body = await request.ObjectAsync();
                var finalized = writer.Update(request.Kind, request.Key, null, live => With(live, "spec", body["spec"]), request.WriteOptions);
                await Answers.JsonAsync(request.Http, finalized.Object.Json);
                return true;
            default:
                return false;
        }
    }

    private async Task ScaleAsync(ApiRequest request, ScalePaths paths)
    {
        var live = store.Find(StorageKeys.Of(request.Kind), request.Key) ?? throw ApiError.NotFound(request.Kind.Resource, request.Key.Name);
        switch (request.Http.Request.Method)
        {
            case "GET":
                break;
            case "PUT":
                var scale = await request.ObjectAsync();
                live = Set(scale);
                break;
            case "PATCH":
                var patch = await request.BodyAsync("application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json");
                live = Set(request.MediaType == "application/json-patch+json" ? JsonPatch.Apply(Show(live), patch) : (JsonObject)MergePatch.Apply(Show(live), patch)!);
                break;
            default:
                throw ApiError.NoSuchMethod();
        }

        await Answers.JsonAsync(request.Http, Show(live));

        JsonObject Show(StoredObject shown) => Scale(shown.Json, paths);

        StoredObject Set(JsonObject scale)
        {
            if (scale.Meta().Text("resourceVersion") is { Length: > 0 } version && version != live.Version.ToString(CultureInfo.InvariantCulture))
                throw ApiError.Modified(request.Kind.Resource, request.Key.Name);
            var replicas = (scale["spec"] as JsonObject)?.Number("replicas") ?? 0;
            if (replicas < 0)
            {
                throw ApiError.Invalid(
                    new("autoscaling", "v1", "Scale", "scales"), request.Key.Name, [("spec.replicas", "FieldValueInvalid", $"Invalid value: {replicas}: must be greater than or equal to 0")]);
            }

            return writer.Update(request.Kind, request.Key, "scale", whole => At(whole, paths.Spec, replicas), request.WriteOptions).Object;
        }
    }

    private static JsonObject Scale(JsonObject whole, ScalePaths paths)
    {
        var status = new JsonObject { ["replicas"] = Get(whole, paths.Status)?.DeepClone() ?? 0 };
        if (Get(whole, paths.Selector) is { } selector)
            status["selector"] = selector is JsonObject labels ? Selector(labels) : selector.DeepClone();
        return new()
        {
            ["kind"] = "Scale",
            ["apiVersion"] = "autoscaling/v1",
            ["metadata"] = new JsonObject(whole.Meta().Where(f => f.Key is "name" or "namespace" or "uid" or "resourceVersion" or "creationTimestamp")
                .Select(f => KeyValuePair.Create(f.Key, f.Value?.DeepClone()))),
            ["spec"] = new JsonObject { ["replicas"] = Get(whole, paths.Spec)?.DeepClone() ?? 0 },
            ["status"] = status,
        };
    }

    // A selector with expressions cannot be written as plain pairs; the kinds here that have a scale use pairs.
    private static string Selector(JsonObject selector) =>
        string.Join(',', (selector["matchLabels"] as JsonObject ?? []).Select(l => $"{l.Key}={l.Value}").Order(StringComparer.Ordinal));

    private async Task BindAsync(ApiRequest request)
    {
        var body = await request.ObjectAsync();
        var node = (body["target"] as JsonObject)?.Text("name") ?? throw ApiError.Invalid(
            new("", "v1", "Binding", "bindings"), request.Key.Name, [("target.name", "FieldValueRequired", "Required value")]);
        writer.Update(request.Kind, request.Key, "binding", live => Bound(request, live, node, time.GetUtcNow()), request.WriteOptions);
        await Answers.JsonAsync(request.Http, ApiError.Created(), StatusCodes.Status201Created);
    }

    private static JsonObject Bound(ApiRequest request, JsonObject pod, string node, DateTimeOffset now)
    {
        if (pod["spec"] is not JsonObject spec || spec.Text("nodeName") is { Length: > 0 } other)
            throw ApiError.Conflict(request.Kind.Resource, request.Key.Name, $"pod {request.Key.Name} is already assigned to node \"{(pod["spec"] as JsonObject)?.Text("nodeName")}\"");
        spec["nodeName"] = node;
        var status = pod["status"] as JsonObject ?? [];
        var scheduled = new JsonObject { ["type"] = "PodScheduled", ["status"] = "True", ["lastProbeTime"] = null, ["lastTransitionTime"] = Wire.Time(now) };
        status["conditions"] = new JsonArray([.. status.Objects("conditions").Where(c => c.Text("type") != "PodScheduled").Select(c => (JsonNode)c.DeepClone()), scheduled]);
        pod["status"] ??= status;
        return pod;
    }

    private async Task LogAsync(ApiRequest request)
    {
        var pod = store.Find(StorageKeys.Of(request.Kind), request.Key) ?? throw ApiError.NotFound(request.Kind.Resource, request.Key.Name);
        var container = ContainerOf(request, pod);
        var query = new LogQuery(
            container, request.Flag("follow"), request.Flag("previous"), (int?)request.Number("tailLines"), (int?)request.Number("sinceSeconds"), request.Flag("timestamps"),
            request.Number("limitBytes"));
        var stream = logs() is { } node ? await node.OpenAsync(request.Key.Namespace, request.Key.Name, query, request.Stop) : null;
        if (stream is null)
        {
            throw ApiError.BadRequest(query.Previous
                ? $"previous terminated container \"{container}\" in pod \"{request.Key.Name}\" not found"
                : $"container \"{container}\" in pod \"{request.Key.Name}\" is waiting to start");
        }

        await using (stream)
        {
            request.Http.Response.ContentType = "text/plain";
            await request.Http.Response.StartAsync(request.Stop);
            var buffer = new byte[16 << 10];
            int count;
            while ((count = await stream.ReadAsync(buffer, request.Stop)) > 0)
            {
                await request.Http.Response.Body.WriteAsync(buffer.AsMemory(0, count), request.Stop);
                await request.Http.Response.Body.FlushAsync(request.Stop);
            }
        }
    }

    private static string ContainerOf(ApiRequest request, StoredObject pod)
    {
        var spec = (JsonObject)pod.Json["spec"]!;
        string[] names = [.. spec.Objects("containers").Concat(spec.Objects("initContainers")).Select(c => c.Text("name") ?? "")];
        if (request.Query("container") is { } wanted)
            return names.Contains(wanted) ? wanted : throw ApiError.BadRequest($"container {wanted} is not valid for pod {request.Key.Name}");
        return spec.Objects("containers").Count() == 1 ? names[0]
            : throw ApiError.BadRequest($"a container name must be specified for pod {request.Key.Name}, choose one of: [{string.Join(' ', names)}]");
    }

    private static JsonObject With(JsonObject whole, string field, JsonNode? value)
    {
        whole[field] = value?.DeepClone();
        return whole;
    }

    private static JsonNode? Get(JsonObject whole, string? path)
    {
        JsonNode? node = path is null ? null : whole;
        foreach (var step in path?.Split('.', StringSplitOptions.RemoveEmptyEntries) ?? [])
            node = (node as JsonObject)?[step];
        return node;
    }

    private static JsonObject At(JsonObject whole, string path, JsonNode value)
    {
        var steps = path.Split('.', StringSplitOptions.RemoveEmptyEntries);
        var node = whole;
        foreach (var step in steps[..^1])
        {
            if (node[step] is not JsonObject next)
                node[step] = next = [];
            node = next;
        }

        node[steps[^1]] = value;
        return whole;
    }
}
