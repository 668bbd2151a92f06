using System.Collections.Concurrent;
using Fleet.Apps;
using Fleet.Runtime;

namespace Fleet.Controller;

/// <summary>Counts each drift once, and keeps it until a status that tells of it is written.</summary>
public sealed class DriftLedger(TimeProvider time)
{
    private readonly ConcurrentDictionary<ObjectKey, Account> _accounts = new();

    /// <summary>Takes down the drift of one pass and returns what no written status tells of yet, oldest first.</summary>
    /// <param name="app">The app.</param>
    /// <param name="actions">What was found, and whether it was repaired: found again after that, it is another drift.</param>
    public IReadOnlyList<DriftRecord> Note(MicroserviceApp app, IEnumerable<(ObjectAction Action, bool Repaired)> actions)
    {
        var found = actions.Select(a => (Found: Find(a.Action), a.Repaired)).Where(f => f.Found is not null)
            .Select(f => (f.Found!.Value.Token, f.Found.Value.Record, f.Repaired)).ToList();
        var key = ObjectKey.Of(app);
        if (found.Count == 0 && !_accounts.ContainsKey(key))
            return [];
        var account = _accounts.GetOrAdd(key, _ => new());
        // After a restart, drift that is reported and not repaired was counted by whoever wrote that status.
        var known = account.Seen ?? (app.Status?.Conditions.Any(c => c is { Type: Conditions.ResourcesApplied, Reason: Reasons.Drifted }) == true
            ? [.. found.Select(f => f.Token)] : []);
        account.Pending.AddRange(found.Where(f => !known.Contains(f.Token)).Select(f => f.Record));
        account.Seen = [.. found.Where(f => !f.Repaired).Select(f => f.Token)];
        return [.. account.Pending];
    }

    /// <summary>A status that tells of all drift was written.</summary>
    public void Told(ObjectKey app)
    {
        if (!_accounts.TryGetValue(app, out var account))
            return;
        account.Pending.Clear();
        if (account.Seen is { Count: 0 })
            Forget(app);
    }

    /// <summary>Forgets an app that is gone.</summary>
    public void Forget(ObjectKey app) => _accounts.TryRemove(app, out _);

    private (string Token, DriftRecord Record)? Find(ObjectAction action) => action switch
    {
        // The object moves on for other reasons while it is being repaired, or left as it is; its drift is the same as long as the field is.
        ObjectAction.Apply { Drift: [var first, ..] } a => ($"{a.Live.Metadata.Uid}:{first.LiveText}", Record(a, first)),
        ObjectAction.Hold { Drift: [var first, ..], Live: { } live } h => ($"{live.Metadata.Uid}:{first.LiveText}", Record(h, first)),
        ObjectAction.Create { IsDrift: true } c => ($"{c.Object.Id} deleted", Record(c, null)),
        ObjectAction.Hold { Live: null, Refusal.Reason: Reasons.Drifted } h => ($"{h.Object.Id} deleted", Record(h, null)),
        _ => null,
    };

    private DriftRecord Record(ObjectAction action, Difference? first) => new()
    {
        Object = action.Object.Id,
        // What is empty is left out: servers before 1.21 take an empty string in a server-side apply for null.
        Field = first?.Path.ToString(),
        Manager = first is not null && ManagedFields.OtherOwner(Live(action).Metadata, first.Path) is { Length: > 0 } manager ? manager : null,
        Time = DateTimeOffset.FromUnixTimeSeconds(time.GetUtcNow().ToUnixTimeSeconds()),
    };

    private static Kubernetes.KubeObject Live(ObjectAction action) => action is ObjectAction.Apply apply ? apply.Live : action.Object;

    private sealed class Account
    {
        internal List<DriftRecord> Pending { get; } = [];

        internal HashSet<string>? Seen { get; set; }
    }
}
