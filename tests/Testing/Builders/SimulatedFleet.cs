using System.Collections.Immutable;
using Fleet.Apps;
using Fleet.Controller;
using Fleet.Kubernetes;

namespace Fleet.Testing;

/// <summary>
/// One app on a <see cref="FakeCluster"/>, and the operator's passes over it without a server or a queue in between: plan, diff, writes that succeed unless a
/// test refuses them, status.
/// </summary>
public sealed class SimulatedFleet
{
    private readonly Dictionary<string, Refusal> _refusals = [];

    /// <summary>A fleet before its first pass.</summary>
    public SimulatedFleet(MicroserviceApp app) => App = app;

    /// <summary>The app with the status that was last written.</summary>
    public MicroserviceApp App { get; set; }

    /// <summary>The cluster.</summary>
    public FakeCluster Cluster { get; } = new();

    /// <summary>What is known of ConfigMaps and Secrets.</summary>
    public ImmutableDictionary<ConfigKey, ConfigContent> Config { get; set; } = ImmutableDictionary<ConfigKey, ConfigContent>.Empty;

    /// <summary>Kinds that may not be read, as sentences.</summary>
    public ImmutableArray<string> Denied { get; set; } = [];

    /// <summary>Kinds that are not served.</summary>
    public ImmutableArray<Resource> Missing { get; set; } = [];

    /// <summary>The Gateway that the app's routes are for; null when there is none.</summary>
    public KubeObject? Parent { get; set; }

    /// <summary>Whether Gateways can be seen.</summary>
    public bool SeesParent { get; set; }

    /// <summary>How many statuses were written.</summary>
    public int StatusWrites { get; private set; }

    /// <summary>After what time the last pass wants another although nothing changes.</summary>
    public TimeSpan? AskAgain { get; private set; }

    /// <summary>What the last pass had to tell.</summary>
    public IReadOnlyList<Happening> Told { get; private set; } = [];

    /// <summary>What the last pass had to do.</summary>
    public IReadOnlyList<ObjectAction> Actions { get; private set; } = [];

    /// <summary>The status that was last written.</summary>
    public AppStatus Status => App.Status ?? throw new InvalidOperationException("no pass was made yet");

    /// <summary>What a pass would see now.</summary>
    public Observed World => Cluster.Observe(App) with
    {
        Config = Config, Denied = Denied, Parent = Parent, SeesParent = SeesParent, Missing = Missing.ToImmutableDictionary(kind => kind, OptionalKinds.NotServed),
    };

    /// <summary>What a pass would plan now.</summary>
    public AppPlan Plan() => Planner.Plan(App, World, Given.Settings);

    /// <summary>What a pass would do now.</summary>
    public ImmutableArray<ObjectAction> Diff() => PlanDiff.Between(Plan(), World);

    /// <summary>The server refuses to write an object from now on; null: no longer.</summary>
    public SimulatedFleet Refuse(string id, Refusal? refusal)
    {
        if (refusal is null)
            _refusals.Remove(id);
        else
            _refusals[id] = refusal;
        return this;
    }

    /// <summary>Makes one pass.</summary>
    public AppStatus Pass()
    {
        var world = World;
        var plan = Planner.Plan(App, world, Given.Settings);
        Actions = plan.Effective is null ? [] : PlanDiff.Between(plan, world);
        var results = plan.Effective is not null && App.Spec.Suspend != true && Denied.IsEmpty
            ? [.. Actions.Select(CarryOut)]
            : Actions.OfType<ObjectAction.Keep>().Select(k => new ObjectResult(k)).ToList();
        (var status, AskAgain) = StatusBuilder.Of(plan, World, results, [], Cluster.Now);
        Told = [];
        if (StatusBuilder.Same(App.Status, status))
            return status;
        Told = [.. Transitions.Between(App.Status, status)];
        App = App with { Status = status };
        StatusWrites++;
        return status;
    }

    /// <summary>Makes passes, with every rollout completed in between, until nothing changes.</summary>
    public AppStatus Settle()
    {
        for (var before = -1; before != StatusWrites;)
        {
            before = StatusWrites;
            Pass();
            Cluster.Ready();
            Pass();
        }

        return Status;
    }

    /// <summary>A row of the table.</summary>
    public ServiceState Row(string service) => Status.Services.Single(s => s.Name == service);

    /// <summary>A condition; null when it is absent.</summary>
    public AppCondition? Condition(string type) => Status.Conditions.SingleOrDefault(c => c.Type == type);

    private ObjectResult CarryOut(ObjectAction action)
    {
        if (action is ObjectAction.Keep)
            return new(action);
        if (action is ObjectAction.Hold hold)
            return new(action, hold.Refusal);
        if (_refusals.TryGetValue(action.Object.Id, out var refusal))
            return new(action, refusal);
        switch (action)
        {
            case ObjectAction.Create create:
                Cluster.Create(create.Desired.ToCreate);
                break;
            case ObjectAction.Apply apply:
                if (ManagedFields.EntryOf(apply.Live.Metadata, "Update") is var entry and >= 0)
                    Cluster.Patch(apply.Object.Id, [new System.Text.Json.Nodes.JsonObject { ["op"] = "replace", ["path"] = $"/metadata/managedFields/{entry}/operation", ["value"] = "Apply" }]);
                if (Scaling.Handover(apply.Desired, apply.Live) is { } replicas)
                    Cluster.Apply(Scaling.OnlyReplicas(Cluster.Get(apply.Object.Id), replicas), Keys.ScaleManager);
                Cluster.Apply(apply.Desired.Object);
                break;
            case ObjectAction.Replace replace:
                Cluster.Delete(replace.Live.Id);
                Cluster.Create(replace.Desired.ToCreate);
                break;
            case ObjectAction.Delete delete:
                Cluster.Delete(delete.Live.Id);
                break;
        }

        return new(action);
    }
}
