using System.Collections.Immutable;
using System.Text.Json;
using Fleet.Kubernetes;

namespace Fleet.Apps;

/// <summary>The condition RoutesProgrammed: whether the gateway knows the routes, and they lead somewhere.</summary>
internal static class Routing
{
    internal static AppCondition Of(AppPlan plan, EffectiveApp app, ImmutableArray<ServiceState> services, Observed world, IReadOnlyCollection<ObjectResult> results)
    {
        var obstacle = (app.Gateway, app.Parent) switch
        {
            (null, null) => (ConditionStatus.True, Reasons.NotRequested, "the app has no gateway"),
            ({ }, _) => OfBundled(app, services, results),
            (_, { } parent) => OfGatewayApi(plan, app, parent, world),
        };
        var (status, reason, message) = obstacle ?? OfBackends(app, services) ?? (ConditionStatus.True, Reasons.Programmed, "the gateway has the routes of this generation");
        return Summary.Condition(plan.App.Metadata.Generation, Conditions.RoutesProgrammed, status, reason, message);
    }

    private static (ConditionStatus, string, string)? OfBundled(EffectiveApp app, ImmutableArray<ServiceState> services, IReadOnlyCollection<ObjectResult> results)
    {
        var written = results.Any(r => r is { Refusal: null } && r.Action.Object.Resource == Resources.ConfigMaps && r.Action is not ObjectAction.Delete && r.Action.Object.Metadata.Name == Names.Routes(app.Name));
        return written && services.First(s => s.Name == Names.Gateway).Replicas.Ready > 0 ? null
            : (ConditionStatus.Unknown, Reasons.Pending, Summary.About(Names.Gateway, "no replica with these routes is ready yet"));
    }

    private static (ConditionStatus, string, string)? OfGatewayApi(AppPlan plan, EffectiveApp app, ParentReference parent, Observed world)
    {
        if (plan.LeftOut.FirstOrDefault(kind => kind.Group == Resources.Gateways.Group) is { } missing)
            return (ConditionStatus.False, Reasons.GatewayApiNotInstalled, $"the cluster does not serve {missing.Kind} ({missing.ApiVersion}): install the Gateway API's standard channel, and a controller for it");
        var name = $"Gateway {parent.Namespace ?? app.Namespace}/{parent.Name}";
        if (world is { SeesParent: true, Parent: null })
            return (ConditionStatus.False, Reasons.GatewayNotFound, $"{name} does not exist: create it, or change spec.gateway.parentRef");

        (ConditionStatus, string, string)? pending = null;
        foreach (var planned in plan.Desired.Where(d => d.Object.Resource.Group == Resources.Gateways.Group))
        {
            if (world.Own(plan.App, planned.Object.Resource, planned.Object.Metadata.Name) is not { } route)
            {
                pending ??= (ConditionStatus.Unknown, Reasons.Pending, Summary.About(planned.Service, "its route is being created"));
                continue;
            }

            var verdict = RouteVerdict.Of(route, app, parent);
            if (verdict.Rejection is { } why)
                return (ConditionStatus.False, Reasons.RouteRejected, Summary.About(planned.Service, $"{name} does not take {route.Id}: {why}"));
            if (!verdict.IsAccepted)
                pending ??= (ConditionStatus.Unknown, Reasons.Pending, Summary.About(planned.Service, $"the controller of {name} has not answered yet for {route.Id}"));
        }

        return pending;
    }

    private static (ConditionStatus, string, string)? OfBackends(EffectiveApp app, ImmutableArray<ServiceState> services)
    {
        var without = app.Services.Where(s => s.Route is not null).Select(s => services.First(r => r.Name == s.Name)).Where(r => r.Replicas.Ready == 0).ToList();
        if (without.Count == 0)
            return null;
        // A service that is on its way is not yet missed.
        var missed = without.FirstOrDefault(r => r.State is not (ServicePhase.Waiting or ServicePhase.Progressing));
        return missed is null
            ? (ConditionStatus.Unknown, Reasons.Pending, Summary.About(without[0].Name, "it is routed and has no ready replica yet"))
            : (ConditionStatus.False, Reasons.BackendsUnavailable, Summary.About(missed.Name, "it is routed and has no ready replica"));
    }
}

/// <summary>What the controller of a Gateway says of a route, at the route's generation.</summary>
/// <param name="IsAccepted">It takes the route, and finds all that the route refers to.</param>
/// <param name="Rejection">Why it does not, and what to do; null when it does or has not answered.</param>
internal sealed record RouteVerdict(bool IsAccepted, string? Rejection)
{
    // The conditions that every implementation sets (Gateway API, RouteConditionType).
    private static readonly string[] Needed = ["Accepted", "ResolvedRefs"];

    internal static RouteVerdict Of(KubeObject route, EffectiveApp app, ParentReference parent)
    {
        var met = new HashSet<string>(StringComparer.Ordinal);
        foreach (var condition in Conditions(route, app, parent).Where(c => Needed.Contains(c.Type) && c.ObservedGeneration >= route.Metadata.Generation))
        {
            if (condition.Status == "False")
                return new(false, $"{condition.Reason}: {Hint(condition.Reason, app) ?? condition.Message}");
            if (condition.Status == "True")
                met.Add(condition.Type);
        }

        return new(Needed.All(met.Contains), null);
    }

    // One Gateway may have several controllers' answers, each under the reference that the route has.
    private static IEnumerable<RouteCondition> Conditions(KubeObject route, EffectiveApp app, ParentReference parent)
    {
        if (route.Part("status") is not { ValueKind: JsonValueKind.Object } status || !status.TryGetProperty("parents", out var parents) || parents.ValueKind != JsonValueKind.Array)
            yield break;
        foreach (var answer in parents.EnumerateArray())
        {
            var of = answer.GetProperty("parentRef");
            if (Text(of, "name") != parent.Name || (Text(of, "namespace") ?? app.Namespace) != (parent.Namespace ?? app.Namespace) || Text(of, "sectionName") != parent.SectionName)
                continue;
            foreach (var condition in answer.TryGetProperty("conditions", out var conditions) ? conditions.EnumerateArray() : default)
            {
                yield return new(
                    Text(condition, "type") ?? "", Text(condition, "status") ?? "", Text(condition, "reason") ?? "", Text(condition, "message") ?? "",
                    condition.TryGetProperty("observedGeneration", out var generation) ? generation.GetInt64() : 0);
            }
        }
    }

    // What has to be changed at the Gateway, which seldom is the same people's: so it is said in words that can be passed on.
    private static string? Hint(string reason, EffectiveApp app) => reason switch
    {
        "NotAllowedByListeners" => $"no listener admits routes of namespace {app.Namespace}: set its allowedRoutes.namespaces to from: All, or to a selector that matches the label kubernetes.io/metadata.name: {app.Namespace}",
        "NoMatchingListenerHostname" => "no listener has a host name that matches: change gateway.hostnames, or the listener's hostname",
        "NoMatchingParent" => "the Gateway has no such listener: change gateway.parentRef.sectionName",
        _ => null,
    };

    private static string? Text(JsonElement parent, string field) => parent.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private sealed record RouteCondition(string Type, string Status, string Reason, string Message, long ObservedGeneration);
}
