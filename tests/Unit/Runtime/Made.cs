using Fleet.Kubernetes;

namespace Fleet.Unit.Runtime;

/// <summary>Objects for tests of the runtime, which looks at nothing but metadata.</summary>
internal static class Made
{
    public static PartialObject Object(string name, int version, string? uid = null, string? owner = null, bool ending = false, string? secret = null) => new()
    {
        Metadata = new ObjectMeta
        {
            Namespace = "demo",
            Name = name,
            Uid = uid ?? $"uid-of-{name}",
            ResourceVersion = $"{version}",
            DeletionTimestamp = ending ? Simulation.Start : null,
            OwnerReferences = owner is null ? null : [new OwnerReference { ApiVersion = "v1", Kind = "App", Name = owner, Uid = owner }],
            Annotations = secret is null ? null : new Dictionary<string, string> { ["secret"] = secret },
        },
    };

    /// <summary><c>name@version</c>, or <c>none</c>.</summary>
    public static string Said(this PartialObject? obj) => obj is null ? "none" : $"{obj.Metadata.Name}@{obj.Metadata.ResourceVersion}";

    /// <summary>The objects in the order of their names.</summary>
    public static string[] Said(this IEnumerable<PartialObject> objects) => [.. objects.Select(Said).Order(StringComparer.Ordinal)];
}
