using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Fleet.SystemTests;

/// <summary>What a real server makes of the CRD: its rules are accepted, and it refuses what the operator would refuse.</summary>
public partial class CrdTests(ITestOutputHelper output) : AppTest(output)
{
    [Fact]
    public async Task The_server_refuses_what_the_operator_would_refuse_in_the_same_words()
    {
        var rows = (JsonArray)Yaml.Parse(File.ReadAllText(RepositoryRoot.Combine("tests", "Unit", "Apps", "Rules", "refused.yaml"))).Single();
        var specs = rows.Select((row, i) => (
            Case: (string)row!["case"]!,
            Name: (string?)row["name"] ?? $"row-{i.ToString(CultureInfo.InvariantCulture)}",
            By: (string)row["server"]!,
            Problems: row["problems"]!.AsArray().Select(p => (string)p!).ToArray(),
            Spec: row["spec"]!)).ToArray();
        var manifest = string.Join("---\n", specs.Select(s => Yaml.Write(new JsonObject
        {
            ["apiVersion"] = MicroserviceApp.Resource.ApiVersion,
            ["kind"] = MicroserviceApp.Resource.Kind,
            ["metadata"] = new JsonObject { ["name"] = s.Name },
            ["spec"] = s.Spec.DeepClone(),
        })));
        var result = await Kubectl.TryAsync(["create", "--dry-run=server", "--filename", "-"], manifest, TimeSpan.FromMinutes(2));
        Output.WriteLine(result.Error);

        // kubectl says it in one way when one object is refused, and in another when several are; both name the object.
        var refusals = Refusal().Matches(result.Error).ToDictionary(m => m.Groups["name"].Value, m => m.Groups["why"].Value, StringComparer.Ordinal);
        var hasCel = (await Api.GetVersionAsync(CancellationToken.None)).AtLeast(1, 25);
        var refused = specs.Where(s => s.By == "schema" || (s.By == "CEL" && hasCel)).Select(s => s.Name);
        Assert.Equal(refused.Order(StringComparer.Ordinal), refusals.Keys.Order(StringComparer.Ordinal));
        if (!hasCel)
            return;

        var words = RulesOf(Crd.Schema).ToArray();
        foreach (var spec in specs.Where(s => s.By == "CEL"))
        {
            foreach (var word in spec.Problems.Select(p => words.First(w => p.Contains(w, StringComparison.Ordinal))))
                Assert.True(refusals[spec.Name].Contains(word, StringComparison.Ordinal), $"{spec.Case}: {refusals[spec.Name]}");
        }
    }

    [Fact]
    public async Task The_server_accepts_the_examples() =>
        await Kubectl.RunAsync(["apply", "--dry-run=server", "--filename", RepositoryRoot.Combine("crds", "examples")]);

    [Fact]
    public Task Kubectl_explains_the_fields() => Eventually.That( // a server publishes a schema a moment after it has established the kind
        () => Kubectl.TryAsync(["explain", "msa.spec.services"]), result => result.Out.Contains("One row of the table", StringComparison.Ordinal));

    [GeneratedRegex("""MicroserviceApp\S* "(?<name>[^"]+)" is invalid: (?<why>.*?)(?=Error from server|\z)""", RegexOptions.Singleline | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 5000)]
    private static partial Regex Refusal();

    private static IEnumerable<string> RulesOf(Schema schema) =>
    [
        .. schema.Rules.Select(r => r.Message),
        .. schema.Properties.Values.Append(schema.Items).Append(schema.AdditionalProperties).OfType<Schema>().SelectMany(RulesOf),
    ];
}
