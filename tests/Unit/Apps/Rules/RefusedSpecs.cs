using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Testing;
using Xunit;

namespace Fleet.Unit.Apps;

/// <summary>The rows of refused.yaml.</summary>
public static class RefusedSpecs
{
    internal static readonly OperatorSettings Settings = new(OperatorSettings.DefaultRegistry, "0.1.0");

    private static readonly Dictionary<string, JsonObject> ByCase =
        ((JsonArray)Yaml.Parse(File.ReadAllText(RepositoryRoot.Combine("tests", "Unit", "Apps", "Rules", "refused.yaml"))).Single())
        .ToDictionary(row => row!["case"]!.GetValue<string>(), row => (JsonObject)row!, StringComparer.Ordinal);

    /// <summary>What the rows are called.</summary>
    public static TheoryData<string> Cases => [.. ByCase.Keys];

    internal static IReadOnlyCollection<string> Names => ByCase.Keys;

    internal static JsonObject Document(string row) => new()
    {
        ["apiVersion"] = "fleet.microservices.dev/v1",
        ["kind"] = "MicroserviceApp",
        ["metadata"] = new JsonObject { ["name"] = ByCase[row]["name"]?.GetValue<string>() ?? "shop" },
        ["spec"] = ByCase[row]["spec"]!.DeepClone(),
    };

    internal static string[] Problems(string row) => [.. ((JsonArray)ByCase[row]["problems"]!).Select(p => p!.GetValue<string>())];

    internal static string Server(string row) => ByCase[row]["server"]!.GetValue<string>();
}
