using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Apps;

namespace Fleet.Local.Schemas;

/// <summary>What holds for CustomResourceDefinitions: their names, versions, and that their schemas are structural.</summary>
internal static class DefinitionChecks
{
    private static readonly string[] Scopes = ["Cluster", "Namespaced"];
    private static readonly string[] SchemaTypes = ["array", "boolean", "integer", "number", "object", "string"];

    private static readonly string[] Single = ["items", "additionalProperties"];
    private static readonly string[] Alternatives = ["allOf", "anyOf", "oneOf"];
    private static readonly string[] FixedNames = ["kind", "plural"];

    internal static IEnumerable<Violation> Of(JsonObject crd, JsonObject? old)
    {
        var spec = crd.Object("spec") ?? [];
        var (plural, group) = (spec.Object("names")?.Text("plural"), spec.Text("group"));
        if (plural is not null && group is not null && crd.Object("metadata")?.Text("name") is { } name && name != $"{plural}.{group}")
            yield return Violation.Invalid("metadata.name", name, "must be spec.names.plural+\".\"+spec.group");
        if (spec.Text("scope") is { Length: > 0 } scope && !Scopes.Contains(scope))
            yield return Violation.NotSupported("spec.scope", scope, Scopes);
        foreach (var violation in Versions(spec).Concat(Kept(spec, old?.Object("spec"))))
            yield return violation;
    }

    private static IEnumerable<Violation> Versions(JsonObject spec)
    {
        JsonObject[] versions = [.. spec.List("versions")];
        for (var i = 0; i < versions.Length; i++)
        {
            var path = $"spec.versions[{i}].schema.openAPIV3Schema";
            if (versions[i].Object("schema", "openAPIV3Schema") is not { } schema)
            {
                yield return Violation.Required(path);
                continue;
            }

            if (schema["type"] is null)
                yield return Violation.Required($"{path}.type", "must not be empty at the root");
            foreach (var violation in Schema(schema, path, isStructural: true))
                yield return violation;
        }

        if (versions.DistinctBy(v => v.Text("name")).Count() != versions.Length)
            yield return Violation.Invalid("spec.versions", Names(), "must contain unique version names");
        if (versions.Count(v => v.Is("storage")) != 1)
            yield return Violation.Invalid("spec.versions", Names(), "must have exactly one version marked as storage version");

        JsonArray Names() => new([.. versions.Select(v => (JsonNode?)v.Text("name"))]);
    }

    // The alternatives of a schema add no structure, so they need no type.
    private static IEnumerable<Violation> Schema(JsonObject schema, string path, bool isStructural)
    {
        var type = schema.Text("type");
        if (type is not null && !SchemaTypes.Contains(type))
            yield return Violation.NotSupported($"{path}.type", type, SchemaTypes);
        else if (isStructural && type is null && !schema.Is("x-kubernetes-int-or-string") && !schema.Is("x-kubernetes-preserve-unknown-fields"))
            yield return Violation.Required($"{path}.type", "must not be empty for specified object fields");
        if (type == "array" && schema["items"] is null && isStructural)
            yield return Violation.Required($"{path}.items", "must be specified");
        if (schema.Text("x-kubernetes-list-type") == "map" && !schema.Texts("x-kubernetes-list-map-keys").Any())
            yield return Violation.Required($"{path}.x-kubernetes-list-map-keys", "must not be empty if x-kubernetes-list-type is map");
        if (schema.Text("pattern") is { } pattern && !IsPattern(pattern))
            yield return Violation.Invalid($"{path}.pattern", pattern, "must be a valid regular expression");
        foreach (var (inner, at, structural) in Within(schema, path, isStructural))
        {
            foreach (var violation in Schema(inner, at, structural))
                yield return violation;
        }
    }

    private static IEnumerable<(JsonObject Schema, string Path, bool IsStructural)> Within(JsonObject schema, string path, bool isStructural) =>
    [
        .. (schema["properties"] as JsonObject ?? []).Select(p => (p.Value as JsonObject ?? [], $"{path}.properties[{p.Key}]", isStructural)),
        .. Single.Where(f => schema[f] is JsonObject).Select(f => (schema[f]!.AsObject(), $"{path}.{f}", isStructural)),
        .. Alternatives.SelectMany(f => schema.List(f).Select((s, i) => (s, $"{path}.{f}[{i}]", false))),
        .. schema["not"] is JsonObject not ? [(not, $"{path}.not", false)] : Array.Empty<(JsonObject, string, bool)>(),
    ];

    private static bool IsPattern(string pattern)
    {
        try
        {
            Re2.Matches(pattern, "");
            return true;
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return false;
        }
    }

    private static IEnumerable<Violation> Kept(JsonObject spec, JsonObject? before)
    {
        if (before is null)
            yield break;
        if (spec.Text("scope") != before.Text("scope"))
            yield return Violation.Immutable("spec.scope", spec["scope"]);
        if (spec.Text("group") != before.Text("group"))
            yield return Violation.Immutable("spec.group", spec["group"]);
        foreach (var field in FixedNames.Where(f => spec.Object("names")?.Text(f) != before.Object("names")?.Text(f)))
            yield return Violation.Immutable($"spec.names.{field}", spec["names"]?[field]);
    }
}
