using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Local.Schemas;

/// <summary>What holds for the metadata of every object.</summary>
internal static class MetadataChecks
{
    private const int LargestAnnotations = 256 * 1024;

    private static readonly string[] Fixed = ["name", "namespace", "uid", "creationTimestamp"];

    private static readonly string[] OwnerFields = ["apiVersion", "kind", "name", "uid"];

    internal static IEnumerable<Violation> Of(ServedKind kind, JsonObject obj, JsonObject? old)
    {
        if (obj["metadata"] is not JsonObject metadata)
            return [Violation.Required("metadata.name", "name or generateName is required")];
        return
        [
            .. Name(kind.Resource, metadata),
            .. Labels(metadata["labels"] as JsonObject, "metadata.labels"),
            .. Annotations(metadata["annotations"] as JsonObject),
            .. metadata.Texts("finalizers").SelectMany(f => Formats.QualifiedName(f).Select(p => Violation.Invalid("metadata.finalizers", f, p))),
            .. Owners(metadata),
            .. old?["metadata"] is JsonObject before ? Kept(metadata, before) : [],
        ];
    }

    /// <summary>What is wrong with labels, wherever they stand.</summary>
    internal static IEnumerable<Violation> Labels(JsonObject? labels, string path)
    {
        foreach (var (key, value) in labels ?? [])
        {
            foreach (var problem in Formats.QualifiedName(key))
                yield return Violation.Invalid(path, key, problem);
            foreach (var problem in value?.Text() is { } text ? Formats.LabelValue(text) : [])
                yield return Violation.Invalid(path, value, problem);
        }
    }

    private static IEnumerable<Violation> Name(Resource resource, JsonObject metadata)
    {
        if (metadata.Text("name") is { Length: > 0 } name)
            return Written(resource, name).Select(p => Violation.Invalid("metadata.name", name, p));
        // The server appends what makes a generated name end well.
        return metadata.Text("generateName") is { Length: > 0 } start
            ? Written(resource, $"{start}x").Select(p => Violation.Invalid("metadata.generateName", start, p))
            : [Violation.Required("metadata.name", "name or generateName is required")];
    }

    private static IEnumerable<string> Written(Resource resource, string name)
    {
        if (resource == Resources.Namespaces && name.Contains('.', StringComparison.Ordinal))
            return ["must not contain dots"];
        if (resource == Resources.Namespaces || resource == Resources.Services)
            return Formats.DnsLabel(name);
        return resource.Group == Resources.Roles.Group ? Formats.PathSegment(name) : Formats.DnsSubdomain(name);
    }

    private static IEnumerable<Violation> Annotations(JsonObject? annotations)
    {
        foreach (var (key, _) in annotations ?? [])
        {
            foreach (var problem in Formats.QualifiedName(key.ToLowerInvariant()))
                yield return Violation.Invalid("metadata.annotations", key, problem);
        }

        if (annotations?.Sum(a => a.Key.Length + (a.Value?.Text()?.Length ?? 0)) > LargestAnnotations)
            yield return Violation.TooLong("metadata.annotations", LargestAnnotations);
    }

    private static IEnumerable<Violation> Owners(JsonObject metadata)
    {
        foreach (var field in metadata.List("ownerReferences").SelectMany(o => OwnerFields.Where(f => o.Text(f) is not { Length: > 0 })))
            yield return Violation.Invalid($"metadata.ownerReferences.{field}", "", field == "apiVersion" ? "version must not be empty" : "must not be empty");
        if (metadata.List("ownerReferences").Count(o => o.Is("controller")) > 1)
            yield return Violation.Invalid("metadata.ownerReferences", metadata["ownerReferences"], "Only one reference can have Controller set to true.");
    }

    private static IEnumerable<Violation> Kept(JsonObject metadata, JsonObject before) => Fixed
        .Where(f => metadata[f] is not null && before[f] is not null && !JsonNode.DeepEquals(metadata[f], before[f]))
        .Select(f => Violation.Immutable($"metadata.{f}", metadata[f]));
}
