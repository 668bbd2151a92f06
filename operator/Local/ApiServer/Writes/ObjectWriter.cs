using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Fleet.Local.Schemas;
using Fleet.Runtime;

namespace Fleet.Local.ApiServer;

/// <summary>
/// The one way in which objects change: creation, update, patch, apply. Each holds the store's gate from reading to storing, and does the same steps:
/// 1 what the client may not say is put back, 2 unknown fields go, 3 defaults come, 4 the kind's own rules, 5 checks, 6 ownership of fields, 7 storing.
/// </summary>
internal sealed class ObjectWriter(ObjectStore store, KindRules rules, TimeProvider time)
{
    private const string NameCharacters = "bcdfghjklmnpqrstvwxz2456789";

    /// <summary>Creates an object.</summary>
    /// <exception cref="ApiError">It is refused.</exception>
    internal Written Create(ServedKind kind, string? ns, JsonObject body, WriteOptions options)
    {
        lock (store.Gate)
            return Create(kind, ns, body, options, Id(kind, options, isApply: false, null), applied: null);
    }

    /// <summary>Changes an object, or a part of it through a subresource.</summary>
    /// <param name="kind">What it is.</param>
    /// <param name="key">Which.</param>
    /// <param name="subresource"><c>status</c>, or null for the object itself.</param>
    /// <param name="change">Makes the wanted object of a copy of the one that is there.</param>
    /// <param name="options">What the client says along with it.</param>
    /// <exception cref="ApiError">It is refused, or there is no such object.</exception>
    internal Written Update(ServedKind kind, ObjectKey key, string? subresource, Func<JsonObject, JsonObject> change, WriteOptions options)
    {
        lock (store.Gate)
        {
            var live = store.Find(StorageKeys.Of(kind), key) ?? throw ApiError.NotFound(kind.Resource, key.Name);
            var wanted = change(live.Copy());
            KeepManagers(wanted, live.Json);
            return Store(kind, live, wanted, subresource, Id(kind, options, isApply: false, subresource), options, isApply: false);
        }
    }

    /// <summary>Server-side apply: creates the object when it is missing, except through a subresource.</summary>
    /// <exception cref="ApiError">It is refused: 409 with every field that is somebody else's, unless forced.</exception>
    internal Written Apply(ServedKind kind, ObjectKey key, string? subresource, JsonObject applied, WriteOptions options)
    {
        lock (store.Gate)
        {
            var id = Id(kind, options, isApply: true, subresource);
            CheckType(kind, applied);
            if (applied.Meta().Text("name") is { } name && name != key.Name)
                throw ApiError.BadRequest($"the name of the object ({name}) does not match the name on the URL ({key.Name})");
            if (applied.Meta().ContainsKey("managedFields"))
                throw ApiError.BadRequest("metadata.managedFields must be nil");
            if (Typed.Repetition(applied, kind.Shape) is { } repetition)
                throw ApiError.BadRequest($"failed to create typed patch object: {repetition}");
            applied = WithoutUnknown(kind, applied, options, strict: true);
            applied.Meta()["name"] = key.Name;
            if (store.Find(StorageKeys.Of(kind), key) is { } live)
                return Store(kind, live, FieldOwnership.Apply(live.Json, applied, kind, id, options.Force, time.GetUtcNow()), subresource, id, options, isApply: true);
            if (subresource is not null)
                throw ApiError.NotFound(kind.Resource, key.Name);
            if (applied.Meta().Text("uid") is not null)
                throw ApiError.Conflict(kind.Resource, key.Name, "uid mismatch: the provided object specified uid, and no object exists");
            return Create(kind, key.Namespace.Length == 0 ? null : key.Namespace, (JsonObject)applied.DeepClone(), options, id, applied);
        }
    }

    private Written Create(ServedKind kind, string? ns, JsonObject body, WriteOptions options, ManagerId id, JsonObject? applied)
    {
        var resource = kind.Resource;
        CheckType(kind, body);
        var meta = body.Meta();
        if (meta.Text("resourceVersion") is { Length: > 0 })
            throw ApiError.BadRequest("resourceVersion should not be set on objects to be created");
        if (resource.Namespaced && meta.Text("namespace") is { Length: > 0 } named && named != ns)
            throw ApiError.BadRequest($"the namespace of the provided object does not match the namespace sent on the request: {named} and {ns}");
        if (meta.Text("name") is not { Length: > 0 } && meta.Text("generateName") is { Length: > 0 } prefix)
            meta["name"] = prefix + RandomNumberGenerator.GetString(NameCharacters, 5);
        var name = meta.Text("name") ?? "";
        if (name.Length == 0)
            throw ApiError.Invalid(resource, "", [("metadata.name", "FieldValueRequired", "Required value: name or generateName is required")]);
        rules.CheckNamespace(kind, ns, name);

        foreach (var field in (string[])["uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "selfLink", "managedFields", "namespace", "resourceVersion"])
            meta.Remove(field);
        if (resource.Namespaced)
            meta["namespace"] = ns;
        meta["uid"] = Guid.NewGuid().ToString();
        meta["creationTimestamp"] = Wire.Time(time.GetUtcNow());
        if (kind.HasGeneration)
            meta["generation"] = 1;
        body["apiVersion"] = resource.ApiVersion;
        body["kind"] = resource.Kind;
        if (kind.HasStatus)
            body.Remove("status");
        if (applied is null)
            body = WithoutUnknown(kind, body, options, strict: false);
        body = ShapeDefaults.Apply(kind, body);
        rules.Prepare(kind, body, before: null);
        Check(kind, body, before: null);

        var key = new ObjectKey(ns ?? "", name);
        if (store.Find(StorageKeys.Of(kind), key) is not null)
            throw ApiError.AlreadyExists(resource, name);
        if (applied is null)
            FieldOwnership.Update(null, body, kind, id, time.GetUtcNow());
        else
            body.Meta().Take("managedFields", FieldOwnership.Apply(null, applied, kind, id, force: true, time.GetUtcNow()).Meta());
        return new(kind, options.DryRun ? Unstored(body) : rules.Stored(kind, store.Put(StorageKeys.Of(kind), body)), Created: true);
    }

    private Written Store(ServedKind kind, StoredObject live, JsonObject wanted, string? subresource, ManagerId id, WriteOptions options, bool isApply)
    {
        var resource = kind.Resource;
        CheckType(kind, wanted);
        CheckIdentity(kind, live, wanted);
        var after = Allowed(kind, live, wanted, subresource);
        if (!isApply)
            after = WithoutUnknown(kind, after, options, strict: false);
        after = ShapeDefaults.Apply(kind, after, live.Json);
        rules.Prepare(kind, after, live.Json);
        // A binding writes what nobody may change afterwards.
        Check(kind, after, subresource == "binding" ? null : live.Json);
        if (kind.HasGeneration && (!SameApart(live.Json, after, "metadata", "status")
            || (subresource is null && CountsAnnotations(kind) && !JsonNode.DeepEquals(live.Json.Meta()["annotations"], after.Meta()["annotations"]))))
            after.Meta()["generation"] = (live.Json.Meta().Number("generation") ?? 0) + 1;
        if (!isApply)
            FieldOwnership.Update(live.Json, after, kind, id, time.GetUtcNow());
        after = StoredObject.Of(after).Json;
        if (JsonNode.DeepEquals(live.Json, after))
            return new(kind, live, Created: false);
        if (options.DryRun)
            return new(kind, Unstored(after), Created: false);
        var stored = store.Put(StorageKeys.Of(kind), (JsonObject)after.DeepClone());
        return new(kind, Finish(kind, rules.Stored(kind, stored)), Created: false);
    }

    /// <summary>An object whose deletion waited for its finalizers is gone with the last of them. The caller holds the gate.</summary>
    internal StoredObject Finish(ServedKind kind, StoredObject stored)
    {
        var meta = stored.Json.Meta();
        var waits = meta.Texts("finalizers").Any() || (meta.Number("deletionGracePeriodSeconds") ?? 0) > 0 || rules.HoldsBack(kind, stored);
        return stored.IsTerminating && !waits ? rules.Gone(kind, store.Remove(StorageKeys.Of(kind), stored)) : stored;
    }

    private static void CheckType(ServedKind kind, JsonObject body)
    {
        if (body.Text("kind") is { } named && named != kind.Resource.Kind)
            throw ApiError.BadRequest($"{named} in place of {kind.Resource.Kind}: the kind of the object does not match the URL");
        if (body.Text("apiVersion") is { } version && version != kind.Resource.ApiVersion)
            throw ApiError.BadRequest($"the API version in the data ({version}) does not match the expected API version ({kind.Resource.ApiVersion})");
    }

    private static void CheckIdentity(ServedKind kind, StoredObject live, JsonObject wanted)
    {
        var meta = wanted.Meta();
        if (meta.Text("name") is { Length: > 0 } name && name != live.Key.Name)
            throw ApiError.BadRequest($"the name of the object ({name}) does not match the name on the URL ({live.Key.Name})");
        if (meta.Text("namespace") is { Length: > 0 } ns && ns != live.Key.Namespace)
            throw ApiError.BadRequest("the namespace of the provided object does not match the namespace sent on the request");
        if (meta.Text("uid") is { Length: > 0 } uid && uid != live.Uid)
        {
            throw ApiError.Conflict(
                kind.Resource, live.Key.Name, $"Precondition failed: UID in precondition: {uid}, UID in object meta: {live.Uid}");
        }

        if (meta.Text("resourceVersion") is { Length: > 0 } version && version != live.Version.ToString(CultureInfo.InvariantCulture))
            throw ApiError.Modified(kind.Resource, live.Key.Name);
    }

    // A Deployment's annotations reach its ReplicaSets, so they count as wanted; its controller notes the revision with the status, which does not.
    private static bool CountsAnnotations(ServedKind kind) => kind.Resource is { Group: "apps", Kind: "Deployment" };

    /// <summary>Of what the client wants, what it may change this way.</summary>
    private static JsonObject Allowed(ServedKind kind, StoredObject live, JsonObject wanted, string? subresource)
    {
        JsonObject allowed;
        if (subresource == "status")
        {
            allowed = live.Copy();
            allowed.Take("status", wanted);
            // Along with the status of a built-in kind its metadata may be written, but for the labels.
            allowed["metadata"] = (ShapeDecoding.IsTyped(kind) ? wanted : live.Json).Meta().DeepClone();
            allowed.Meta().Take("managedFields", wanted.Meta());
            allowed.Meta().Take("labels", live.Json.Meta());
        }
        else
        {
            allowed = (JsonObject)wanted.DeepClone();
            if (kind.HasStatus && subresource != "binding")
                allowed.Take("status", live.Json);
        }

        foreach (var field in (string[])["name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "resourceVersion", "generateName", "selfLink"])
            allowed.Meta().Take(field, live.Json.Meta());
        allowed["apiVersion"] = kind.Resource.ApiVersion;
        allowed["kind"] = kind.Resource.Kind;
        return allowed;
    }

    // An update that says nothing of managedFields leaves them; [{}] clears them.
    private static void KeepManagers(JsonObject wanted, JsonObject live)
    {
        switch (wanted.Meta()["managedFields"])
        {
            case null or JsonArray { Count: 0 }:
                wanted.Meta().Take("managedFields", live.Meta());
                break;
            case JsonArray and [JsonObject { Count: 0 }]:
                wanted.Meta().Remove("managedFields");
                break;
        }
    }

    private static JsonObject WithoutUnknown(ServedKind kind, JsonObject body, WriteOptions options, bool strict)
    {
        if (ShapeDecoding.Refusal(kind, body) is { } refusal)
            throw ApiError.BadRequest(refusal);
        var (kept, unknown) = ShapePruning.Prune(kind, body);
        if (unknown.Count == 0)
            return kept;
        if (strict || options.Validation == FieldValidation.Strict)
            throw ApiError.BadRequest($"{kind.Resource.Kind} in version \"{kind.Resource.Version}\" cannot be handled as a {kind.Resource.Kind}: strict decoding error: {string.Join(", ", unknown)}");
        if (options.Validation == FieldValidation.Warn)
            options.Warnings.AddRange(unknown);
        return kept;
    }

    private static void Check(ServedKind kind, JsonObject body, JsonObject? before)
    {
        List<(string Path, string Reason, string Message)> problems = [.. ShapeCheck.Check(kind, body, before).Select(p => (p.Path, p.Reason, p.Message))];
        if (before?.Meta().Text("deletionTimestamp") is not null && body.Meta().Texts("finalizers").Except(before.Meta().Texts("finalizers"), StringComparer.Ordinal).FirstOrDefault() is { } added)
            problems.Add(("metadata.finalizers", "FieldValueForbidden", $"Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{{\"{added}\"}}"));
        // As on a server: rules are asked about what has the right shape, if not the right values.
        problems.AddRange(AppCelRules.Check(kind, body, isShapeless: problems.Any(p => AppCelRules.IsBlocking(p.Reason))).Select(p => (p.Path, "FieldValueInvalid", $"Invalid value: {p.Message}")));
        if (problems.Count > 0)
            throw ApiError.Invalid(kind.Resource, body.Meta().Text("name") ?? "", problems);
    }

    private static ManagerId Id(ServedKind kind, WriteOptions options, bool isApply, string? subresource) => new(options.Manager, isApply, kind.Resource.ApiVersion, subresource ?? "");

    private static StoredObject Unstored(JsonObject body) => StoredObject.Of(body);

    private static bool SameApart(JsonObject a, JsonObject b, params ReadOnlySpan<string> but)
    {
        foreach (var field in a.Select(f => f.Key).Union(b.Select(f => f.Key), StringComparer.Ordinal))
        {
            if (!but.Contains(field) && !JsonNode.DeepEquals(a[field], b[field]))
                return false;
        }

        return true;
    }
}
