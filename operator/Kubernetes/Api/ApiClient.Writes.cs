using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Fleet.Kubernetes;

/// <content>What changes objects.</content>
public sealed partial class ApiClient
{
    private const string ApplyPatch = "application/apply-patch+yaml"; // JSON is YAML
    private const string JsonPatch = "application/json-patch+json";

    /// <summary>Creates an object in the namespace that it names.</summary>
    /// <param name="obj">The object.</param>
    /// <param name="stop">Cancels.</param>
    /// <param name="strict">Has the server refuse fields that it does not know (fieldValidation=Strict, 1.25 and later; earlier ones drop them).</param>
    /// <returns>The object as the server stored it.</returns>
    public Task<KubeObject> CreateAsync(KubeObject obj, CancellationToken stop, bool strict = false)
    {
        var request = For("create", HttpMethod.Post, obj.Resource, obj.Metadata.Namespace, null, Managed().Add("fieldValidation", strict ? "Strict" : null));
        var subject = obj.Metadata.Namespace is { } ns ? $"create {obj.Resource} {ns}/{obj.Metadata.Name}" : $"create {obj.Resource} {obj.Metadata.Name}";
        return SendAsync(request with { Subject = subject, Body = obj.Utf8.ToArray() }, Kinds.Raw(obj.Resource).Read, stop);
    }

    /// <summary>Creates a typed object.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="ns">The namespace; null for a cluster-wide kind.</param>
    /// <param name="obj">The object; it carries its apiVersion and kind.</param>
    /// <param name="json">How it is written.</param>
    /// <param name="stop">Cancels.</param>
    public Task<T> CreateAsync<T>(ResourceKind<T> kind, string? ns, T obj, JsonTypeInfo<T> json, CancellationToken stop)
        where T : class, IKubeObject =>
        SendAsync(
            For("create", HttpMethod.Post, kind.Resource, ns, null, Managed()) with { Body = JsonSerializer.SerializeToUtf8Bytes(obj, json) }, kind.Read, stop);

    /// <summary>Gives a pod to a node, as the scheduler does.</summary>
    /// <param name="pod">The pod; only this very one is bound.</param>
    /// <param name="node">The node's name.</param>
    /// <param name="stop">Cancels.</param>
    public Task BindAsync(ObjectMeta pod, string node, CancellationToken stop)
    {
        var binding = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Binding",
            ["metadata"] = new JsonObject { ["name"] = pod.Name, ["namespace"] = pod.Namespace, ["uid"] = pod.Uid },
            ["target"] = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Node", ["name"] = node },
        };
        var request = For("create", HttpMethod.Post, Resources.Pods, pod.Namespace, pod.Name, Managed(), "binding");
        return SendAsync(request with { Body = JsonSerializer.SerializeToUtf8Bytes(binding, KubeJson.Default.JsonObject) }, static _ => true, stop);
    }

    /// <summary>Replaces an object whole; with a resourceVersion in it, only that version (409 otherwise).</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="ns">The namespace; null for a cluster-wide kind.</param>
    /// <param name="name">The object's name.</param>
    /// <param name="obj">The object; it carries its apiVersion and kind.</param>
    /// <param name="json">How it is written.</param>
    /// <param name="stop">Cancels.</param>
    public Task<T> ReplaceAsync<T>(ResourceKind<T> kind, string? ns, string name, T obj, JsonTypeInfo<T> json, CancellationToken stop)
        where T : class, IKubeObject =>
        SendAsync(
            For("update", HttpMethod.Put, kind.Resource, ns, name, Managed()) with { Body = JsonSerializer.SerializeToUtf8Bytes(obj, json) }, kind.Read, stop);

    /// <summary>Server-side apply: the object's fields become the manager's, and what it applied before and no longer does is removed.</summary>
    /// <param name="obj">The fields to own, with the object's name and namespace.</param>
    /// <param name="stop">Cancels.</param>
    /// <param name="force">Takes fields over from other managers; without it they are conflicts.</param>
    /// <param name="fieldManager">The manager; null means the client's own.</param>
    /// <param name="subresource"><c>status</c> or <c>scale</c>; null means the object itself.</param>
    /// <param name="dryRun">Tells the result without storing it.</param>
    public Task<KubeObject> ApplyAsync(
        KubeObject obj, CancellationToken stop, bool force = true, string? fieldManager = null, string? subresource = null, bool dryRun = false) =>
        SendAsync(
            Apply(obj.Resource, obj.Metadata.Namespace, obj.Metadata.Name, obj.Utf8.ToArray(), force, fieldManager, subresource, dryRun),
            Kinds.Raw(obj.Resource).Read,
            stop);

    /// <summary>Server-side apply of the status, with force.</summary>
    /// <param name="kind">The kind, and as what the answer is read.</param>
    /// <param name="ns">The namespace.</param>
    /// <param name="name">The object's name.</param>
    /// <param name="body">apiVersion, kind, metadata.name and status.</param>
    /// <param name="stop">Cancels.</param>
    public Task<T> ApplyStatusAsync<T>(ResourceKind<T> kind, string ns, string name, JsonObject body, CancellationToken stop)
        where T : class, IKubeObject
    {
        var utf8 = JsonSerializer.SerializeToUtf8Bytes(body, KubeJson.Default.JsonObject);
        return SendAsync(Apply(kind.Resource, ns, name, utf8, force: true, fieldManager: null, "status", dryRun: false), kind.Read, stop);
    }

    /// <summary>Applies a JSON patch (RFC 6902); its <c>test</c> operations are preconditions.</summary>
    /// <param name="resource">The kind.</param>
    /// <param name="ns">The namespace; null for a cluster-wide kind.</param>
    /// <param name="name">The object's name.</param>
    /// <param name="operations">The operations.</param>
    /// <param name="stop">Cancels.</param>
    /// <param name="subresource"><c>status</c> or <c>scale</c>; null means the object itself.</param>
    public Task<KubeObject> JsonPatchAsync(
        Resource resource, string? ns, string name, JsonArray operations, CancellationToken stop, string? subresource = null)
    {
        var request = For("patch", HttpMethod.Patch, resource, ns, name, Managed(), subresource) with
        {
            Body = JsonSerializer.SerializeToUtf8Bytes(operations, ApiJson.Default.JsonArray),
            ContentType = JsonPatch,
        };
        return SendAsync(request, Kinds.Raw(resource).Read, stop);
    }

    /// <summary>Deletes an object. Returns once the server took it in; finalizers may keep the object for a while.</summary>
    /// <param name="resource">The kind.</param>
    /// <param name="ns">The namespace; null for a cluster-wide kind.</param>
    /// <param name="name">The object's name.</param>
    /// <param name="options">Preconditions and propagation.</param>
    /// <param name="stop">Cancels.</param>
    public Task DeleteAsync(Resource resource, string? ns, string name, DeleteOptions options, CancellationToken stop)
    {
        var body = new DeleteBody
        {
            PropagationPolicy = options.Propagation,
            GracePeriodSeconds = options.GracePeriodSeconds,
            Preconditions = options is { Uid: null, ResourceVersion: null } ? null : new() { Uid = options.Uid, ResourceVersion = options.ResourceVersion },
        };
        var utf8 = JsonSerializer.SerializeToUtf8Bytes(body, ApiJson.Default.DeleteBody);
        var request = For("delete", HttpMethod.Delete, resource, ns, name) with { Body = utf8 };
        return SendAsync(request, static _ => true, stop); // a Status or the object, depending on the kind; neither says more than 200 does
    }

    private ApiRequest Apply(Resource resource, string? ns, string name, byte[] body, bool force, string? fieldManager, string? subresource, bool dryRun)
    {
        var query = Managed(fieldManager).Add("force", force ? "true" : null).Add("dryRun", dryRun ? "All" : null);
        return For("apply", HttpMethod.Patch, resource, ns, name, query, subresource) with { Body = body, ContentType = ApplyPatch };
    }

    private Query Managed(string? fieldManager = null) => new Query().Add("fieldManager", fieldManager ?? _options.FieldManager);
}
