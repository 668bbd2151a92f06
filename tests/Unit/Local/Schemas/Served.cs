using System.Text.Json.Nodes;
using Fleet.Kubernetes;
using Fleet.Local.Schemas;

namespace Fleet.Unit.Local.Schemas;

/// <summary>Finds built-in kinds, and writes objects briefly.</summary>
internal static class Served
{
    internal static ServedKind KindOf(JsonObject obj) =>
        BuiltInKinds.All.Single(k => k.Resource.ApiVersion == (string?)obj["apiVersion"] && k.Resource.Kind == (string?)obj["kind"]);

    internal static ServedKind Kind(string plural) => BuiltInKinds.All.First(k => k.Resource.Plural == plural);

    internal static JsonObject Object(string yaml) => Yaml.Parse(yaml).Single().AsObject();
}
