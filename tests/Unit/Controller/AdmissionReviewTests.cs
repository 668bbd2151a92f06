using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Controller;
using Fleet.Kubernetes;
using Fleet.Unit.Apps;
using Xunit;

namespace Fleet.Unit.Controller;

public sealed class AdmissionReviewTests
{
    private const string Good = "services: [{ name: auth, port: 8001, protocol: HTTP/REST }]";

    [Fact]
    public void A_good_app_is_allowed_and_the_uid_comes_back()
    {
        var verdict = Judge(Request(Good));
        Assert.Equal("allowed", verdict.Outcome);
        Assert.Equal("""{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"u1","allowed":true}}""", verdict.Review.ToJsonString());
    }

    [Fact]
    public void All_problems_are_told_at_once_each_at_its_field()
    {
        var verdict = Judge(Request("""
            services:
            - { name: auth, port: 8001, protocol: HTTP/REST, replicas: 2 }
            - { name: billing, port: 80, protocol: HTTP, dependsOn: [auht] }
            """));
        Assert.Equal("denied", verdict.Outcome);
        var response = verdict.Review["response"]!;
        Assert.False((bool)response["allowed"]!);
        var status = response["status"]!;
        Assert.Equal((422, "Invalid", "shop", "MicroserviceApp"), ((int)status["code"]!, (string)status["reason"]!, (string)status["details"]!["name"]!, (string)status["details"]!["kind"]!));
        Assert.Equal(
            ["spec.services[0].replicas", "spec.services[1].image", "spec.services[1].dependsOn[0]"],
            status["details"]!["causes"]!.AsArray().Select(c => (string)c!["field"]!));
        Assert.Contains("did you mean auth?", (string)status["message"]!, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(RefusedSpecs.Cases), MemberType = typeof(RefusedSpecs))]
    public void What_the_rules_refuse_is_denied_in_their_words(string name)
    {
        var document = RefusedSpecs.Document(name);
        var problems = AppRules.Check(EffectiveApp.Of(AppDocument.Read(document.DeepClone(), RefusedSpecs.Settings).App!, RefusedSpecs.Settings));
        var request = Request(Good);
        request["object"] = document.DeepClone();
        var verdict = Judge(request);
        Assert.Equal(problems.Count > 0 ? "denied" : "allowed", verdict.Outcome == "warned" ? "allowed" : verdict.Outcome);
        if (problems.Count > 0)
            Assert.Equal(string.Join("; ", problems), (string)verdict.Review["response"]!["status"]!["message"]!);
    }

    public static TheoryData<string> Passed => ["DELETE", "CONNECT", "status", "deleted", "same spec", "another kind", "another namespace"];

    [Theory, MemberData(nameof(Passed))]
    public void What_is_not_to_be_judged_passes_however_wrong_it_is(string what)
    {
        var request = Request("services: [{ name: billing, port: 80, protocol: HTTP }]");
        Assert.Equal("denied", Judge((JsonObject)request.DeepClone(), "demo").Outcome);
        switch (what)
        {
            case "status":
                request["subResource"] = "status";
                break;
            case "deleted":
                request["object"]!["metadata"]!["deletionTimestamp"] = "2026-01-01T00:00:00Z";
                break;
            case "same spec":
                request["operation"] = "UPDATE";
                request["oldObject"] = request["object"]!.DeepClone();
                request["object"]!["metadata"]!["labels"] = new JsonObject { ["team"] = "a" };
                break;
            case "another kind":
                request["resource"]!["resource"] = "deployments";
                break;
            case "another namespace":
                request["namespace"] = "elsewhere";
                break;
            default:
                request["operation"] = what;
                break;
        }

        var verdict = Judge(request, "demo");
        Assert.Equal("passed", verdict.Outcome);
        Assert.True((bool)verdict.Review["response"]!["allowed"]!);
    }

    [Fact]
    public void A_spec_that_cannot_be_read_is_denied_with_the_schemas_words()
    {
        var verdict = Judge(Request("services: [{ name: auth, port: many, protocol: HTTP }]"));
        Assert.Equal("denied", verdict.Outcome);
        Assert.Contains("spec.services[0].port: must be a whole number", (string)verdict.Review["response"]!["status"]!["message"]!, StringComparison.Ordinal);
    }

    [Fact]
    public void A_field_of_a_newer_schema_and_a_status_are_the_servers_business()
    {
        var request = Request("services: [{ name: auth, port: 8001, protocol: HTTP/REST, fromTheFuture: 1 }]");
        request["object"]!["status"] = new JsonObject { ["ready"] = 7 };
        Assert.Equal("allowed", Judge(request).Outcome);
    }

    [Theory]
    [InlineData("""null""")]
    [InlineData("""[]""")]
    [InlineData("""{"apiVersion": "admission.k8s.io/v1beta1", "kind": "AdmissionReview", "request": {"uid": "a"}}""")]
    [InlineData("""{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview"}""")]
    [InlineData("""{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {"uid": 1}}""")]
    [InlineData("""{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": []}""")]
    public void What_is_no_review_is_not_answered_as_one(string text) =>
        Assert.Null(AdmissionReviews.Judge(JsonNode.Parse(text), RefusedSpecs.Settings, []));

    [Theory]
    [InlineData("services: [{ name: web, port: 80, protocol: HTTP, image: web }]", "spec.services[0].image: web has no tag")]
    [InlineData("services: [{ name: web, port: 80, protocol: HTTP, image: 'localhost:5000/web' }]", "spec.services[0].image: localhost:5000/web has no tag")]
    [InlineData("services: [{ name: web, port: 80, protocol: HTTP, image: 'r/web:latest' }]", "spec.services[0].image: r/web:latest: what the tag latest runs")]
    [InlineData("services: [{ name: web, port: 80, protocol: HTTP, image: 'r/web:latest-1' }]", null)]
    [InlineData("services: [{ name: web, port: 80, protocol: HTTP, image: 'r/web@sha256:ab' }]", null)]
    [InlineData("{ gateway: { image: gw }, services: [{ name: auth, port: 80, protocol: HTTP }] }", "spec.gateway.image: gw has no tag")]
    [InlineData("services: [{ name: auth, port: 80, protocol: HTTP, podTemplate: { spec: { containers: [{ name: auth, imagePullPolice: Always }] } } }]",
        "spec.services[0].podTemplate.spec.containers[0].imagePullPolice: unknown field; did you mean imagePullPolicy?")]
    [InlineData("services: [{ name: auth, port: 80, protocol: HTTP, podTemplate: { spec: { affinity: { nodeAffinty: {} } } } }]", "spec.services[0].podTemplate.spec.affinity.nodeAffinty: unknown field")]
    [InlineData("services: [{ name: auth, port: 80, protocol: HTTP, podTemplate: { metadata: { labels: { any: x } }, spec: { $retainKeys: [a], nodeSelector: { disk: ssd }, volumes: [{ name: a, emptyDir: {} }] } } }]", null)]
    [InlineData("services: [{ name: auth, port: 80, protocol: HTTP, replicas: 2, podTemplate: { spec: { hostname: a } } }]", "spec.services[0].replicas: each of the 2 replicas keeps its own data")]
    [InlineData("services: [{ name: auth, port: 80, protocol: HTTP, replicas: 2, podTemplate: { spec: { containers: [{ name: auth, env: [{ name: ConnectionStrings__Default, value: x }] }] } } }]", null)]
    [InlineData("services: [{ name: auth, port: 80, protocol: HTTP, replicas: 2, env: [{ name: ConnectionStrings__Default, value: 'Data Source=/data/a.db' }] }]", "spec.services[0].env[0]: each of the 2 replicas has a SQLite file")]
    [InlineData("services: [{ name: auth, port: 80, protocol: HTTP, replicas: 1, env: [{ name: ConnectionStrings__Default, value: 'Data Source=/data/a.db' }] }]", null)]
    [InlineData("services: [{ name: auth, port: 80, protocol: HTTP, replicas: 2, env: [{ name: ConnectionStrings__Default, value: 'Host=db' }] }]", null)]
    public void It_warns(string spec, string? warning)
    {
        var verdict = Judge(Request(spec));
        Assert.Equal(warning is null ? "allowed" : "warned", verdict.Outcome);
        var warnings = verdict.Review["response"]!["warnings"] as JsonArray ?? [];
        if (warning is null)
            Assert.Empty(warnings);
        else
            Assert.StartsWith(warning, (string)Assert.Single(warnings)!, StringComparison.Ordinal);
        Assert.All(warnings, w => Assert.InRange(((string)w!).Length, 1, 256));
    }

    [Fact]
    public void Many_warnings_are_cut()
    {
        var spec = $"services: [{string.Join(", ", Enumerable.Range(0, 64).Select(i => $"{{ name: s{i}, port: {i + 1}, protocol: HTTP, image: '{new string('a', 300)}' }}"))}]";
        var warnings = (JsonArray)Judge(Request(spec)).Review["response"]!["warnings"]!;
        Assert.Equal("and 49 more", (string)warnings[^1]!);
        Assert.True(warnings.Sum(w => ((string)w!).Length) < 4096);
    }

    [Fact]
    public void The_known_fields_of_a_pod_are_a_whole()
    {
        Assert.Empty(PodFields.Types.Values.SelectMany(f => f.Values).OfType<string>().Except(PodFields.Types.Keys));
        Assert.Equal("Container", PodFields.Types["PodSpec"]["initContainers"]);
        Assert.Null(PodFields.Types["PodSpec"]["nodeSelector"]);
    }

    private static AdmissionVerdict Judge(JsonObject request, params string[] watched) => AdmissionReviews.Judge(
        new JsonObject { ["apiVersion"] = "admission.k8s.io/v1", ["kind"] = "AdmissionReview", ["request"] = request }, RefusedSpecs.Settings, watched)!;

    private static JsonObject Request(string spec) => new()
    {
        ["uid"] = "u1",
        ["operation"] = "CREATE",
        ["namespace"] = "demo",
        ["resource"] = new JsonObject { ["group"] = MicroserviceApp.Resource.Group, ["version"] = "v1", ["resource"] = MicroserviceApp.Resource.Plural },
        ["object"] = Documents.Of(spec),
        ["oldObject"] = null,
    };
}
