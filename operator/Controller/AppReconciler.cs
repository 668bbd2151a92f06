using System.Collections.Immutable;
using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Runtime;

namespace Fleet.Controller;

/// <summary>One pass over one app: read, plan, diff, apply, status, tell.</summary>
public sealed class AppReconciler(
    AppReader reader,
    ObjectApplier applier,
    StatusWriter statusWriter,
    EventRecorder events,
    ConfigReader config,
    RefusalLedger refusals,
    DriftLedger drifts,
    RollGate gate,
    OperatorSettings settings,
    TimeProvider time)
{
    // A status in which something is still forbidden, or held back by an object that no watch shows, is looked at again.
    private static readonly TimeSpan Recheck = TimeSpan.FromSeconds(30);

    // An app that waits for its turn to roll asks again.
    private static readonly TimeSpan NextPlace = TimeSpan.FromSeconds(5);

    /// <summary>Makes one pass.</summary>
    public async Task<Outcome> ReconcileAsync(ObjectKey key, CancellationToken stop)
    {
        // :: Step 1 - READ: the app and the world around it, from caches.
        var app = reader.Find(key);
        if (app is null || app.Metadata.DeletionTimestamp is not null)
        {
            // Its objects go by their owner references; nothing is made for an app that is on its way out.
            Forget(key);
            return Outcome.Settled;
        }

        var world = await reader.ReadAsync(app, stop);

        // :: Step 2 - PLAN: what is to be.
        var plan = Planner.Plan(app, world, settings);

        // :: Step 3 - DIFF: what is to be done. Nothing, for a spec that is refused, an app that is suspended, or a world that cannot be seen whole.
        var writes = plan.Effective is not null && app.Spec.Suspend != true && world.Denied.IsEmpty;
        var actions = plan.Effective is null ? [] : PlanDiff.Between(plan, world);
        if (writes)
        {
            actions = gate.Admit(plan, actions);
        }
        else
        {
            refusals.Forget(key);
            gate.Forget(key);
        }

        // :: Step 4 - APPLY. Drift is taken down before a failure ends the pass: what was repaired cannot be seen any more.
        var applied = writes
            ? await applier.ApplyAsync(app, world, actions, stop)
            : new([.. actions.OfType<ObjectAction.Keep>().Select(k => new ObjectResult(k))], [], []);
        var drift = writes ? drifts.Note(app, Outcomes(actions, applied)) : [];
        applied.Failure?.Throw();

        // :: Step 5 - STATUS goes last, and only when it differs: our own write comes back as a watch event, and a write at every pass
        //    would never let the queue fall silent.
        var (status, askAgain) = StatusBuilder.Of(plan, world.After(applied.Answers, applied.Deleted), applied.Results, drift, time.GetUtcNow());
        gate.Look(plan, status);
        if (await statusWriter.WriteAsync(app, status, stop))
        {
            drifts.Told(key);

            // :: Step 6 - TELL: what changed, once.
            Tell(app, status, applied, drift);
        }

        return Next(key, applied, askAgain, refused: !world.Denied.IsEmpty, held: gate.Holds(key));
    }

    // An action that came to no end is still as it was found.
    private static IEnumerable<(ObjectAction Action, bool Repaired)> Outcomes(ImmutableArray<ObjectAction> actions, Applied applied)
    {
        var ended = applied.Results.ToDictionary(r => r.Action.Object.Id, StringComparer.Ordinal);
        return actions.Select(a => ended.TryGetValue(a.Object.Id, out var result)
            ? (result.Action, result is { Refusal: null, Action: ObjectAction.Apply or ObjectAction.Create })
            : (a, false));
    }

    private void Tell(MicroserviceApp app, AppStatus status, Applied applied, IReadOnlyList<DriftRecord> drift)
    {
        var regarding = new ObjectReference
        {
            ApiVersion = app.ApiVersion, Kind = app.Kind, Namespace = app.Metadata.Namespace, Name = app.Metadata.Name, Uid = app.Metadata.Uid,
        };
        foreach (var replaced in applied.Results.Where(r => r.Refusal is null).Select(r => r.Action).OfType<ObjectAction.Replace>())
            events.Record(regarding, "Normal", "Recreated", "Recreate", $"{replaced.Object.Id} was deleted and made again: {replaced.Field} cannot be changed in place");
        foreach (var record in drift)
        {
            var field = record.Field is null ? "was deleted" : $"{record.Field} was changed{(record.Manager is null ? "" : $" by {record.Manager}")}";
            events.Record(regarding, "Warning", "Drift", app.Spec.DriftPolicy == DriftPolicy.Report ? "Report" : "Repair", $"{record.Object}: {field}");
        }

        foreach (var happening in Transitions.Between(app.Status, status))
            events.Record(regarding, happening.Warning ? "Warning" : "Normal", happening.Reason, happening.Action, happening.Note);
    }

    private Outcome Next(ObjectKey key, Applied applied, TimeSpan? askAgain, bool refused, bool held)
    {
        // What stands in the way unlabelled is shown by no watch, nor is a right to delete that is granted.
        var blocked = refused || applied.Results.Any(r => r.Refusal is not null && (r.Action is ObjectAction.Delete || r.Refusal.Reason == Reasons.WaitingForDeletion));
        TimeSpan?[] waits = [askAgain, refusals.Next(key), blocked ? Recheck : null, held ? NextPlace : null];
        return waits.Min() is { } wait ? Outcome.Again(wait) : Outcome.Settled;
    }

    private void Forget(ObjectKey key)
    {
        config.Forget(key);
        refusals.Forget(key);
        drifts.Forget(key);
        gate.Forget(key);
    }
}
