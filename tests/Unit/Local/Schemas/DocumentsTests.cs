using System.Text.Json.Nodes;
using Fleet.Kubernetes;
using Fleet.Local.Schemas;
using Xunit;

namespace Fleet.Unit.Local.Schemas;

public sealed class DocumentsTests
{
    private const string Version = "v1.33.0";

    private static readonly IReadOnlyList<ServedKind> All = [.. BuiltInKinds.All, Served.Bars];

    public static TheoryData<string> Versions => [.. All.Select(k => k.Resource.ApiVersion).Distinct()];

    [Fact]
    public void Version_2_refers_to_nothing_that_is_not_there() =>
        AssertWhole(OpenApi.V2(All, Version), "#/definitions/", d => d["definitions"]!.AsObject());

    [Theory, MemberData(nameof(Versions))]
    public void Version_3_refers_to_nothing_that_is_not_there(string apiVersion)
    {
        var document = OpenApi.V3([.. All.Where(k => k.Resource.ApiVersion == apiVersion)], Version);
        AssertWhole(document, "#/components/schemas/", d => d["components"]!["schemas"]!.AsObject());
        Assert.StartsWith($"/openapi/v3/{OpenApi.PathOf(apiVersion)}?hash=", (string?)OpenApi.V3Index(All, Version)["paths"]![OpenApi.PathOf(apiVersion)]!["serverRelativeURL"], StringComparison.Ordinal);
    }

    [Fact]
    public void An_index_changes_with_what_is_served()
    {
        string Address(ServedKind kind) => (string)OpenApi.V3Index([kind], Version)["paths"]!["apis/example.com/v1"]!["serverRelativeURL"]!;
        Assert.NotEqual(Address(Served.Bars), Address(Served.Bars with { ShortNames = [], ListKind = "Other" }));
    }

    [Fact]
    public void A_list_says_how_it_is_merged()
    {
        var schemas = OpenApi.V2(All, Version)["definitions"]!;
        var ports = schemas["io.k8s.api.core.v1.ServiceSpec"]!["properties"]!["ports"]!;
        Assert.Equal(
            """map ["port","protocol"] port merge""",
            $"{ports["x-kubernetes-list-type"]} {ports["x-kubernetes-list-map-keys"]!.ToJsonString()} {ports["x-kubernetes-patch-merge-key"]} {ports["x-kubernetes-patch-strategy"]}");
        Assert.Equal("merge,retainKeys", (string?)schemas["io.k8s.api.core.v1.PodSpec"]!["properties"]!["volumes"]!["x-kubernetes-patch-strategy"]);
        Assert.Equal("retainKeys", (string?)schemas["io.k8s.api.apps.v1.DeploymentSpec"]!["properties"]!["strategy"]!["x-kubernetes-patch-strategy"]);
        Assert.Equal("atomic", (string?)schemas["io.k8s.api.core.v1.ServiceSpec"]!["properties"]!["selector"]!["x-kubernetes-map-type"]);
        Assert.Equal("""[{"group":"apps","kind":"Deployment","version":"v1"}]""", schemas["io.k8s.api.apps.v1.Deployment"]!["x-kubernetes-group-version-kind"]!.ToJsonString());
    }

    [Fact]
    public void A_schema_of_a_definition_comes_back_as_it_was_written()
    {
        var spec = OpenApi.V3([Served.Bars], Version)["components"]!["schemas"]!["com.example.v1.Bar"]!["properties"]!["spec"]!["properties"]!;
        var written = Served.Documents("bars.yaml")[0]["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!["properties"]!["spec"]!["properties"]!;
        foreach (var field in new[] { "s", "i", "nm", "e", "en", "st", "m", "mp", "ios", "nu", "nt", "em", "oo", "do" })
            Assert.True(Contains(spec[field]!, written[field]!), $"{field}: {spec[field]!.ToJsonString()} lacks something of {written[field]!.ToJsonString()}");
    }

    // A dry run is offered by clients for kinds whose patch has the parameter.
    [Theory]
    [InlineData("/apis/apps/v1/namespaces/{namespace}/deployments/{name}", "patch", "Deployment", "dryRun fieldManager fieldValidation")]
    [InlineData("/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale", "patch", "Scale", "dryRun fieldManager fieldValidation")]
    [InlineData("/api/v1/nodes/{name}", "patch", "Node", "dryRun fieldManager fieldValidation")]
    [InlineData("/api/v1/pods", "get", "Pod", "labelSelector fieldSelector limit continue resourceVersion watch")]
    [InlineData("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", "post", "SelfSubjectAccessReview", "dryRun fieldManager fieldValidation")]
    public void An_operation_says_its_kind_and_parameters(string path, string method, string kind, string parameters)
    {
        var operation = OpenApi.V2(All, Version)["paths"]![path]![method]!;
        Assert.Equal(kind, (string?)operation["x-kubernetes-group-version-kind"]!["kind"]);
        Assert.Equal(parameters, string.Join(' ', operation["parameters"]!.AsArray().Where(p => (string?)p!["in"] == "query").Select(p => p!["name"])));
    }

    [Fact]
    public void Every_operation_has_a_name_of_its_own()
    {
        var names = OpenApi.V2(All, Version)["paths"]!.AsObject().SelectMany(p => p.Value!.AsObject()).Where(o => o.Value is JsonObject).Select(o => (string)o.Value!["operationId"]!).ToArray();
        Assert.Equal(names.Length, names.Distinct(StringComparer.Ordinal).Count());
    }

    // The fields of the messages by number; 1 of the document is its version, 9 its definitions.
    [Fact]
    public void Version_2_is_written_as_protobuf()
    {
        var document = new JsonObject
        {
            ["swagger"] = "2.0",
            ["definitions"] = new JsonObject { ["a"] = new JsonObject { ["type"] = "object", ["x-y"] = true, ["maxItems"] = 300 } },
        };
        // 2.0, then the definition: its name, and of its schema maxItems (14), type (22) and what begins with x- (31).
        Assert.Equal("0A03322E30" + "4A260A240A0161121F" + "70AC02" + "B201080A066F626A656374" + "FA010E0A03782D7912071205747275650A", Convert.ToHexString(OpenApiProtobuf.Write(document)));
    }

    [Fact]
    public void Discovery_says_names_verbs_and_subresources()
    {
        var deployments = DiscoveryDocuments.ResourceList(All, "apps/v1")!["resources"]!.AsArray();
        Assert.Equal("deployments deployments/scale deployments/status replicasets replicasets/scale replicasets/status", string.Join(' ', deployments.Select(r => r!["name"])));
        Assert.Equal("""{"name":"deployments","singularName":"deployment","namespaced":true,"kind":"Deployment","verbs":["create","delete","deletecollection","get","list","patch","update","watch"],"shortNames":["deploy"],"categories":["all"]}""", deployments[0]!.ToJsonString());
        Assert.Equal("""{"name":"deployments/scale","singularName":"","namespaced":true,"group":"autoscaling","version":"v1","kind":"Scale","verbs":["get","patch","update"]}""", deployments[1]!.ToJsonString());
        Assert.Null(DiscoveryDocuments.ResourceList(All, "nowhere/v1"));
    }

    [Fact]
    public void Aggregated_discovery_says_the_same_in_one_document()
    {
        var groups = DiscoveryDocuments.Aggregated(All, core: false, "v2")["items"]!.AsArray();
        Assert.Equal(groups.Select(g => (string?)g!["metadata"]!["name"]), DiscoveryDocuments.Groups(All)["groups"]!.AsArray().Select(g => (string?)g!["name"]));
        var pods = DiscoveryDocuments.Aggregated(All, core: true, "v2")["items"]![0]!["versions"]![0]!["resources"]!.AsArray().Single(r => (string?)r!["resource"] == "pods")!;
        Assert.Equal("binding log status", string.Join(' ', pods["subresources"]!.AsArray().Select(s => s!["subresource"])));
    }

    [Fact]
    public void The_preferred_version_comes_first()
    {
        string[] versions = ["v1beta1", "v2", "v1", "foo", "v10", "v1alpha1", "v1beta2"];
        var kinds = versions.Select(v => Served.Bars with { Resource = Served.Bars.Resource with { Version = v } });
        Assert.Equal("v10 v2 v1 v1beta2 v1beta1 v1alpha1 foo", string.Join(' ', DiscoveryDocuments.Group(kinds, "example.com")!["versions"]!.AsArray().Select(v => v!["version"])));
    }

    private static void AssertWhole(JsonObject document, string prefix, Func<JsonObject, JsonObject> definitions)
    {
        var known = definitions(document);
        Assert.All(References(document).Distinct(StringComparer.Ordinal), r => Assert.True(known.ContainsKey(r[prefix.Length..]), r));
        Assert.All(known, d => Assert.True(d.Value is JsonObject { Count: > 0 }, d.Key));
    }

    private static IEnumerable<string> References(JsonNode? node) => node switch
    {
        JsonObject obj => obj.SelectMany(f => f is { Key: "$ref", Value: JsonValue value } ? [value.GetValue<string>()] : References(f.Value)),
        JsonArray list => list.SelectMany(References),
        _ => [],
    };

    private static bool Contains(JsonNode whole, JsonNode part) => part switch
    {
        JsonObject fields => fields.All(f => whole is JsonObject w && w[f.Key] is { } value && Contains(value, f.Value!)),
        JsonArray list => whole is JsonArray w && w.Count == list.Count && list.Zip(w).All(p => Contains(p.Second!, p.First!)),
        _ => JsonNode.DeepEquals(whole, part) || whole.ToJsonString() == part.ToJsonString(),
    };
}
