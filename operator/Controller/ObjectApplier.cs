using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Runtime.ExceptionServices;
using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Runtime;

namespace Fleet.Controller;

/// <summary>What came of a pass's writes.</summary>
/// <param name="Results">One per action that came to an end, in the order of the actions.</param>
/// <param name="Answers">The objects as the server has them now.</param>
/// <param name="Deleted">The objects that are gone.</param>
/// <param name="Failure">What made the pass stop, and has to be thrown when the results are taken down; null when nothing did.</param>
public sealed record Applied(
    ImmutableArray<ObjectResult> Results, ImmutableArray<KubeObject> Answers, ImmutableArray<KubeObject> Deleted, ExceptionDispatchInfo? Failure = null);

/// <summary>
/// Step 4: carries out actions. Config goes before workloads, so that no pod starts without it; orphans go last, so that nothing is gone before its
/// successor is there; within a step all run in parallel. Known refusals are values; anything else ends the pass after its step.
/// </summary>
public sealed class ObjectApplier(ApiClient api, WatchedNamespaces watched, AnswerBook answers, RefusalLedger refusals)
{
    /// <summary>Carries out the actions.</summary>
    public async Task<Applied> ApplyAsync(MicroserviceApp app, Observed world, IReadOnlyCollection<ObjectAction> actions, CancellationToken stop)
    {
        var run = new Run(app, world, stop);
        var results = new Dictionary<ObjectAction, ObjectResult>(ReferenceEqualityComparer.Instance);
        refusals.Keep(ObjectKey.Of(app), actions.Where(a => a is ObjectAction.Create or ObjectAction.Apply or ObjectAction.Replace).Select(a => a.Object.Id));
        ExceptionDispatchInfo? failure = null;
        foreach (var step in actions.GroupBy(StepOf).OrderBy(s => s.Key).TakeWhile(_ => failure is null))
        {
            var writes = step.Select(action => (Action: action, Task: CarryOutAsync(action, run))).ToList();
            await ((Task)Task.WhenAll(writes.Select(w => w.Task))).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            foreach (var (action, task) in writes)
            {
                if (task.IsCompletedSuccessfully)
                    results[action] = await task;
                else
                    failure ??= ExceptionDispatchInfo.Capture(task.Exception?.InnerException ?? new OperationCanceledException(stop));
            }
        }

        return new([.. actions.Where(results.ContainsKey).Select(a => results[a])], [.. run.Answers], [.. run.Deleted], failure);
    }

    // An autoscaler comes after what it scales, and goes before the number is ours again: they never write it both. A binding comes late, too: whoever may not
    // bind at will has to hold what the Role grants, and a Role that the server has just been given it does not know at once.
    private static int StepOf(ObjectAction action) => (action is ObjectAction.Delete, action.Object.Resource) switch
    {
        (true, var kind) => kind == Resources.HorizontalPodAutoscalers ? 0 : 3,
        (false, var kind) => kind == Resources.HorizontalPodAutoscalers || kind == Resources.RoleBindings ? 2 : kind == Resources.Deployments ? 1 : 0,
    };

    private async Task<ObjectResult> CarryOutAsync(ObjectAction action, Run run)
    {
        var key = ObjectKey.Of(run.App);
        switch (action)
        {
            case ObjectAction.Keep:
                return new(action);
            case ObjectAction.Hold hold:
                return new(action, hold.Refusal);
            case ObjectAction.Delete delete:
                return await RefusableAsync(action, () => DeleteAsync(delete, run));
        }

        var wanted = Wanted(action);
        if (refusals.Standing(key, wanted) is { } standing)
            return new(action, standing);
        var result = await RefusableAsync(action, () => WriteAsync(action, run));
        if (result.Refusal is null)
            refusals.Clear(key, wanted.Object.Id);
        else
            refusals.Note(key, wanted, result.Refusal);
        return result;
    }

    private static PlannedObject Wanted(ObjectAction action) => action switch
    {
        ObjectAction.Create a => a.Desired,
        ObjectAction.Apply a => a.Desired,
        ObjectAction.Replace a => a.Desired,
        _ => throw new ArgumentException($"{action.GetType().Name} writes no planned object", nameof(action)),
    };

    // Returns the action that it became: what was to be created may turn out to be there.
    private async Task<ObjectResult> WriteAsync(ObjectAction action, Run run)
    {
        switch (action)
        {
            case ObjectAction.Create create:
                return await CreateAsync(create, create.Desired, run);
            case ObjectAction.Apply apply:
                return await ApplyAsync(apply, run);
            case ObjectAction.Replace replace:
                await DeleteAsync(new(replace.Live, replace.Service), run);
                return await CreateAsync(replace, replace.Desired, run);
            default:
                throw new ArgumentException($"{action.GetType().Name} is no write", nameof(action));
        }
    }

    private async Task<ObjectResult> CreateAsync(ObjectAction action, PlannedObject desired, Run run)
    {
        try
        {
            Witness(desired.Object, await api.CreateAsync(desired.ToCreate, run.Stop, strict: true), run);
            return new(action);
        }
        catch (ApiException e) when (e.IsAlreadyExists)
        {
            // It may be one of ours whose label was taken off, so that the watch does not show it; or somebody else's.
            return await LookAgainAsync(desired, run) ?? throw new StaleReadException($"{desired.Object.Id} was there and is not", e);
        }
    }

    private async Task<ObjectResult> ApplyAsync(ObjectAction.Apply apply, Run run)
    {
        try
        {
            var live = apply.Live;
            if (Preparation.Of(apply, run.World.Features) is { Count: > 0 } preparation)
                live = await api.JsonPatchAsync(live.Resource, live.Metadata.Namespace, live.Metadata.Name, preparation, run.Stop);
            if (Scaling.Handover(apply.Desired, live) is { } replicas)
                await api.ApplyAsync(Scaling.OnlyReplicas(live, replicas), run.Stop, fieldManager: Keys.ScaleManager);
        }
        catch (ApiException e) when (!run.LookedAgain && (e.IsInvalid || e.IsConflict))
        {
            // The object has moved, and what the patch goes by stands elsewhere now.
            return await LookAgainAsync(apply.Desired, run with { LookedAgain = true }) ?? throw new StaleReadException($"{apply.Object.Id} has moved", e);
        }

        Witness(apply.Object, await api.ApplyAsync(apply.Object, run.Stop), run);
        return new(apply);
    }

    // One GET, where the cache cannot know.
    private async Task<ObjectResult?> LookAgainAsync(PlannedObject desired, Run run)
    {
        var metadata = desired.Object.Metadata;
        var live = await api.FindAsync(Kinds.Raw(desired.Object.Resource), metadata.Namespace, metadata.Name, run.Stop);
        switch (live is null ? null : PlanDiff.For(desired, live, run.App, run.World))
        {
            case ObjectAction.Hold hold:
                return new(hold, hold.Refusal);
            case ObjectAction.Keep keep:
                Witness(desired.Object, keep.Live, run);
                return new(keep);
            case ObjectAction.Apply apply:
                return await ApplyAsync(apply, run with { LookedAgain = true });
            default:
                return null;
        }
    }

    private async Task<ObjectResult> DeleteAsync(ObjectAction.Delete delete, Run run)
    {
        var (live, metadata) = (delete.Live, delete.Live.Metadata);
        try
        {
            await api.DeleteAsync(live.Resource, metadata.Namespace, metadata.Name, new(Uid: metadata.Uid), run.Stop);
        }
        catch (ApiException e) when (e.IsNotFound)
        {
            // Gone already. A conflict is not that: another object may have the name, or this one be changing; the next pass sees which.
        }

        watched[metadata.Namespace].Children(live.Resource).WitnessDeleted(metadata.Namespace, metadata.Name, metadata.Uid!);
        answers.Forget(metadata.Uid!);
        run.Deleted.Add(live);
        return new(delete);
    }

    private void Witness(KubeObject sent, KubeObject answer, Run run)
    {
        answers.Note(sent, answer);
        watched[answer.Metadata.Namespace].Children(answer.Resource).Witness(answer);
        run.Answers.Add(answer);
    }

    private static async Task<ObjectResult> RefusableAsync(ObjectAction action, Func<Task<ObjectResult>> write)
    {
        try
        {
            return await write();
        }
        catch (ApiException e) when (Refusals.Of(e) is { } refusal)
        {
            return new(action, refusal);
        }
    }

    private sealed record Run(MicroserviceApp App, Observed World, CancellationToken Stop)
    {
        internal ConcurrentBag<KubeObject> Answers { get; } = [];

        internal ConcurrentBag<KubeObject> Deleted { get; } = [];

        /// <summary>Whether the object was read anew already: what is stale twice is left to the next pass.</summary>
        internal bool LookedAgain { get; init; }
    }
}

/// <summary>What was read is no longer so; the next pass reads again.</summary>
public sealed class StaleReadException(string message, Exception cause) : Exception(message, cause);
