using Fleet.Kubernetes;

namespace Fleet.Runtime;

/// <summary>What the queue carries: which object, never what happened to it.</summary>
/// <param name="Namespace">The namespace; empty for cluster-wide kinds.</param>
/// <param name="Name">The name.</param>
public readonly record struct ObjectKey(string Namespace, string Name)
{
    /// <summary>The key of an object.</summary>
    public static ObjectKey Of(IKubeObject obj) => new(obj.Metadata.Namespace ?? "", obj.Metadata.Name);

    /// <summary>By namespace, then by name, both ordinal.</summary>
    public static IComparer<ObjectKey> Order { get; } = Comparer<ObjectKey>.Create(static (a, b) =>
        string.CompareOrdinal(a.Namespace, b.Namespace) is var order and not 0 ? order : string.CompareOrdinal(a.Name, b.Name));

    /// <inheritdoc/>
    public override string ToString() => string.IsNullOrEmpty(Namespace) ? Name : $"{Namespace}/{Name}";
}
