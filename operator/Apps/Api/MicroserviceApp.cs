using System.Collections.Immutable;
using System.ComponentModel;
using System.Text.Json.Serialization;
using Fleet.Kubernetes;

namespace Fleet.Apps;

/// <summary>A whole fleet: the services of the architecture page's table and the gateway in front of them.</summary>
[Description("A whole service fleet: the services of the architecture page's table, and the gateway in front of them.")]
[KubernetesEntity(
    Group = "fleet.microservices.dev",
    ApiVersion = "v1",
    Kind = "MicroserviceApp",
    PluralName = "microserviceapps",
    ShortNames = ["msa"],
    Categories = ["all"])]
[AdditionalPrinterColumn(".status.ready", "READY")]
[AdditionalPrinterColumn(".status.conditions[?(@.type==\"Ready\")].reason", "STATUS")]
[AdditionalPrinterColumn(".status.url", "URL")]
[AdditionalPrinterColumn(".metadata.creationTimestamp", "AGE", "date")]
[AdditionalPrinterColumn(".status.conditions[?(@.type==\"Ready\")].message", "MESSAGE", Priority = 1)]
[AdditionalPrinterColumn(".spec.suspend", "SUSPENDED", "boolean", Priority = 1)]
[ValidationRule("self.metadata.name.size() <= 50 && self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",
    Says.AppName)]
public sealed record MicroserviceApp : IKubeObject
{
    /// <summary>The served kind.</summary>
    public static readonly Resource Resource = new("fleet.microservices.dev", "v1", "MicroserviceApp", "microserviceapps");

    /// <summary>How apps are listed and watched. An object that cannot be read becomes one with <see cref="Unreadable"/> set.</summary>
    public static readonly ResourceKind<MicroserviceApp> Type = new(Resource, AppsJson.Read);

    /// <summary>The group and version.</summary>
    public string ApiVersion { get; init => field = value ?? Resource.ApiVersion; } = Resource.ApiVersion;

    /// <summary>The kind.</summary>
    public string Kind { get; init => field = value ?? Resource.Kind; } = Resource.Kind;

    /// <inheritdoc/>
    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();

    /// <summary>What is wanted.</summary>
    [Description("What is wanted.")]
    public required AppSpec Spec { get; init; }

    /// <summary>What was observed.</summary>
    [Description("What was observed; written by the operator only.")]
    public AppStatus? Status { get; init; }

    /// <summary>Why the spec could not be read: a field of another type than this version knows. Null for a readable one.</summary>
    [JsonIgnore]
    public string? Unreadable { get; init; }

    /// <summary>The paths of the spec's fields that this version does not know; the server keeps them when its CRD is newer. Read from a server only.</summary>
    [JsonIgnore]
    public ImmutableArray<string> UnknownFields { get; init; } = [];
}
