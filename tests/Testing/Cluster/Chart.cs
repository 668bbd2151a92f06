using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Testing;

/// <summary>The project's charts, as the real helm renders them; no cluster is asked.</summary>
public static class Chart
{
    /// <summary>The name of the release: with it the operator's objects are called <c>fleet-operator</c>.</summary>
    public const string Release = "fleet-operator";

    /// <summary>Where the operator's chart is.</summary>
    public static string Operator { get; } = RepositoryRoot.Combine("charts", "fleet-operator");

    /// <summary>Where the chart of the CRD alone is.</summary>
    public static string Crds { get; } = RepositoryRoot.Combine("charts", "fleet-operator-crds");

    /// <summary>Renders a chart to text.</summary>
    /// <param name="chart">Its folder.</param>
    /// <param name="ns">The namespace of the release.</param>
    /// <param name="arguments">Of <c>helm template</c>: <c>--set</c> with its value, for instance.</param>
    public static async Task<CommandResult> TryRenderAsync(string chart, string ns, params string[] arguments)
    {
        var home = Directory.CreateTempSubdirectory("fleet-helm-");
        try
        {
            return await new Helm("/dev/null", ns).TryAsync(home.FullName, ["template", Release, chart, .. arguments]);
        }
        finally
        {
            home.Delete(recursive: true);
        }
    }

    /// <summary>Renders the operator's chart to objects.</summary>
    /// <param name="ns">The namespace of the release.</param>
    /// <param name="arguments">Of <c>helm template</c>.</param>
    /// <exception cref="CommandFailedException">It cannot be rendered; the message says why.</exception>
    public static async Task<IReadOnlyList<JsonObject>> RenderAsync(string ns, params string[] arguments) =>
        [.. Yaml.Parse((await TryRenderAsync(Operator, ns, arguments)).Succeeded().Out).OfType<JsonObject>()];
}
