using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Local.Schemas;

/// <summary>A kind that the server serves, built in or from a CustomResourceDefinition.</summary>
public sealed record ServedKind
{
    /// <summary>Group, version, kind, plural and scope.</summary>
    public required Resource Resource { get; init; }

    /// <summary>The kind's name in the singular, in lower case.</summary>
    public required string Singular { get; init; }

    /// <summary>The kind of a list of them: <c>DeploymentList</c>.</summary>
    public string ListKind { get => field ?? $"{Resource.Kind}List"; init; }

    /// <summary>What people type: <c>deploy</c>.</summary>
    public ImmutableArray<string> ShortNames { get; init; } = [];

    /// <summary><c>all</c>.</summary>
    public ImmutableArray<string> Categories { get; init; } = [];

    /// <summary>The shape of the whole object, <c>apiVersion</c>, <c>kind</c> and <c>metadata</c> included.</summary>
    public required Shape Shape { get; init; }

    /// <summary>Whether <c>/status</c> is served: then writes to the object leave its status alone, and the other way round.</summary>
    public bool HasStatus { get; init; }

    /// <summary>Where <c>/scale</c> finds the replicas; null when it is not served.</summary>
    public ScalePaths? Scale { get; init; }

    /// <summary>What else is served of an object, beside status and scale.</summary>
    public ImmutableArray<Subresource> Actions { get; init; } = [];

    /// <summary>All that is served of an object beside itself, by name.</summary>
    public IEnumerable<Subresource> Subresources =>
    [
        .. Actions.Concat(HasStatus ? [new("status", Resource, ["get", "patch", "update"])] : Array.Empty<Subresource>())
            .Concat(Scale is null ? [] : [new("scale", Subresource.Scale, ["get", "patch", "update"])])
            .OrderBy(s => s.Name, StringComparer.Ordinal),
    ];

    /// <summary>Whether <c>metadata.generation</c> counts changes of the spec.</summary>
    public bool HasGeneration { get; init; }

    /// <summary>The verbs that can be used on objects; create alone for a review.</summary>
    public ImmutableArray<string> Verbs { get; init; } = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

    /// <summary>The columns of <c>kubectl get</c> after NAME.</summary>
    public ImmutableArray<Column> Columns { get; init; } = [];
}

/// <summary>Something that is served of an object beside itself: <c>/log</c>.</summary>
/// <param name="Name">The last part of its path.</param>
/// <param name="Body">The kind that is read from it or written to it.</param>
/// <param name="Verbs">The verbs that can be used.</param>
public sealed record Subresource(string Name, Resource Body, ImmutableArray<string> Verbs)
{
    /// <summary>autoscaling/v1 Scale, which no collection is served of.</summary>
    public static Resource Scale { get; } = new("autoscaling", "v1", "Scale", "scales");
}

/// <summary>Where a kind keeps what <c>/scale</c> shows, as simple paths: <c>.spec.replicas</c>.</summary>
/// <param name="Spec">The replicas wanted.</param>
/// <param name="Status">The replicas there are.</param>
/// <param name="Selector">The label selector, an object or a string.</param>
public sealed record ScalePaths(string Spec, string Status, string? Selector);

/// <summary>A column of <c>kubectl get</c>.</summary>
/// <param name="Name">Its heading.</param>
/// <param name="Type"><c>string</c>, <c>integer</c> or <c>date</c>.</param>
/// <param name="Value">The cell, computed from an object and the time; null is an empty cell. A date is shown as an age.</param>
/// <param name="Priority">0 always; 1 only with <c>-o wide</c>.</param>
/// <param name="Description">For clients that ask.</param>
public sealed record Column(string Name, string Type, Func<JsonObject, DateTimeOffset, JsonNode?> Value, int Priority = 0, string Description = "");
