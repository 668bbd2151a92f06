using System.Text.Json.Nodes;

namespace Fleet.Apps;

/// <summary>The metadata that every child has: labels to find it by, annotations of the app, and the owner with whom it goes.</summary>
internal static class Metadata
{
    internal static JsonObject Of(EffectiveApp app, string service, string name, IEnumerable<KeyValuePair<string, string>> annotations) => Json.Of(
        ("name", name),
        ("namespace", app.Namespace),
        ("labels", Json.Map(Labels(app, service))),
        ("annotations", Json.Map((app.App.Spec.CommonAnnotations ?? new Dictionary<string, string>(StringComparer.Ordinal)).Concat(annotations))),
        ("ownerReferences", Owner(app)));

    /// <summary>What a selector holds; it can never change.</summary>
    internal static Dictionary<string, string> SelectorLabels(EffectiveApp app, string service) => new(StringComparer.Ordinal)
    {
        [Keys.App] = app.Name,
        [Keys.Service] = service,
    };

    /// <summary>All labels; ours win over commonLabels.</summary>
    internal static Dictionary<string, string> Labels(EffectiveApp app, string service)
    {
        var labels = new Dictionary<string, string>(app.App.Spec.CommonLabels ?? new Dictionary<string, string>(StringComparer.Ordinal), StringComparer.Ordinal)
        {
            [Keys.Name] = service,
            [Keys.Instance] = app.Name,
            [Keys.PartOf] = app.Name,
            [Keys.ManagedBy] = Keys.Manager,
        };
        foreach (var (key, value) in SelectorLabels(app, service))
            labels[key] = value;
        return labels;
    }

    // An app that is planned offline has no UID yet, and so no owner reference.
    private static JsonArray? Owner(EffectiveApp app) => app.App.Metadata.Uid is not { } uid ? null : new JsonArray(Json.Of(
        ("apiVersion", MicroserviceApp.Resource.ApiVersion),
        ("kind", MicroserviceApp.Resource.Kind),
        ("name", app.Name),
        ("uid", uid),
        ("controller", true),
        ("blockOwnerDeletion", false)));
}
