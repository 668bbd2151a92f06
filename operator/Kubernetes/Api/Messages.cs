using System.Text.Json;

namespace Fleet.Kubernetes;

/// <summary>metav1.ListMeta.</summary>
internal sealed record ListMeta
{
    public string? ResourceVersion { get; init; }

    public string? Continue { get; init; }
}

/// <summary>metav1.DeleteOptions.</summary>
internal sealed record DeleteBody
{
    public string ApiVersion { get; init => field = value ?? "v1"; } = "v1";

    public string Kind { get; init => field = value ?? "DeleteOptions"; } = "DeleteOptions";

    public string? PropagationPolicy { get; init; }

    public int? GracePeriodSeconds { get; init; }

    public DeletePreconditions? Preconditions { get; init; }
}

/// <summary>metav1.Preconditions.</summary>
internal sealed record DeletePreconditions
{
    public string? Uid { get; init; }

    public string? ResourceVersion { get; init; }
}

/// <summary>version.Info, in part.</summary>
internal sealed record VersionBody
{
    public string? Major { get; init; }

    public string? Minor { get; init; }

    public string? GitVersion { get; init; }
}

/// <summary>Any answer of discovery: what its fields mean depends on <see cref="Kind"/>.</summary>
internal sealed record DiscoveryBody
{
    public string? Kind { get; init; }

    /// <summary>APIGroupDiscoveryList: the groups with all they serve.</summary>
    public IReadOnlyList<DiscoveredGroup>? Items { get; init; }

    /// <summary>APIGroupList: the groups by name.</summary>
    public IReadOnlyList<NamedGroup>? Groups { get; init; }

    /// <summary>APIVersions: the versions of the core group, as texts. Elsewhere not read.</summary>
    public JsonElement? Versions { get; init; }

    /// <summary>APIResourceList: the resources of one group-version.</summary>
    public IReadOnlyList<NamedResource>? Resources { get; init; }
}

/// <summary>apidiscovery.k8s.io APIGroupDiscovery.</summary>
internal sealed record DiscoveredGroup
{
    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();

    public IReadOnlyList<DiscoveredVersion>? Versions { get; init; }
}

/// <summary>apidiscovery.k8s.io APIVersionDiscovery.</summary>
internal sealed record DiscoveredVersion
{
    public string Version { get; init => field = value ?? ""; } = "";

    public IReadOnlyList<DiscoveredResource>? Resources { get; init; }

    /// <summary><c>Stale</c> when the server behind it does not answer.</summary>
    public string? Freshness { get; init; }
}

/// <summary>apidiscovery.k8s.io APIResourceDiscovery.</summary>
internal sealed record DiscoveredResource
{
    public string Resource { get; init => field = value ?? ""; } = "";

    public DiscoveredKind? ResponseKind { get; init; }

    public string? Scope { get; init; }
}

/// <summary>metav1.GroupVersionKind, in part.</summary>
internal sealed record DiscoveredKind
{
    public string? Kind { get; init; }
}

/// <summary>metav1.APIGroup.</summary>
internal sealed record NamedGroup
{
    public string Name { get; init => field = value ?? ""; } = "";

    public IReadOnlyList<NamedVersion>? Versions { get; init; }
}

/// <summary>metav1.GroupVersionForDiscovery.</summary>
internal sealed record NamedVersion
{
    public string Version { get; init => field = value ?? ""; } = "";
}

/// <summary>metav1.APIResource.</summary>
internal sealed record NamedResource
{
    public string Name { get; init => field = value ?? ""; } = "";

    public string? Kind { get; init; }

    public bool Namespaced { get; init; }
}
