using System.Text.Json.Nodes;
using Fleet.Kubernetes;
using Fleet.Local.Schemas;
using Fleet.Testing;

namespace Fleet.Unit.Local.Schemas;

/// <summary>Finds built-in kinds, and writes objects briefly.</summary>
internal static class Served
{
    internal static ServedKind KindOf(JsonObject obj) =>
        BuiltInKinds.All.Single(k => k.Resource.ApiVersion == (string?)obj["apiVersion"] && k.Resource.Kind == (string?)obj["kind"]);

    internal static ServedKind Kind(string plural) => BuiltInKinds.All.First(k => k.Resource.Plural == plural);

    /// <summary>A custom resource with a field for everything that a structural schema can say.</summary>
    internal static ServedKind Bars { get; } = CrdKinds.Of(Documents("bars.yaml").Single()).Single();

    /// <summary>The documents of a file beside the tests.</summary>
    internal static IReadOnlyList<JsonObject> Documents(string file) =>
        [.. Yaml.Parse(File.ReadAllText(RepositoryRoot.Combine("tests", "Unit", "Local", "Schemas", file))).Cast<JsonObject>()];

    internal static JsonObject Object(string yaml) => Yaml.Parse(yaml).Single().AsObject();
}
