using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Fleet.SystemTests;

/// <summary><c>fleet run --webhook</c>, asked by a real API server.</summary>
[Trait("Needs", "RealControlPlane")]
public class AdmissionTests(ITestOutputHelper output) : AppTest(output)
{
    // The chart brings a configuration of its own, by a Service, which an API server outside of the cluster's network cannot ask; here the operator makes one by its address.
    /// <inheritdoc/>
    protected override bool HasAccount => false;

    private static readonly Resource Configurations = new("admissionregistration.k8s.io", "v1", "ValidatingWebhookConfiguration", "validatingwebhookconfigurations", Namespaced: false);

    // By rules that the CRD has not, so that no API server refuses it by itself.
    private const string Wrong = """
        apiVersion: fleet.microservices.dev/v1
        kind: MicroserviceApp
        metadata: { name: wrong }
        spec:
          services:
          - { name: auth, port: 8001, protocol: HTTP/REST, resources: { requests: { memroy: 64Mi } } }
          - { name: web, port: 80, protocol: HTTP, image: "example/web:1", resources: { requests: { cup: 1 } } }
        """;

    private string ConfigurationName => $"{Namespace}-webhook";

    public override async Task DisposeAsync()
    {
        try
        {
            await Api.DeleteAsync(Configurations, null, ConfigurationName, new DeleteOptions(), CancellationToken.None);
        }
        catch (ApiException e) when (e.IsNotFound)
        {
            // the test did not come so far
        }

        await base.DisposeAsync();
    }

    [Fact]
    public async Task A_wrong_app_is_refused_with_all_that_is_wrong_and_none_is_when_the_operator_is_gone()
    {
        var (first, port) = await StartAsync();
        var refused = await RefusedAsync();
        Assert.Contains("spec.services[0].resources.requests[memroy]: ", refused, StringComparison.Ordinal);
        Assert.Contains("did you mean memory?", refused, StringComparison.Ordinal);
        Assert.Contains("spec.services[1].resources.requests[cup]: ", refused, StringComparison.Ordinal);

        // It warns, and what is right is stored.
        var warned = (await Kubectl.TryAsync(["apply", "-f", "-"], """
            apiVersion: fleet.microservices.dev/v1
            kind: MicroserviceApp
            metadata: { name: warned }
            spec:
              services:
              - { name: web, port: 80, protocol: HTTP, image: example/web:latest, podTemplate: { spec: { hostNam: a } } }
            """)).Succeeded();
        Assert.Contains("Warning: spec.services[0].image: example/web:latest", warned.Error, StringComparison.Ordinal);
        Assert.Contains("spec.services[0].podTemplate.spec.hostNam: unknown field; did you mean hostname?", warned.Error, StringComparison.Ordinal);
        var metrics = await first.MetricsAsync();
        Assert.True(metrics["fleet_admission_reviews_total{outcome=\"denied\"}"] > 0 && metrics["fleet_admission_reviews_total{outcome=\"warned\"}"] > 0);
        // All there were so far; where one of them was late, three others.
        await Pace.WithinAsync(TimeSpan.FromSeconds(1), async round => round == 1 ? Slowest(metrics) : await SlowestOfThreeAsync(first), "a review");

        // Nothing is written while nothing changes.
        var position = await Cluster.AuditLog.NowAsync();
        var looks = await LooksAsync();
        await Eventually.True(async () => await LooksAsync() > looks, TimeSpan.FromSeconds(90));
        Assert.DoesNotContain(
            await Cluster.AuditLog.SinceAsync(position),
            e => e.IsRealWrite && (e.ObjectRef?.Name == ConfigurationName || (IsOurs(e) && e.ObjectRef?.Resource == "secrets")));

        await first.TerminateAsync();
        await Kubectl.ApplyAsync(Wrong); // Ignore
        await StartOperatorAsync(o => With(o, port));
        await RefusedAgainAsync();

        // What stands there may still be labelled.
        await Kubectl.RunAsync("label msa/wrong team=a");

        async Task<int> LooksAsync() => (await Cluster.AuditLog.SinceAsync(position)).Count(e => e.Verb == "get" && e.ObjectRef?.Name == ConfigurationName);
    }

    [Fact]
    public async Task Its_certificate_is_renewed_while_it_runs_and_no_wrong_app_slips_through()
    {
        // Whoever is not judged is refused as well, with the reason: the API server waits for 2 s only, which on a busy machine may be too short, but it is
        // never to say anything of the certificate.
        var (process, _) = await StartAsync("--webhook-certificate-validity", "30s", "--webhook-failure-policy", "fail");
        var ends = await EndAsync(process);
        var (judged, slips, bundles) = (0, new List<string>(), new HashSet<string>());
        await Eventually.True(
            async () =>
            {
                await AskAsync();
                return await EndAsync(process) > ends;
            },
            TimeSpan.FromMinutes(2));
        var until = judged + 10;
        await Eventually.True(async () =>
        {
            await AskAsync();
            return judged >= until;
        });
        Output.WriteLine($"{judged} wrong apps were refused, and ten of them when the certificate was another one");
        Assert.Empty(slips);
        Assert.Contains(bundles, b => Count(b) == 2);
        Assert.False(process.HasExited);

        // The Secret's end is a new beginning.
        ends = await EndAsync(process);
        await Kubectl.RunAsync("delete secret fleet-operator-webhook");
        await Eventually.True(async () => await EndAsync(process) > ends);
        await Eventually.True(async () => IsJudged(await Kubectl.TryAsync(["apply", "-f", "-"], Wrong)));

        async Task AskAsync()
        {
            var answer = await Kubectl.TryAsync(["apply", "-f", "-"], Wrong);
            if (IsJudged(answer))
                judged++;
            else if (answer.ExitCode == 0 || !IsLate(answer))
                slips.Add($"{answer}");
            bundles.Add(await BundleAsync());
        }
    }

    [Fact]
    public async Task Replicas_share_one_certificate_and_of_somebody_elses_configuration_only_the_bundle_is_written()
    {
        var (leading, port) = (FreePort.Take(), FreePort.Take());
        await Api.CreateAsync(KubeObject.From(Configurations, new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = ConfigurationName },
            ["webhooks"] = new JsonArray(new JsonObject
            {
                ["name"] = "apps.fleet.microservices.dev",
                // The replica that does not lead: it answers as well.
                ["clientConfig"] = new JsonObject { ["url"] = $"https://127.0.0.1:{port}/validate" },
                ["namespaceSelector"] = new JsonObject { ["matchLabels"] = new JsonObject { [TestNamespace.Label] = Namespace } },
                ["rules"] = new JsonArray(new JsonObject
                {
                    ["operations"] = new JsonArray("CREATE", "UPDATE"), ["apiGroups"] = new JsonArray(MicroserviceApp.Resource.Group),
                    ["apiVersions"] = new JsonArray("*"), ["resources"] = new JsonArray(MicroserviceApp.Resource.Plural),
                }),
                ["admissionReviewVersions"] = new JsonArray("v1"), ["sideEffects"] = "None", ["failurePolicy"] = "Fail", ["timeoutSeconds"] = 7,
            }),
        }), CancellationToken.None);
        var leader = await StartOperatorAsync(o => With(o, leading));
        await Eventually.True(async () => (await leader.MetricsAsync())["fleet_leader"] == 1);
        var other = await StartOperatorAsync(o => With(o, port));
        await Eventually.True(async () => (await BundleAsync()).Length > 0);
        await Eventually.True(async () => (await Kubectl.TryAsync(["apply", "-f", "-"], Wrong)).Error.Contains("did you mean memory?", StringComparison.Ordinal));
        Assert.True((await other.MetricsAsync())["fleet_admission_reviews_total{outcome=\"denied\"}"] > 0);
        Assert.Equal(0, (await other.MetricsAsync())["fleet_leader"]);
        Assert.Equal(await EndAsync(leader), await EndAsync(other));
        var webhook = (await Kubectl.GetJsonAsync("validatingwebhookconfiguration", ConfigurationName))["webhooks"]![0]!;
        Assert.Equal((7, "Fail"), ((int)webhook["timeoutSeconds"]!, (string)webhook["failurePolicy"]!));
    }

    [Fact]
    public async Task The_fields_of_a_pod_that_it_knows_are_those_of_the_server()
    {
        var document = JsonNode.Parse(await Kubectl.RunAsync("get --raw /openapi/v2"))!["definitions"]!.AsObject();
        var template = document["io.k8s.api.core.v1.PodTemplateSpec"]!["properties"]!.AsObject();
        Assert.NotEmpty(template);
        var known = new Dictionary<string, string[]>(StringComparer.Ordinal);
        foreach (var line in PodFieldLines())
            known[line[0]] = [.. line.Skip(2).Select(f => f.Split(':')[0])];
        // A field that came and went again is dropped by every server since.
        var missing = known.SelectMany(type => document
            .Where(d => d.Key.StartsWith("io.k8s.api.core.v1.", StringComparison.Ordinal) && d.Key.Split('.')[^1] == type.Key)
            .SelectMany(d => (d.Value!["properties"] as JsonObject ?? []).Select(p => p.Key).Except(type.Value).Select(field => $"{type.Key}.{field}")))
            .Except(["EphemeralVolumeSource.readOnly"]);
        Assert.Empty(missing);
    }

    private static IEnumerable<string[]> PodFieldLines()
    {
        var lines = File.ReadAllLines(RepositoryRoot.Combine("operator", "Apps", "Rules", "PodFields.cs"))
            .SkipWhile(l => !l.Contains("Text = \"\"\"", StringComparison.Ordinal)).Skip(1).TakeWhile(l => !l.Contains("\"\"\"", StringComparison.Ordinal));
        List<string>? current = null;
        foreach (var words in lines.Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries)))
        {
            if (words.Length > 1 && words[1] == "=")
            {
                if (current is not null)
                    yield return [.. current];
                current = [.. words];
            }
            else
            {
                current!.AddRange(words);
            }
        }

        yield return [.. current!];
    }

    private async Task<(OperatorProcess Process, int Port)> StartAsync(params string[] more)
    {
        var port = FreePort.Take();
        var process = await StartOperatorAsync(o => With(o, port, more));
        await Eventually.True(async () => IsJudged(await Kubectl.TryAsync(["apply", "--dry-run=server", "-f", "-"], Wrong)));
        return (process, port);
    }

    // By the rules, and not because nobody could be asked.
    private static bool IsJudged(CommandResult applied) => applied.ExitCode != 0 && applied.Error.Contains("did you mean memory?", StringComparison.Ordinal);

    // In the API server's words, or in those of the webhook, which waits for less.
    private static bool IsLate(CommandResult applied) =>
        applied.Error.Contains("deadline exceeded", StringComparison.Ordinal) || applied.Error.Contains("Timeout exceeded", StringComparison.Ordinal) ||
        applied.Error.Contains("handshake timeout", StringComparison.Ordinal) || applied.Error.Contains("did not come in time", StringComparison.Ordinal);

    // Every time another one: what was stored because the webhook was not there yet would not be sent again.
    private Task RefusedAgainAsync()
    {
        var tries = 1;
        return Eventually.True(async () => IsJudged(await Kubectl.TryAsync(["apply", "-f", "-"], Wrong.Replace("web:1", $"web:{++tries}", StringComparison.Ordinal))));
    }

    private async Task<TimeSpan> SlowestOfThreeAsync(OperatorProcess process)
    {
        var before = await process.MetricsAsync();
        for (var i = 0; i < 3; i++)
            await Kubectl.TryAsync(["apply", "--dry-run=server", "-f", "-"], Wrong);
        return Slowest(await process.MetricsAsync(), before);
    }

    // As the operator measures it. 1 s is its last bound; what is over it took longer than that, or there is no telling.
    private static TimeSpan Slowest(IReadOnlyDictionary<string, double> now, IReadOnlyDictionary<string, double>? before = null)
    {
        var all = Grown("fleet_admission_review_seconds_count");
        return all >= 3 && all == Grown("fleet_admission_review_seconds_bucket{le=\"1\"}") ? TimeSpan.FromSeconds(1) : TimeSpan.MaxValue;

        double Grown(string name) => now[name] - (before?[name] ?? 0);
    }

    private OperatorStart With(OperatorStart start, int port, params string[] more) => start with
    {
        Arguments =
        [
            "--webhook", "--webhook-port", $"{port}", "--webhook-url", $"https://127.0.0.1:{port}/validate", "--webhook-configuration", ConfigurationName, .. more,
        ],
    };

    private async Task<string> RefusedAsync()
    {
        var result = await Kubectl.TryAsync(["apply", "-f", "-"], Wrong);
        Assert.NotEqual(0, result.ExitCode);
        return result.Error;
    }

    private static async Task<double> EndAsync(OperatorProcess process) => (await process.MetricsAsync())["fleet_admission_certificate_not_after_seconds"];

    private async Task<string> BundleAsync()
    {
        var configuration = await Api.GetAsync(Kinds.Raw(Configurations), null, ConfigurationName, CancellationToken.None);
        return (string?)configuration.ToJsonObject()["webhooks"]![0]!["clientConfig"]!["caBundle"] is { } encoded
            ? System.Text.Encoding.ASCII.GetString(Convert.FromBase64String(encoded))
            : "";
    }

    private static int Count(string bundle) => bundle.Split("BEGIN CERTIFICATE").Length - 1;
}
