using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Runtime;
using Fleet.Testing;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Fleet.Unit.Charts;

/// <summary>What the charts take from the program: its CRD, its metrics, its options.</summary>
public sealed partial class ChartTests
{
    [Theory]
    [InlineData("fleet-operator")]
    [InlineData("fleet-operator-crds")]
    public void The_CRD_of_a_chart_is_what_the_types_say(string chart)
    {
        var file = RepositoryRoot.Combine("charts", chart, "files", "microserviceapps.yaml");
        var generated = Crd.ToYaml();
        if (Environment.GetEnvironmentVariable("FLEET_GOLDEN") == "write")
            File.WriteAllText(file, generated);
        var found = File.Exists(file) ? File.ReadAllText(file) : "";
        if (found != generated)
            throw new GoldenMismatchException($"charts/{chart}/files/microserviceapps.yaml", found, generated);
    }

    // The templates add their annotations behind this one line.
    [Fact]
    public void The_CRD_has_annotations_to_add_to() =>
        Assert.Single(Regex.Split(Crd.ToYaml(), "\n  annotations:\n", RegexOptions.None, TimeSpan.FromSeconds(1)).Skip(1));

    [Fact]
    public void Every_metric_of_the_dashboard_exists()
    {
        var metrics = new OperatorMetrics();
        using var queue = new WorkQueue(new FakeTimeProvider());
        metrics.Observe(queue);
        metrics.Observe(new ObjectCache<PartialObject>(Resources.Deployments));
        metrics.ObserveLeader(() => true);
        metrics.ObserveCrdSchema(() => 1, 1);
        var known = MetricName().Matches(metrics.ToText()).Select(m => m.Groups["name"].Value).ToHashSet(StringComparer.Ordinal);

        var dashboard = JsonNode.Parse(File.ReadAllText(RepositoryRoot.Combine("charts", "fleet-operator", "files", "dashboard.json")))!;
        var expressions = dashboard["panels"]!.AsArray().SelectMany(p => p!["targets"]!.AsArray()).Select(t => (string)t!["expr"]!).ToList();
        var used = expressions.SelectMany(e => UsedName().Matches(e)).Select(m => m.Value.Replace("_bucket", "", StringComparison.Ordinal)).ToHashSet(StringComparer.Ordinal);
        Assert.Empty(used.Except(known));
        // What the operator itself counts is on it, all of it.
        Assert.Empty(known.Where(k => k.StartsWith("fleet_", StringComparison.Ordinal)).Except(used));
    }

    [Fact]
    public void The_versions_of_the_charts_are_the_program_s()
    {
        var version = System.Xml.Linq.XDocument.Load(RepositoryRoot.Combine("Directory.Build.props")).Descendants("Version").Single().Value;
        foreach (var chart in (string[])["fleet-operator", "fleet-operator-crds"])
        {
            var metadata = Yaml.ParseOne(File.ReadAllText(RepositoryRoot.Combine("charts", chart, "Chart.yaml")));
            Assert.Equal((version, version), ((string)metadata["version"]!, (string)metadata["appVersion"]!));
        }
    }

    [GeneratedRegex("^# TYPE (?<name>[a-z_]+) ", RegexOptions.Multiline | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex MetricName();

    [GeneratedRegex("(fleet|process|dotnet)_[a-z_]+", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex UsedName();
}
