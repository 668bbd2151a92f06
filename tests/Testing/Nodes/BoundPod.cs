using System.Text.Json;
using Fleet.Kubernetes;

namespace Fleet.Testing;

/// <summary>A pod that the scheduler gave to the stand-in node.</summary>
/// <param name="Object">All of it.</param>
public sealed record BoundPod(KubeObject Object)
{
    /// <summary>Its namespace.</summary>
    public string Namespace => Object.Metadata.Namespace ?? "";

    /// <summary>Its name.</summary>
    public string Name => Object.Metadata.Name;

    /// <summary>Its identity.</summary>
    public string Uid => Object.Metadata.Uid ?? "";

    /// <summary>Its containers.</summary>
    public IReadOnlyList<PodContainer> Containers { get; } = Read(Object, "containers");

    /// <summary>Its init containers.</summary>
    public IReadOnlyList<PodContainer> InitContainers { get; } = Read(Object, "initContainers");

    /// <summary>A label's value, or null.</summary>
    public string? Label(string key) => Object.Metadata.Label(key);

    /// <summary>An annotation's value, or null.</summary>
    public string? Annotation(string key) => Object.Metadata.Annotation(key);

    /// <summary>Whether one of its containers has this image.</summary>
    public bool HasImage(Func<string, bool> image) => Containers.Any(c => image(c.Image));

    /// <inheritdoc/>
    public override string ToString() => $"{Namespace}/{Name}";

    private static List<PodContainer> Read(KubeObject pod, string field) =>
        pod.Part("spec").TryGetProperty(field, out var list) && list.ValueKind == JsonValueKind.Array
            ? [.. list.EnumerateArray().Select(c => new PodContainer(Text(c, "name"), Text(c, "image"), Text(c, "restartPolicy") == "Always"))]
            : [];

    private static string Text(JsonElement element, string field) => element.TryGetProperty(field, out var value) ? value.GetString() ?? "" : "";
}

/// <summary>A container as the pod's spec has it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Image">Its image.</param>
/// <param name="IsSidecar">An init container that goes on running beside the others.</param>
public sealed record PodContainer(string Name, string Image, bool IsSidecar);
