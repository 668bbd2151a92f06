using Fleet.Benchmarks.Measuring;
using Fleet.Testing;

namespace Fleet.Benchmarks.Operator;

/// <summary>What the audit log says of apps that were applied and of their objects: the API server's own clock, and no load of ours on it.</summary>
/// <param name="Whole">From the first app's request to the last object's answer.</param>
/// <param name="EachApp">Of every app: from the answer to its user to the answer that made its last object.</param>
/// <param name="Requests">What the maker of the objects asked, Events and leases apart.</param>
internal sealed record Timeline(TimeSpan Whole, IReadOnlyList<TimeSpan> EachApp, IReadOnlyList<AuditEntry> Requests)
{
    /// <summary>Reads it.</summary>
    /// <param name="entries">All requests since before the first app.</param>
    /// <param name="maker">How the User-Agent of the maker of the objects begins.</param>
    /// <exception cref="InvalidDataException">An app has not all of its objects.</exception>
    public static Timeline Of(IReadOnlyCollection<AuditEntry> entries, string maker)
    {
        var apps = entries.Where(e => e is { Verb: "create", Code: 201, ObjectRef.Resource: "microserviceapps" }).ToDictionary(e => e.ObjectRef!.Namespace!, StringComparer.Ordinal);
        var requests = entries.Where(e => e.UserAgent.StartsWith(maker, StringComparison.Ordinal) && e.ObjectRef is not { Resource: "leases" or "events" }).ToList();
        var made = requests.Where(e => e is { Verb: "create", Code: 201 }).ToLookup(e => e.ObjectRef!.Namespace!, StringComparer.Ordinal);
        foreach (var ns in apps.Keys.Where(ns => made[ns].Count() != Apps.Children))
            throw new InvalidDataException($"{made[ns].Count()} of {Apps.Children} objects were made in {ns}");
        return new(
            apps.Keys.Max(ns => made[ns].Max(e => e.Completed)) - apps.Values.Min(e => e.Received),
            [.. apps.Select(a => made[a.Key].Max(e => e.Completed) - a.Value.Completed)],
            requests);
    }

    /// <summary>A percentile of <see cref="EachApp"/>, in milliseconds.</summary>
    public double Milliseconds(double share) => Percentiles.Of(EachApp.Select(t => t.TotalMilliseconds), share);
}
