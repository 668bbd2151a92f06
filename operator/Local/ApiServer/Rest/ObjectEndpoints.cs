using System.Text.Json.Nodes;
using Fleet.Local.Schemas;
using Fleet.Runtime;
using Microsoft.AspNetCore.Http;

namespace Fleet.Local.ApiServer;

/// <summary>Requests for objects: the verbs of the REST API. Rule: Kubernetes API conventions, "Verbs on Resources".</summary>
internal sealed class ObjectEndpoints(ObjectStore store, ObjectWriter writer, ObjectDeleter deleter, Lists lists, Watches watches, TimeProvider time)
{
    private static readonly string[] PatchTypes =
        ["application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json", "application/apply-patch+yaml", "application/apply-patch+json"];

    /// <summary>Answers a request for an object, a collection or a status.</summary>
    internal Task AnswerAsync(ApiRequest request)
    {
        var method = request.Http.Request.Method;
        if (request.Path.Name is null)
        {
            return method switch
            {
                "GET" or "HEAD" when request.Flag("watch") => watches.WatchAsync(request),
                "GET" or "HEAD" => Answers.BytesAsync(request.Http, lists.List(request), 200, "application/json"),
                "POST" => CreateAsync(request),
                "DELETE" => DeleteCollectionAsync(request),
                _ => throw ApiError.NoSuchMethod(),
            };
        }

        return method switch
        {
            "GET" or "HEAD" when request.Flag("watch") && request.Path.Subresource is null => watches.WatchAsync(request),
            "GET" or "HEAD" => ShowAsync(request, Find(request)),
            "PUT" => PutAsync(request),
            "PATCH" => PatchAsync(request),
            "DELETE" when request.Path.Subresource is null => DeleteAsync(request),
            _ => throw ApiError.NoSuchMethod(),
        };
    }

    private StoredObject Find(ApiRequest request) =>
        store.Find(StorageKeys.Of(request.Kind), request.Key) ?? throw ApiError.NotFound(request.Kind.Resource, request.Key.Name);

    private async Task CreateAsync(ApiRequest request)
    {
        if (request.Kind.Resource.Namespaced && request.Path.Namespace is null)
            throw ApiError.NoSuchMethod();
        var body = EventViews.In(request.Kind, await request.ObjectAsync());
        var options = request.WriteOptions;
        await ShowAsync(request, writer.Create(EventViews.Stored(request.Kind), request.Path.Namespace, body, options), options);
    }

    private async Task PutAsync(ApiRequest request)
    {
        var body = EventViews.In(request.Kind, await request.ObjectAsync());
        var options = request.WriteOptions;
        if (body.Meta().Text("name") is not { Length: > 0 })
            throw ApiError.BadRequest("the name of the object is missing from the body");
        await ShowAsync(request, writer.Update(EventViews.Stored(request.Kind), request.Key, request.Path.Subresource, _ => body, options), options);
    }

    private async Task PatchAsync(ApiRequest request)
    {
        var patch = await request.BodyAsync(PatchTypes);
        var (options, kind) = (request.WriteOptions, EventViews.Stored(request.Kind));
        if (request.MediaType is "application/apply-patch+yaml" or "application/apply-patch+json")
        {
            if (request.Query("fieldManager") is null)
                throw ApiError.BadRequest("PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch");
            var applied = patch as JsonObject ?? throw ApiError.BadRequest("error decoding YAML: an object is expected");
            await ShowAsync(request, writer.Apply(kind, request.Key, request.Path.Subresource, EventViews.In(request.Kind, applied), options), options);
            return;
        }

        if (options.Force)
            throw ApiError.BadRequest("PatchOptions.meta.k8s.io \"\" is invalid: force: Forbidden: may not be specified for non-apply patch");
        var written = writer.Update(kind, request.Key, request.Path.Subresource, live => EventViews.In(request.Kind, Patched(request, EventViews.Out(request.Kind, live), patch)), options);
        await ShowAsync(request, written, options);
    }

    /// <summary>Applies a patch of any type but apply.</summary>
    internal static JsonObject Patched(ApiRequest request, JsonObject live, JsonNode? patch)
    {
        switch (request.MediaType)
        {
            case "application/json-patch+json":
                return JsonPatch.Apply(live, patch);
            case "application/merge-patch+json":
                return MergePatch.Apply(live, patch as JsonObject ?? throw NoObject()) as JsonObject ?? throw NoObject();
            case "application/strategic-merge-patch+json" when !IsCustom(request.Kind):
                return StrategicMergePatch.Apply(live, patch as JsonObject ?? throw NoObject(), request.Kind.Shape);
            default:
                throw ApiError.UnsupportedMediaType(string.Join(", ", IsCustom(request.Kind) ? PatchTypes.Where(t => !t.Contains("strategic", StringComparison.Ordinal)) : PatchTypes));
        }
    }

    private async Task DeleteAsync(ApiRequest request)
    {
        var deletion = await DeletionAsync(request);
        var (deleted, isGone) = deleter.Delete(EventViews.Stored(request.Kind), request.Key, deletion);
        if (isGone && request.Kind.Resource is not { Group: "", Kind: "Pod" or "Service" })
            await Answers.JsonAsync(request.Http, ApiError.Deleted(request.Kind.Resource, deleted.Key.Name, deleted.Uid));
        else
            await ShowAsync(request, deleted);
    }

    private async Task DeleteCollectionAsync(ApiRequest request)
    {
        var deletion = await DeletionAsync(request) with { Uid = null, Version = null };
        var (kind, selection) = (EventViews.Stored(request.Kind), request.Selection);
        var chosen = store.Read(StorageKeys.Of(kind)).Objects.Values
            .Where(o => (request.Path.Namespace is null || o.Key.Namespace == request.Path.Namespace) && selection.Takes(o)).ToList();
        foreach (var stored in chosen)
        {
            try
            {
                deleter.Delete(kind, stored.Key, deletion with { Uid = stored.Uid });
            }
            catch (ApiError e) when (e.Code is 404 or 409)
            {
                // Somebody else was quicker: it is gone all the same.
            }
        }

        await Answers.BytesAsync(request.Http, Representation.For(request, time).ListBytes(chosen, new() { ["resourceVersion"] = $"{store.Revision}" }), 200, "application/json");
    }

    private static async Task<Deletion> DeletionAsync(ApiRequest request)
    {
        var body = await request.BodyAsync() as JsonObject ?? [];
        var preconditions = body["preconditions"] as JsonObject;
        var orphans = body["orphanDependents"] is JsonValue flag && flag.TryGetValue(out bool orphan) ? orphan ? "Orphan" : "Background" : null;
        var propagation = body.Text("propagationPolicy") ?? request.Query("propagationPolicy") ?? orphans ?? "Background";
        if (propagation is not ("Background" or "Foreground" or "Orphan"))
            throw ApiError.Unprocessable($"DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: Unsupported value: \"{propagation}\": supported values: \"Background\", \"Foreground\", \"Orphan\"");
        var dry = request.Query("dryRun") == "All" || body.Texts("dryRun").Contains("All");
        return new(preconditions?.Text("uid"), preconditions?.Text("resourceVersion"), propagation, body.Number("gracePeriodSeconds") ?? request.Number("gracePeriodSeconds"), dry);
    }

    private Task ShowAsync(ApiRequest request, Written written, WriteOptions options)
    {
        Answers.Warn(request.Http, options.Warnings);
        return ShowAsync(request, written.Object, written.Created ? StatusCodes.Status201Created : StatusCodes.Status200OK);
    }

    private Task ShowAsync(ApiRequest request, StoredObject stored, int code = StatusCodes.Status200OK) =>
        Answers.BytesAsync(request.Http, Representation.For(request, time).Bytes(stored), code, "application/json");

    private static bool IsCustom(ServedKind kind) => !BuiltInKinds.All.Contains(kind);

    private static ApiError NoObject() => ApiError.BadRequest("error decoding patch: an object is expected");
}
