namespace Fleet.Local.Processes;

/// <summary>core/v1 Volume, in part.</summary>
internal sealed record Volume
{
    public string Name { get; init => field = value ?? ""; } = "";

    public FilesSource? ConfigMap { get; init; }

    public FilesSource? Secret { get; init; }

    public EmptyDirSource? EmptyDir { get; init; }

    public ClaimSource? PersistentVolumeClaim { get; init; }

    public HostPathSource? HostPath { get; init; }

    public DownwardSource? DownwardAPI { get; init; }

    public ProjectedSource? Projected { get; init; }
}

/// <summary>core/v1 VolumeMount, in part.</summary>
internal sealed record VolumeMount
{
    public string Name { get; init => field = value ?? ""; } = "";

    public string MountPath { get; init => field = value ?? ""; } = "";

    public string? SubPath { get; init; }

    public string? SubPathExpr { get; init; }
}

/// <summary>
/// core/v1 ConfigMapVolumeSource, SecretVolumeSource (which says secretName where the others say name), ConfigMapProjection and SecretProjection.
/// </summary>
internal sealed record FilesSource
{
    public string? Name { get; init; }

    public string? SecretName { get; init; }

    public IReadOnlyList<KeyToPath>? Items { get; init; }

    public int? DefaultMode { get; init; }

    public bool Optional { get; init; }

    public string ObjectName => SecretName ?? Name ?? "";
}

/// <summary>core/v1 KeyToPath.</summary>
internal sealed record KeyToPath
{
    public string Key { get; init => field = value ?? ""; } = "";

    public string Path { get; init => field = value ?? ""; } = "";

    public int? Mode { get; init; }
}

/// <summary>core/v1 EmptyDirVolumeSource.</summary>
internal sealed record EmptyDirSource
{
    public string? Medium { get; init; }
}

/// <summary>core/v1 PersistentVolumeClaimVolumeSource.</summary>
internal sealed record ClaimSource
{
    public string ClaimName { get; init => field = value ?? ""; } = "";
}

/// <summary>core/v1 HostPathVolumeSource, in part.</summary>
internal sealed record HostPathSource
{
    public string Path { get; init => field = value ?? ""; } = "";
}

/// <summary>core/v1 DownwardAPIVolumeSource and DownwardAPIProjection.</summary>
internal sealed record DownwardSource
{
    public IReadOnlyList<DownwardItem> Items { get; init => field = value ?? []; } = [];

    public int? DefaultMode { get; init; }
}

/// <summary>core/v1 DownwardAPIVolumeFile.</summary>
internal sealed record DownwardItem
{
    public string Path { get; init => field = value ?? ""; } = "";

    public FieldSelector? FieldRef { get; init; }

    public ResourceSelector? ResourceFieldRef { get; init; }

    public int? Mode { get; init; }
}

/// <summary>core/v1 ProjectedVolumeSource.</summary>
internal sealed record ProjectedSource
{
    public IReadOnlyList<ProjectedPart> Sources { get; init => field = value ?? []; } = [];

    public int? DefaultMode { get; init; }
}

/// <summary>core/v1 VolumeProjection; tokens of service accounts are left out: nothing here is asked for them.</summary>
internal sealed record ProjectedPart
{
    public FilesSource? ConfigMap { get; init; }

    public FilesSource? Secret { get; init; }

    public DownwardSource? DownwardAPI { get; init; }
}
