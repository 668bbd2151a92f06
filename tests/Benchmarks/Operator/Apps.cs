using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Testing;

namespace Fleet.Benchmarks.Operator;

/// <summary>The apps of the benchmarks: the documented table, each in a namespace of its own, so that the audit log tells whose a request was.</summary>
internal static class Apps
{
    /// <summary>The name of each.</summary>
    public const string Name = "shop";

    private static readonly JsonNode Manifest = Yaml.ParseOne(File.ReadAllText(RepositoryRoot.Combine("crds", "examples", "shop.yaml")))!;

    /// <summary>How many objects one owns: four Deployments, Services and ServiceAccounts, a ConfigMap, a Role and a RoleBinding.</summary>
    public static readonly int Children = ChildrenOf(App("any", "uid"), new ServerVersion(1, 20, "")).Length;

    /// <summary>The namespace of one.</summary>
    public static string Namespace(int number) => string.Create(CultureInfo.InvariantCulture, $"app-{number}");

    /// <summary>One, as it is posted.</summary>
    public static KubeObject ToPost(string ns)
    {
        var manifest = Manifest.DeepClone().AsObject();
        manifest["metadata"]!["namespace"] = ns;
        return KubeObject.From(MicroserviceApp.Resource, manifest);
    }

    /// <summary>What an operator makes of one at first.</summary>
    public static ImmutableArray<KubeObject> ChildrenOf(MicroserviceApp app, ServerVersion version) =>
        [.. Planner.Plan(app, Observed.Nothing with { Features = ClusterFeatures.Of(version) }, new(OperatorSettings.DefaultRegistry, "0.1.0")).Desired.Select(d => d.ToCreate)];

    /// <summary>One, as the server would show it.</summary>
    public static MicroserviceApp App(string ns, string uid)
    {
        var manifest = ToPost(ns).ToJsonObject();
        manifest["metadata"]!["uid"] = uid;
        return manifest.Deserialize(AppsJson.Default.MicroserviceApp)!;
    }
}
