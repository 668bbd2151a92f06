using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Controller;
using Fleet.Kubernetes;

namespace Fleet.SystemTests.Faults;

/// <summary>Somebody who changes what is not his: fields that the operator sets, in objects that apps own.</summary>
internal static class ForeignHand
{
    // Where a field is not there the server refuses the patch, and nothing has happened.
    private static readonly ImmutableArray<(Resource Kind, Func<Random, JsonObject> Change)> Changes =
    [
        (Resources.Deployments, dice => Replace("/spec/replicas", dice.Next(4))),
        (Resources.Deployments, _ => Replace("/spec/template/spec/containers/0/image", "example/foreign:1")),
        (Resources.Deployments, dice => Replace("/spec/template/spec/containers/0/env/0/value", $"{dice.Next()}")),
        (Resources.Deployments, _ => Replace("/spec/template/spec/serviceAccountName", "default")),
        (Resources.Deployments, _ => Remove($"/metadata/labels/{Escaped(Keys.Name)}")),
        (Resources.Deployments, _ => Remove($"/metadata/annotations/{Escaped(Keys.Applied)}")),
        (Resources.Deployments, _ => Remove($"/metadata/labels/{Escaped(Keys.App)}")), // out of sight: the watch asks for this label
        (Resources.Services, dice => Replace("/spec/ports/0/port", dice.Next(1000, 2000))),
        (Resources.Services, _ => Replace($"/spec/selector/{Escaped(Keys.Service)}", "other")),
        (Resources.Services, _ => Remove($"/metadata/labels/{Escaped(Keys.App)}")),
        (Resources.ServiceAccounts, _ => Replace("/automountServiceAccountToken", true)),
        (Resources.ConfigMaps, _ => Replace("/data", new JsonObject())),
        (Resources.Roles, _ => Replace("/rules", new JsonArray())),
        (Resources.RoleBindings, _ => Replace("/subjects", new JsonArray())),
    ];

    /// <summary>Changes one object, if there is one to change.</summary>
    public static async Task ChangeAsync(ApiClient api, string ns, string app, Random dice)
    {
        var (kind, change) = Changes[dice.Next(Changes.Length)];
        if (await AnyAsync(api, ns, app, dice, kind) is { } obj)
            await TryAsync(() => api.JsonPatchAsync(kind, ns, obj.Metadata.Name, new JsonArray(change(dice)), CancellationToken.None));
    }

    /// <summary>Deletes one object, if there is one.</summary>
    public static async Task DeleteAsync(ApiClient api, string ns, string app, Random dice)
    {
        if (await AnyAsync(api, ns, app, dice, [.. AppCaches.ChildKinds]) is { } obj)
            await TryAsync(() => api.DeleteAsync(obj.Resource, ns, obj.Metadata.Name, new(Uid: obj.Metadata.Uid), CancellationToken.None));
    }

    private static async Task<KubeObject?> AnyAsync(ApiClient api, string ns, string app, Random dice, params Resource[] kinds)
    {
        var owned = (await OwnedObjects.ListAsync(api, new(ns, $"{Keys.App}={app}"), kinds))
            .Where(o => o.Metadata.OwnerReferences?.Any(r => r.Kind == MicroserviceApp.Resource.Kind && r.Name == app) == true)
            .OrderBy(o => o.Id, StringComparer.Ordinal)
            .ToList();
        var at = dice.Next(1000); // taken in any case, so that what comes after it is as the seed has it
        return owned.Count == 0 ? null : owned[at % owned.Count];
    }

    private static async Task TryAsync(Func<Task> write)
    {
        try
        {
            await write();
        }
        catch (ApiException e) when (e.IsNotFound || e.IsConflict || e.IsInvalid)
        {
            // Gone or changed in the meantime.
        }
    }

    private static string Escaped(string key) => key.Replace("/", "~1", StringComparison.Ordinal);

    private static JsonObject Replace(string path, JsonNode value) => new() { ["op"] = "replace", ["path"] = path, ["value"] = value };

    private static JsonObject Remove(string path) => new() { ["op"] = "remove", ["path"] = path };
}
