using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Apps;

/// <summary>Builds what only a gateway has: its routes, and the right to watch them.</summary>
internal static class GatewayObjects
{
    /// <summary>What has to be there before its pods are.</summary>
    internal static IEnumerable<PlannedObject> BeforePods(EffectiveApp app, EffectiveGateway gateway) =>
        [ServiceObjects.Account(app, Names.Gateway), Routes(app), .. gateway.LiveRoutes ? [Role(app), Binding(app)] : Array.Empty<PlannedObject>()];

    /// <summary>What looks after the number of its pods. All requests go through them, so that a drained node never takes all at once.</summary>
    internal static IEnumerable<PlannedObject> AroundPods(EffectiveApp app, EffectiveGateway gateway, ClusterFeatures features) =>
        new[] { ScalingObjects.Autoscaler(app, Names.Gateway, gateway.Scale), ScalingObjects.Budget(app, Names.Gateway, gateway.Scale, new(), features) }.OfType<PlannedObject>();

    private static PlannedObject Routes(EffectiveApp app) => PlannedObject.Of(Resources.ConfigMaps, Names.Gateway, Json.Of(
        ("metadata", Metadata.Of(app, Names.Gateway, Names.Routes(app.Name), [])),
        ("data", Json.Of((RoutesConfig.FileName, RoutesConfig.Render(app))))));

    // One object, by name, read only: the least that a live route needs. The operator holds these verbs itself, so that it
    // can grant them without the right to escalate.
    private static PlannedObject Role(EffectiveApp app) => PlannedObject.Of(Resources.Roles, Names.Gateway, Json.Of(
        ("metadata", Metadata.Of(app, Names.Gateway, Names.Child(app.Name, Names.Gateway), [])),
        ("rules", new JsonArray(Json.Of(
            ("apiGroups", new JsonArray("")),
            ("resources", new JsonArray("configmaps")),
            ("resourceNames", new JsonArray(Names.Routes(app.Name))),
            ("verbs", new JsonArray("get", "list", "watch")))))));

    private static PlannedObject Binding(EffectiveApp app) => PlannedObject.Of(Resources.RoleBindings, Names.Gateway, Json.Of(
        ("metadata", Metadata.Of(app, Names.Gateway, Names.Child(app.Name, Names.Gateway), [])),
        ("roleRef", Json.Of(("apiGroup", "rbac.authorization.k8s.io"), ("kind", "Role"), ("name", Names.Child(app.Name, Names.Gateway)))),
        ("subjects", new JsonArray(Json.Of(
            ("kind", "ServiceAccount"), ("name", Names.Child(app.Name, Names.Gateway)), ("namespace", app.Namespace))))));
}
