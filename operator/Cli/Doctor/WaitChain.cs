using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Fleet.Apps;

namespace Fleet.Cli;

/// <summary>Follows a service that waits for another to the one that is itself the cause.</summary>
internal static partial class WaitChain
{
    /// <summary>The services, from the one that is asked about to the one that waits for nobody.</summary>
    internal static ImmutableArray<string> From(Facts facts, string service)
    {
        var path = new List<string> { service };
        while (Next(facts, path[^1]) is { } next && !path.Contains(next, StringComparer.Ordinal))
            path.Add(next);
        return [.. path];
    }

    private static string? Next(Facts facts, string service)
    {
        // One that waited for too long says so in the same words, under another reason.
        if (facts.Services.FirstOrDefault(s => s.Name == service) is not { State: ServicePhase.Waiting or ServicePhase.Stalled, Message: { } message } ||
            WaitsFor().Match(message) is not { Success: true } names)
            return null;
        var rows = names.Groups["names"].Value.Split(", ").Select(n => facts.Services.FirstOrDefault(s => s.Name == n)).OfType<ServiceState>().ToList();
        // Of several the one that fails for good; it may have been Active once the status was written.
        return (rows.FirstOrDefault(r => r.State is ServicePhase.Degraded or ServicePhase.Stalled) ?? rows.FirstOrDefault(r => r.State != ServicePhase.Active))?.Name;
    }

    [GeneratedRegex("^waits for (?<names>.+?) to become Active", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex WaitsFor();
}
