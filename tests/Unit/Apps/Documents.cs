using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Unit.Apps;

/// <summary>Apps as documents.</summary>
internal static class Documents
{
    /// <summary>An app called shop with this spec, in YAML.</summary>
    internal static JsonObject Of(string spec) => new()
    {
        ["apiVersion"] = "fleet.microservices.dev/v1",
        ["kind"] = "MicroserviceApp",
        ["metadata"] = new JsonObject { ["name"] = "shop" },
        ["spec"] = Yaml.Parse(spec).Single().DeepClone(),
    };
}
