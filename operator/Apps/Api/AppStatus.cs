#pragma warning disable CS1591, SA1600 // the [Description] is the documentation: kubectl explain shows it to the users too
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace Fleet.Apps;

[Description("What was observed; written by the operator only.")]
public sealed record AppStatus
{
    [Description("The generation of the spec that this status is about, also when it was refused.")]
    public long ObservedGeneration { get; init; }

    [Description("Active services / services that are not Inactive, the gateway included.")]
    [MaxLength(16)]
    public string? Ready { get; init; }

    [Description("Where the app is reached.")]
    [MaxLength(2048)]
    public string? Url { get; init; }

    [Description("Accepted, ResourcesApplied, ServicesAvailable, RoutesProgrammed, Ready; Reconciling and Stalled while they are true.")]
    [MaxLength(16)]
    [ListMapKeys("type")]
    public IReadOnlyList<AppCondition> Conditions { get; init => field = value ?? []; } = [];

    [Description("The services in the order of the spec, the gateway last.")]
    [MaxLength(65)]
    [ListMapKeys("name")]
    public IReadOnlyList<ServiceState> Services { get; init => field = value ?? []; } = [];

    [Description("Fields that somebody else changed.")]
    public DriftStatus? Drift { get; init; }
}

[Description("One aspect of the app's state, as metav1.Condition.")]
public sealed record AppCondition
{
    [Description("The aspect.")]
    [MaxLength(316)]
    public required string Type { get; init; }

    [Description("True, False or Unknown.")]
    public required ConditionStatus Status { get; init; }

    [Description("The generation this was computed for.")]
    public long ObservedGeneration { get; init; }

    [Description("Why, in one CamelCase word.")]
    [MaxLength(1024)]
    public required string Reason { get; init; }

    [Description("Why, and what to do.")]
    [MaxLength(32768)]
    public required string Message { get; init; }

    [Description("When status last moved.")]
    public DateTimeOffset LastTransitionTime { get; init; }
}

[JsonConverter(typeof(JsonStringEnumConverter<ConditionStatus>))]
public enum ConditionStatus
{
    True,
    False,
    Unknown,
}

[Description("One row of the table.")]
public sealed record ServiceState
{
    [Description("The service's name.")]
    [MaxLength(40)]
    public required string Name { get; init; }

    [Description("What it speaks.")]
    public required ServiceProtocol Protocol { get; init; }

    [Description("The Service's port.")]
    public required int Port { get; init; }

    [Description("Waiting, Progressing, Active, Degraded, Stalled or Inactive.")]
    public required ServicePhase State { get; init; }

    [Description("Why it is not Active, in one CamelCase word.")]
    [MaxLength(1024)]
    public string? Reason { get; init; }

    [Description("Why, and what to do.")]
    [MaxLength(4096)]
    public string? Message { get; init; }

    [Description("The image that is wanted.")]
    [MaxLength(500)]
    public string? Image { get; init; }

    [Description("Whether the gateway lets requests without a token through to it.")]
    public bool Public { get; init; }

    [Description("Its pods.")]
    public required ReplicaCounts Replicas { get; init; }

    [Description("Where it is reached inside the cluster.")]
    [MaxLength(512)]
    public string? Address { get; init; }

    [Description("Where it is reached through the gateway.")]
    [MaxLength(2048)]
    public string? Url { get; init; }

    [Description("When state last moved.")]
    public DateTimeOffset LastTransitionTime { get; init; }
}

[JsonConverter(typeof(JsonStringEnumConverter<ServicePhase>))]
public enum ServicePhase
{
    Waiting,
    Progressing,
    Active,
    Degraded,
    Stalled,
    Inactive,
}

[Description("Pods, by what they are good for.")]
public sealed record ReplicaCounts
{
    [Description("How many are wanted.")]
    public int Desired { get; init; }

    [Description("How many have the newest template.")]
    public int Updated { get; init; }

    [Description("How many are ready.")]
    public int Ready { get; init; }
}

[Description("Fields that somebody else changed.")]
public sealed record DriftStatus
{
    [Description("How often drift was found since the app was created.")]
    public long Count { get; init; }

    [Description("The newest one.")]
    public DriftRecord? Last { get; init; }
}

[Description("One drifted field.")]
public sealed record DriftRecord
{
    [Description("The object, Deployment/shop-auth for instance.")]
    [MaxLength(512)]
    public required string Object { get; init; }

    [Description("The field; absent when the object was deleted.")]
    [MaxLength(2048)]
    public string? Field { get; init; }

    [Description("Who changed it; absent when unknown.")]
    [MaxLength(256)]
    public string? Manager { get; init; }

    [Description("When it was found.")]
    public DateTimeOffset Time { get; init; }
}
