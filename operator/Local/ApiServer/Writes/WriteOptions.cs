using Fleet.Local.Schemas;

namespace Fleet.Local.ApiServer;

/// <summary>What a client says along with a write.</summary>
internal sealed record WriteOptions
{
    /// <summary>Whether everything is done but storing.</summary>
    internal bool DryRun { get; init; }

    /// <summary>Who writes, as managedFields will name it.</summary>
    internal required string Manager { get; init; }

    /// <summary>Whether an apply takes over what others own.</summary>
    internal bool Force { get; init; }

    /// <summary>Whether an unknown field refuses the write, else it is only warned of, or nothing is said.</summary>
    internal FieldValidation Validation { get; init; } = FieldValidation.Warn;

    /// <summary>What the client is told beside the answer.</summary>
    internal List<string> Warnings { get; } = [];
}

/// <summary>What is done about fields that the kind does not have. Rule: kubernetes.io, "API concepts", field validation.</summary>
internal enum FieldValidation
{
    /// <summary>They are dropped, with a warning.</summary>
    Warn,

    /// <summary>They refuse the write.</summary>
    Strict,

    /// <summary>They are dropped silently.</summary>
    Ignore,
}

/// <summary>What a write came to.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Object">The object, as stored or as it would be.</param>
/// <param name="Created">Whether it is new.</param>
internal sealed record Written(ServedKind Kind, StoredObject Object, bool Created);

/// <summary>What a client says along with a deletion.</summary>
/// <param name="Uid">The object must have it; null when any will do.</param>
/// <param name="Version">The resourceVersion it must have; null when any will do.</param>
/// <param name="Propagation">Background, Foreground or Orphan.</param>
/// <param name="GraceSeconds">How long a pod's processes have; null means as the pod says.</param>
/// <param name="DryRun">Whether everything is done but deleting.</param>
internal sealed record Deletion(string? Uid, string? Version, string Propagation, long? GraceSeconds, bool DryRun);
