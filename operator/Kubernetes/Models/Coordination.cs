using System.Text.Json.Serialization;

namespace Fleet.Kubernetes;

/// <summary>coordination.k8s.io/v1 Lease.</summary>
public sealed record Lease : IKubeObject
{
    /// <summary>The group and version.</summary>
    public string ApiVersion { get; init => field = value ?? "coordination.k8s.io/v1"; } = "coordination.k8s.io/v1";

    /// <summary>The kind.</summary>
    public string Kind { get; init => field = value ?? "Lease"; } = "Lease";

    /// <inheritdoc/>
    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();

    /// <summary>Who holds it and until when.</summary>
    public LeaseSpec Spec { get; init => field = value ?? new(); } = new();
}

/// <summary>coordination.k8s.io/v1 LeaseSpec.</summary>
public sealed record LeaseSpec
{
    /// <summary>Who holds the lease; null or empty when it was released.</summary>
    public string? HolderIdentity { get; init; }

    /// <summary>For how many seconds after the last renewal the lease is held.</summary>
    public int? LeaseDurationSeconds { get; init; }

    /// <summary>When this holder took it.</summary>
    [JsonConverter(typeof(MicroTimeConverter))]
    public DateTimeOffset? AcquireTime { get; init; }

    /// <summary>When it was last renewed, by the holder's clock.</summary>
    [JsonConverter(typeof(MicroTimeConverter))]
    public DateTimeOffset? RenewTime { get; init; }

    /// <summary>How often it changed hands.</summary>
    public int? LeaseTransitions { get; init; }
}

/// <summary>events.k8s.io/v1 Event.</summary>
public sealed record Event : IKubeObject
{
    /// <summary>The group and version.</summary>
    public string ApiVersion { get; init => field = value ?? "events.k8s.io/v1"; } = "events.k8s.io/v1";

    /// <summary>The kind.</summary>
    public string Kind { get; init => field = value ?? "Event"; } = "Event";

    /// <inheritdoc/>
    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();

    /// <summary>When it was first seen.</summary>
    [JsonConverter(typeof(MicroTimeConverter))]
    public DateTimeOffset? EventTime { get; init; }

    /// <summary>Set when the same thing was seen again.</summary>
    public EventSeries? Series { get; init; }

    /// <summary>The controller's name.</summary>
    public string? ReportingController { get; init; }

    /// <summary>The controller's instance.</summary>
    public string? ReportingInstance { get; init; }

    /// <summary>What was done or tried.</summary>
    public string? Action { get; init; }

    /// <summary>Why, in one CamelCase word.</summary>
    public string? Reason { get; init; }

    /// <summary>The object the event is about.</summary>
    public ObjectReference? Regarding { get; init; }

    /// <summary>Another object it involves.</summary>
    public ObjectReference? Related { get; init; }

    /// <summary>For people; at most 1024 characters.</summary>
    public string? Note { get; init; }

    /// <summary><c>Normal</c> or <c>Warning</c>.</summary>
    public string? Type { get; init; }
}

/// <summary>events.k8s.io/v1 EventSeries.</summary>
public sealed record EventSeries
{
    /// <summary>How often it was seen.</summary>
    public int Count { get; init; }

    /// <summary>When it was last seen.</summary>
    [JsonConverter(typeof(MicroTimeConverter))]
    public DateTimeOffset? LastObservedTime { get; init; }
}

/// <summary>core/v1 ObjectReference, in part.</summary>
public sealed record ObjectReference
{
    /// <summary>The object's group and version.</summary>
    public string? ApiVersion { get; init; }

    /// <summary>The object's kind.</summary>
    public string? Kind { get; init; }

    /// <summary>The object's namespace.</summary>
    public string? Namespace { get; init; }

    /// <summary>The object's name.</summary>
    public string? Name { get; init; }

    /// <summary>The object's UID.</summary>
    public string? Uid { get; init; }

    /// <summary>The object's version.</summary>
    public string? ResourceVersion { get; init; }
}
