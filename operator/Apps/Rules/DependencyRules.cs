namespace Fleet.Apps;

/// <summary>Who may depend on whom: on what is there, not on oneself, and never in a circle, for then none could ever start.</summary>
internal static class DependencyRules
{
    internal static IEnumerable<Problem> Check(EffectiveApp app) => [.. OfEdges(app), .. Cycles(app)];

    private static IEnumerable<Problem> OfEdges(EffectiveApp app)
    {
        var names = app.Services.Select(s => s.Name).ToHashSet(StringComparer.Ordinal);
        for (var i = 0; i < app.Services.Length; i++)
        {
            var service = app.Services[i];
            foreach (var (j, peer) in service.DependsOn.Index())
            {
                var path = $"{AppRules.ServicePath(i)}.dependsOn[{j}]";
                if (peer == service.Name)
                    yield return new(path, Says.DependsOnItself);
                else if (!names.Contains(peer))
                    yield return new(path, $"{Says.DependsOnUnknown}: \"{peer}\" is none{(Suggestion.For(peer, names) is { } meant ? $", did you mean {meant}?" : "")}");
            }
        }
    }

    // One message per circle, the shortest one through its first service in the order of the spec.
    private static IEnumerable<Problem> Cycles(EffectiveApp app)
    {
        var edges = app.Services.DistinctBy(s => s.Name).ToDictionary(s => s.Name, s => s.DependsOn.Where(d => d != s.Name).ToArray(), StringComparer.Ordinal);
        var told = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < app.Services.Length; i++)
        {
            var name = app.Services[i].Name;
            if (told.Contains(name) || ShortestCycle(name, edges) is not { } cycle)
                continue;
            told.UnionWith(cycle);
            var assumed = app.Services.FirstOrDefault(s => cycle.Contains(s.Name) && s.Spec.DependsOn is null)?.Name;
            var fix = assumed is null ? "take one of them out of dependsOn" : $"{assumed} depends on {edges[assumed][0]} by default, dependsOn: [] turns that off";
            yield return new($"{AppRules.ServicePath(i)}.dependsOn", $"services wait for each other in a circle, {string.Join(" -> ", cycle)}: {fix}", Reasons.DependencyCycle);
        }
    }

    private static string[]? ShortestCycle(string start, Dictionary<string, string[]> edges)
    {
        var cameFrom = new Dictionary<string, string>(StringComparer.Ordinal);
        var next = new Queue<string>([start]);
        while (next.TryDequeue(out var at))
        {
            foreach (var peer in edges.GetValueOrDefault(at) ?? [])
            {
                if (peer == start)
                    return [start, .. PathTo(at).Reverse(), start];
                if (cameFrom.TryAdd(peer, at))
                    next.Enqueue(peer);
            }
        }

        return null;

        IEnumerable<string> PathTo(string at)
        {
            for (; at != start; at = cameFrom[at])
                yield return at;
        }
    }
}
