using Fleet.Apps;

namespace Fleet.Cli;

/// <summary>What <c>fleet plan -o summary</c> shows.</summary>
internal static class PlanPage
{
    private static readonly string[] ObjectColumns = ["OBJECT", "NAMESPACE", "SERVICE"];
    private static readonly string[] RouteColumns = ["ROUTE", "SERVICE", "ACCESS"];

    /// <summary>One plan: its objects in the order in which they are written, and its routes.</summary>
    internal static IEnumerable<Line> Of(AppPlan plan)
    {
        var routes = RouteLine.Of(plan.Effective!).ToList();
        return
        [
            .. Table.Of(ObjectColumns, plan.Desired.Select(d => (Span[])[d.Object.Id, d.Object.Metadata.Namespace ?? "", d.Service])),
            .. routes.Count == 0 ? Array.Empty<Line>() :
            [
                Line.Empty,
                .. Table.Of(RouteColumns, routes.Select(r => (Span[])[r.Match, r.Service, r.IsPublic ? new Span("PUBLIC", Tone.Busy) : "token"])),
            ],
        ];
    }

    /// <summary>One line that names every public route; null when there is none.</summary>
    internal static string? PublicRoutes(IEnumerable<AppPlan> plans)
    {
        var open = plans.SelectMany(p => RouteLine.Of(p.Effective!).Where(r => r.IsPublic).Select(r => $"{r.Match} -> {p.App.Metadata.Name}-{r.Service}")).ToList();
        return open.Count == 0 ? null : $"PUBLIC (no token is asked for): {string.Join(", ", open)}";
    }
}
