using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.SystemTests.Conformance;
using Fleet.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Fleet.SystemTests;

/// <summary>
/// Generated specs before a real API server, by dry run: it refuses what the operator refuses, rule by rule, and takes whatever the operator plans. How many, says
/// FLEET_TEST_SPECS; which one alone, FLEET_TEST_SEED.
/// </summary>
public sealed class GeneratedSpecTests(ITestOutputHelper output) : AppTest(output)
{
    private const string DryRun = "dryRun=All";

    // What only the operator refuses may begin with the words of a rule that the CRD has: it knows more of the app than one expression can afford to ask.
    private static readonly string[] Rules = [.. RulesOf(Crd.Schema).Distinct(StringComparer.Ordinal)];
    private static readonly int Count = int.Parse(Environment.GetEnvironmentVariable("FLEET_TEST_SPECS") ?? "300", CultureInfo.InvariantCulture);
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task The_server_and_the_operator_judge_alike()
    {
        using var wire = new Wire(Cluster.AdminKubeconfig);
        var hasRules = (await Api.GetVersionAsync(CancellationToken.None)).AtLeast(1, 25);
        var seen = new ConcurrentDictionary<string, int>(StringComparer.Ordinal);
        await EachAsync("judged", Judge);
        foreach (var (rule, times) in seen.OrderBy(r => r.Key, StringComparer.Ordinal))
            Output.WriteLine($"{times,5} {rule}");

        async Task<string?> Judge(int seed)
        {
            var document = seed % 3 == 0 ? Sample.Valid(seed).Document : Flawed.Of(seed).Sample.Document;
            var body = (JsonObject)document.DeepClone();
            body["metadata"]!["namespace"] = Namespace;
            var answer = await PostAsync(wire, MicroserviceApp.Resource, "", body.ToJsonString());
            if (answer.Code is not (201 or 400 or 422))
                return $"{answer}";
            if (!hasRules && answer.Message.Contains("in body must be of type string: \"null\"", StringComparison.Ordinal))
                return null; // some of these servers take an empty text for null
            if (document["metadata"]!["name"] is JsonValue name && name.GetValue<string>() is "" or "Shop" or "shop\n")
                return answer.Code == 201 ? "the server takes a name that no object may have" : null; // it looks no further
            var refused = answer.Code != 201;
            var ours = Expected(document, hasRules);
            if (refused != ours.Count > 0)
                return $"the server {(refused ? $"refuses it: {answer.Message}" : "takes it")}, the operator says: {string.Join('\n', ours)}\n{Yaml.Write(document)}";
            if (!refused || !hasRules || answer.Message.Contains("some validation rules were not checked", StringComparison.Ordinal))
                return null;
            var theirs = Rules.Where(r => answer.Message.Contains(r, StringComparison.Ordinal)).ToHashSet(StringComparer.Ordinal);
            var known = Rules.Where(r => ours.Any(p => p.Message.StartsWith(r, StringComparison.Ordinal))).ToHashSet(StringComparer.Ordinal);
            foreach (var rule in theirs)
                seen.AddOrUpdate(rule, 1, (_, times) => times + 1);
            return theirs.SetEquals(known) ? null
                : $"only the server: {string.Join('\n', theirs.Except(known))}\nonly the operator: {string.Join('\n', known.Except(theirs))}\n{answer.Message}\n{Yaml.Write(document)}";
        }
    }

    [Fact]
    public async Task The_server_takes_what_is_planned()
    {
        using var wire = new Wire(Cluster.AdminKubeconfig);
        var version = await Api.GetVersionAsync(CancellationToken.None);
        var served = await Api.DiscoverAsync(CancellationToken.None);
        var world = new Observed { Features = ClusterFeatures.Of(version) };
        // Older servers do not know the parameter, and would drop an unknown field without a word.
        var strict = version.AtLeast(1, 25) ? "&fieldValidation=Strict" : "";
        var objects = 0;
        await EachAsync("planned", Plan);
        Output.WriteLine($"{objects} objects");

        async Task<string?> Plan(int seed)
        {
            var sample = Sample.Valid(seed);
            var app = sample.App();
            app = app with { Metadata = app.Metadata with { Namespace = Namespace, Uid = Guid.NewGuid().ToString() } };
            foreach (var planned in Planner.Plan(app, world, Given.Settings).Desired)
            {
                var kind = planned.Object.Resource;
                if (OptionalKinds.All.Contains(kind) && served.Find(kind.ApiVersion, kind.Kind) is null)
                    continue;
                var answer = await PostAsync(wire, kind, strict, Encoding.UTF8.GetString(planned.ToCreate.Utf8));
                Interlocked.Increment(ref objects);
                if (answer.Code != 201)
                    return $"{planned.Object.Id}: {answer.Message}\n{Yaml.Write(planned.ToCreate.ToJsonObject())}\n{sample}";
            }

            return null;
        }
    }

    /// <summary>Asks about one spec after the other, several at a time, until there were enough or it took too long.</summary>
    private async Task EachAsync(string what, Func<int, Task<string?>> ask)
    {
        var (watch, done, wrong) = (Stopwatch.StartNew(), 0, new ConcurrentDictionary<int, string>());
        await Parallel.ForEachAsync(Sample.Seeds(Count), new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (seed, _) =>
        {
            if (watch.Elapsed > Longest)
                return;
            if (await ask(seed) is { } problem)
                wrong[seed] = problem;
            Interlocked.Increment(ref done);
        });
        Output.WriteLine($"{done} specs {what} in {watch.Elapsed.TotalSeconds:0} s");
        foreach (var (seed, problem) in wrong.OrderBy(w => w.Value.Length).Take(5))
            Output.WriteLine($"{Sample.SeedVariable}={seed}\n{problem}\n");
        Assert.True(wrong.IsEmpty, $"{wrong.Count} of {done} specs: {Sample.SeedVariable}={string.Join(',', wrong.Keys.Order().Take(10))}");
        Assert.True(done > 0);
    }

    // A server under load may time out by itself.
    private async Task<Answer> PostAsync(Wire wire, Resource kind, string parameters, string json)
    {
        for (var tries = 1; ; tries++)
        {
            var answer = await wire.SendAsync(HttpMethod.Post, $"{kind.Path(Namespace)}?{DryRun}{parameters}", json);
            if (answer.Code < 500 || tries == 5)
                return answer;
        }
    }

    /// <summary>What the operator says that a server with this CRD says as well.</summary>
    private static List<Problem> Expected(JsonObject document, bool hasRules)
    {
        // A field that the schema does not declare is dropped, and refused only where somebody asks to be strict.
        var schema = SchemaValidator.Check(Crd.Schema, document).Where(p => !p.Message.StartsWith("unknown field", StringComparison.Ordinal)).ToList();
        if (AppDocument.Read(document, Given.Settings).App is not { } app)
            return schema;
        var effective = EffectiveApp.Of(app, Given.Settings);
        var rules = AppRules.Check(effective).Where(p => Rules.Any(r => p.Message.StartsWith(r, StringComparison.Ordinal)) && !IsBeyond(p, effective));
        return hasRules ? [.. schema, .. rules] : schema;
    }

    // Paths on host names, and what it takes to know which images are the bundled ones.
    private static bool IsBeyond(Problem problem, EffectiveApp app)
    {
        if (problem.Path.StartsWith("spec.services[", StringComparison.Ordinal) &&
            app.Services[int.Parse(problem.Path["spec.services[".Length..problem.Path.IndexOf(']')], CultureInfo.InvariantCulture)] is { Bundled: not null, Spec.Image: not null } &&
            (problem.Message.Contains("bundled", StringComparison.Ordinal) || problem.Message.StartsWith("image is required", StringComparison.Ordinal)))
            return true;
        if (!problem.Message.StartsWith("no two services may have the same hostname and path", StringComparison.Ordinal))
            return false;
        var paths = app.Services.Where(s => s.Route is not null && s.Spec.Protocol != ServiceProtocol.Grpc && s.Spec.Route?.Hostnames is null)
            .Select(s => (Written: s.Spec.Route?.PathPrefix, Path: s.Spec.Route?.PathPrefix ?? $"/{s.Name}")).ToList();
        return !paths.Any(p => p.Written is not null && paths.Count(o => o.Path == p.Written) > 1);
    }

    private static IEnumerable<string> RulesOf(Schema schema) =>
    [
        .. schema.Rules.Select(r => r.Message),
        .. schema.Properties.Values.Append(schema.Items).Append(schema.AdditionalProperties).OfType<Schema>().SelectMany(RulesOf),
    ];
}
