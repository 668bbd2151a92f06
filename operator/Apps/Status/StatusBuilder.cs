using System.Collections.Immutable;
using System.Text.Json;
using Fleet.Kubernetes;

namespace Fleet.Apps;

/// <summary>How it went with one object.</summary>
/// <param name="Action">What was to be done.</param>
/// <param name="Refusal">Why it was not done; null when it was, or when nothing was to be done.</param>
public sealed record ObjectResult(ObjectAction Action, Refusal? Refusal = null);

/// <summary>A status, and when to look again although nothing changes.</summary>
/// <param name="Status">The status.</param>
/// <param name="AskAgain">After what time it may change by itself; null for never.</param>
public sealed record StatusResult(AppStatus Status, TimeSpan? AskAgain);

/// <summary>Computes the status of an app from what one pass planned, did and saw. Pure.</summary>
public static class StatusBuilder
{
    /// <summary>Computes the status.</summary>
    /// <param name="plan">What is wanted.</param>
    /// <param name="world">What is there, after the pass's own writes.</param>
    /// <param name="results">How the writes went; empty when the spec was refused.</param>
    /// <param name="drift">Drift found in this pass, in the order it was found.</param>
    /// <param name="now">The time, UTC; status holds whole seconds.</param>
    public static StatusResult Of(AppPlan plan, Observed world, IReadOnlyCollection<ObjectResult> results, IReadOnlyCollection<DriftRecord> drift, DateTimeOffset now)
    {
        now = DateTimeOffset.FromUnixTimeSeconds(now.ToUnixTimeSeconds());
        var before = plan.App.Status ?? new();
        var (services, askAgain) = plan.Effective is { } app ? Services(plan, app, world, results, before, now) : Refused(plan.App, world, before, now);
        var conditions = plan.Effective is { } accepted
            ? Accepted(plan, accepted, services, world, results)
            : Rejected(plan, before, services);
        var counted = services.Where(s => s.State != ServicePhase.Inactive).ToList();
        return new(
            new()
            {
                ObservedGeneration = plan.App.Metadata.Generation,
                Ready = $"{counted.Count(s => s.State == ServicePhase.Active)}/{counted.Count}",
                Url = plan.Effective is { } e ? Addresses.OfApp(e, world) : before.Url,
                Conditions = [.. Summary.Of(plan.App, conditions).Select(c => Summary.Timed(c, before.Conditions, now))],
                Services = services,
                Drift = drift.Count == 0 ? before.Drift : new() { Count = (before.Drift?.Count ?? 0) + drift.Count, Last = drift.Last() },
            },
            askAgain);
    }

    /// <summary>Whether two statuses say the same, so that writing the second would be a write for nothing.</summary>
    public static bool Same(AppStatus? one, AppStatus other) => one is not null && JsonElement.DeepEquals(
        JsonSerializer.SerializeToElement(one, AppsJson.Default.AppStatus), JsonSerializer.SerializeToElement(other, AppsJson.Default.AppStatus));

    private static (ImmutableArray<ServiceState> Services, TimeSpan? AskAgain) Services(
        AppPlan plan, EffectiveApp app, Observed world, IReadOnlyCollection<ObjectResult> results, AppStatus before, DateTimeOffset now)
    {
        var url = Addresses.OfApp(app, world);
        var deadline = TimeSpan.FromSeconds(app.ProgressDeadlineSeconds);
        // The time for which it was suspended does not count.
        var resumed = plan.App.Spec.Suspend != true && before.Conditions.Any(c => c is { Type: Conditions.ResourcesApplied, Reason: Reasons.Suspended });
        var rows = ImmutableArray.CreateBuilder<ServiceState>();
        TimeSpan? askAgain = null;
        foreach (var s in app.Services)
        {
            Add(Question(s.Name, s.Active, s.Scale.Replicas, Remark(s, app)), health => new()
            {
                Name = s.Name, Protocol = s.Spec.Protocol, Port = s.Spec.Port, State = health.Phase, Image = s.Image,
                Public = s.Route is { Public: true }, Replicas = health.Counts,
                Address = $"{Names.Host(app.Name, s.Name, app.Namespace)}:{s.Spec.Port}",
                Url = Addresses.OfService(app, s, world),
            });
        }

        if (app.Gateway is { } gateway)
        {
            Add(Question(Names.Gateway, active: true, gateway.Scale.Replicas, remark: null), health => new()
            {
                Name = Names.Gateway, Protocol = ServiceProtocol.Http, Port = gateway.Port, State = health.Phase, Image = gateway.Image,
                Public = false, Replicas = health.Counts, Address = $"{Names.Host(app.Name, Names.Gateway, app.Namespace)}:{gateway.Port}", Url = url,
            });
        }

        return (rows.ToImmutable(), askAgain);

        ServiceHealth.Question Question(string name, bool active, int replicas, string? remark) => new()
        {
            App = plan.App, Name = name, Active = active, Replicas = replicas, Remark = remark, Deadline = deadline,
            WaitsFor = plan.WaitsFor.GetValueOrDefault(name, []),
            References = plan.Desired.FirstOrDefault(d => d.Service == name && d.Object.Resource == Resources.Deployments)?.References ?? [],
            Refusal = results.FirstOrDefault(r => r.Action.Service == name && r.Refusal is not null)?.Refusal,
            Before = before.Services.FirstOrDefault(b => b.Name == name) is { } row ? resumed && row.State == ServicePhase.Waiting ? row with { LastTransitionTime = now } : row : null,
        };

        void Add(ServiceHealth.Question question, Func<ServiceHealth, ServiceState> row)
        {
            var health = ServiceHealth.Of(question, world, now);
            rows.Add(Timed(row(health) with { Reason = health.Reason, Message = health.Message }, question.Before, now));
            askAgain = health.AskAgain is { } wait && (askAgain is null || wait < askAgain) ? wait : askAgain;
        }
    }

    // A refused spec leaves what runs untouched, and what runs is still told: the rows of the last accepted spec, looked at anew.
    private static (ImmutableArray<ServiceState> Services, TimeSpan? AskAgain) Refused(MicroserviceApp app, Observed world, AppStatus before, DateTimeOffset now)
    {
        var rows = ImmutableArray.CreateBuilder<ServiceState>();
        TimeSpan? askAgain = null;
        foreach (var row in before.Services)
        {
            // The gate of a service that was never started stays closed, and what it waits for is in the row.
            if (StartGate.IsClosed(app, row.Name, world))
            {
                rows.Add(row);
                continue;
            }

            var health = ServiceHealth.Of(
                new()
                {
                    App = app, Name = row.Name, Active = row.State != ServicePhase.Inactive,
                    // An autoscaler goes on meanwhile; the least that the last accepted spec named is not known.
                    Replicas = world.Own(app, Resources.Deployments, Names.Child(app.Metadata.Name, row.Name)) is { } live && Scaling.IsAutoscaled(live) ? 1 : row.Replicas.Desired,
                    Remark = row.State == ServicePhase.Active ? row.Message : null, Before = row, Deadline = TimeSpan.FromSeconds(app.Spec.ProgressDeadlineSeconds ?? 600),
                },
                world, now);
            rows.Add(Timed(row with { State = health.Phase, Reason = health.Reason, Message = health.Message, Replicas = health.Counts }, row, now));
            askAgain = health.AskAgain is { } wait && (askAgain is null || wait < askAgain) ? wait : askAgain;
        }

        return (rows.ToImmutable(), askAgain);
    }

    private static ServiceState Timed(ServiceState row, ServiceState? before, DateTimeOffset now) =>
        row with { LastTransitionTime = before?.State == row.State ? before.LastTransitionTime : now };

    private static string? Remark(EffectiveService s, EffectiveApp app) => s switch
    {
        { LosesData: true } => "data ends with the pod: set ConnectionStrings__Default, or mount a persistentVolumeClaim at /data",
        { Route: null, Spec.Protocol: ServiceProtocol.Grpc, GrpcServices.IsEmpty: true } when app.App.Spec.Gateway is not null && s.Spec.Route?.Enabled != false => "no route: grpc.services names no service",
        _ => null,
    };

    private static List<AppCondition> Rejected(AppPlan plan, AppStatus before, ImmutableArray<ServiceState> services)
    {
        var generation = plan.App.Metadata.Generation;
        var reason = plan.Problems.All(p => p.Reason == Reasons.DependencyCycle) ? Reasons.DependencyCycle : Reasons.InvalidSpec;
        var message = string.Join("; ", plan.Problems.Take(20).Select(p => p.Path.Length == 0 ? p.Message : $"{p.Path}: {p.Message}"));
        List<AppCondition> conditions = [Summary.Condition(generation, Conditions.Accepted, ConditionStatus.False, reason, message)];
        // The others are about the last spec that was accepted, and say so by their generation.
        conditions.AddRange(before.Conditions.Where(c => c.Type is Conditions.ResourcesApplied or Conditions.RoutesProgrammed));
        if (before.Conditions.FirstOrDefault(c => c.Type == Conditions.ServicesAvailable) is { } available)
            conditions.Add(Summary.Available(services, available.ObservedGeneration));
        return conditions;
    }

    private static string Valid(MicroserviceApp app) => app.UnknownFields.IsEmpty ? "the spec is valid"
        : $"the spec is valid; the CRD is newer than the operator, which leaves alone what it does not know: {string.Join(", ", app.UnknownFields)}";

    private static List<AppCondition> Accepted(
        AppPlan plan, EffectiveApp app, ImmutableArray<ServiceState> services, Observed world, IReadOnlyCollection<ObjectResult> results)
    {
        var generation = plan.App.Metadata.Generation;
        return
        [
            Summary.Condition(generation, Conditions.Accepted, ConditionStatus.True, Reasons.Valid, Valid(plan.App)),
            Summary.Applied(plan, world, results),
            Summary.Available(services, generation),
            Routing.Of(plan, app, services, world, results),
        ];
    }
}
