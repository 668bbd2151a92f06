using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Testing;
using Xunit;

namespace Fleet.SystemTests.Conformance;

/// <summary>CustomResourceDefinitions: from the moment they are established to what goes with them.</summary>
public class CustomResourceTests : ConformanceTest
{
    private const string Typed = """
        type: object
        required: [spec]
        properties:
          spec:
            type: object
            required: [size]
            properties:
              size: { type: integer, minimum: 1, maximum: 9 }
              color: { type: string, enum: [red, green], default: red }
              name: { type: string, pattern: '^[a-z]+$', maxLength: 5 }
              deep: { type: object, default: {}, properties: { lit: { type: boolean, default: true }, list: { type: array, maxItems: 2, items: { type: string, minLength: 1 } } } }
              port: { x-kubernetes-int-or-string: true }
              free: { type: object, x-kubernetes-preserve-unknown-fields: true }
              map: { type: object, additionalProperties: { type: integer } }
              maybe: { type: string, nullable: true }
              rows: { type: array, x-kubernetes-list-type: map, x-kubernetes-list-map-keys: [name], items: { type: object, required: [name], properties: { name: { type: string }, size: { type: integer } } } }
              replicas: { type: integer }
          status:
            type: object
            properties: { phase: { type: string }, replicas: { type: integer }, selector: { type: string } }
        """;

    private const string Version = """
        subresources: { status: {}, scale: { specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas, labelSelectorPath: .status.selector } }
        additionalPrinterColumns:
        - { name: Size, type: integer, jsonPath: .spec.size }
        - { name: Phase, type: string, jsonPath: .status.phase, description: where it is }
        - { name: Color, type: string, jsonPath: .spec.color, priority: 1 }
        - { name: Age, type: date, jsonPath: .metadata.creationTimestamp }
        """;

    [Fact]
    public async Task An_established_kind_is_in_discovery()
    {
        await using var kind = await CustomKind.EstablishAsync(Wire, Typed, Version, "{ shortNames: [wd], categories: [all] }");
        // Discovery is made anew beside the kind that is served, and the list of groups beside that.
        var list = (await Eventually.That(() => Wire.GetAsync($"/apis/{kind.ApiVersion}"), answer => answer.Code == 200)).Is(200);
        Assert.Equal(("APIResourceList", kind.ApiVersion), (list.Text("kind"), list.Text("groupVersion")));
        var resources = list["resources"]!.AsArray();
        Assert.Equal(["widgets", "widgets/scale", "widgets/status"], resources.Select(r => r.Text("name")).Order(StringComparer.Ordinal));
        var main = resources.First(r => r.Text("name") == "widgets")!;
        Assert.Equal(("Widget", "widget", true, "wd", "all"), (main.Text("kind"), main.Text("singularName"), (bool)main["namespaced"]!, main.Text("shortNames[0]"), main.Text("categories[0]")));
        Assert.Equal(["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"], main["verbs"]!.AsArray().Select(v => (string)v!).Order(StringComparer.Ordinal));
        Assert.Equal(("autoscaling", "Scale"), (resources.First(r => r.Text("name") == "widgets/scale").Text("group"), resources.First(r => r.Text("name") == "widgets/scale").Text("kind")));
        await Eventually.That(
            async () => (await Wire.GetAsync("/apis")).Is(200)["groups"]!.AsArray(),
            groups => groups.Any(g => g.Text("name") == kind.Group && g.Text("preferredVersion.groupVersion") == kind.ApiVersion));
        var crd = (await Wire.GetAsync(kind.Path)).Is(200);
        Assert.Equal("widgets", crd.Text("status.acceptedNames.plural"));
        Assert.Equal("v1", crd.Text("status.storedVersions[0]"));
        Assert.Contains(crd.At("status.conditions")!.AsArray(), c => c.Text("type") == "NamesAccepted" && c.Text("status") == "True");
    }

    [Fact]
    public async Task Defaults_are_filled_in_and_unknown_fields_pruned()
    {
        await using var kind = await CustomKind.EstablishAsync(Wire, Typed, Version);
        var made = (await Wire.PostAsync(kind.In(Namespace), kind.Object("a", "{ spec: { size: 1, unknown: x, deep: { odd: 1 }, free: { any: [1] } }, other: 1 }"))).Is(201);
        Assert.Equal("""{"color":"red","deep":{"lit":true},"free":{"any":[1]},"size":1}""", Sorted(made["spec"]!));
        Assert.Null(made["other"]);
        Assert.Equal((1, kind.ApiVersion, "Widget"), (made.Number("metadata.generation"), made.Text("apiVersion"), made.Text("kind")));
    }

    [Fact]
    public async Task Defaults_reach_objects_stored_before()
    {
        await using var kind = await CustomKind.EstablishAsync(Wire);
        (await Wire.PostAsync(kind.In(Namespace), kind.Object("a", "{ spec: { size: 1 } }"))).Is(201);
        var crd = (await Wire.GetAsync(kind.Path)).Is(200);
        (await Wire.PatchAsync(kind.Path, Wire.JsonPatch, new JsonArray(new JsonObject
        {
            ["op"] = "replace", ["path"] = "/spec/versions/0/schema/openAPIV3Schema", ["value"] = Parsed(Typed),
        }).ToJsonString())).Is(200);
        Assert.NotNull(crd);
        var read = await Eventual(kind.In(Namespace, "a"), o => o.At("spec.color") is not null);
        Assert.Equal("red", read.Text("spec.color"));
    }

    [Fact]
    public async Task Every_breach_of_the_schema_is_told_at_its_path()
    {
        await using var kind = await CustomKind.EstablishAsync(Wire, Typed, Version);
        var answer = (await Wire.PostAsync(kind.In(Namespace), kind.Object("a", """
            spec:
              size: 10
              color: blue
              name: TOOLONG
              deep: { list: ['', b] }
              map: { one: 1, two: zwei }
              rows: [{ size: 1 }]
            """))).Refuses(422, "Invalid");
        Assert.StartsWith($"Widget.{kind.Group} \"a\" is invalid: ", answer.Message, StringComparison.Ordinal);
        foreach (var field in (string[])["spec.size", "spec.color", "spec.name", "spec.deep.list[0]", "spec.map.two", "spec.rows[0].name"])
            Assert.Contains(Told(field), answer.Fields);
        Assert.Contains(answer.Causes, c => c.Text("field") == "spec.color" && c.Text("reason") == "FieldValueNotSupported");
        Assert.Contains(answer.Causes, c => c.Text("field") == "spec.map.two" && c.Text("reason") is "FieldValueTypeInvalid" or "FieldValueInvalid");
        Assert.Contains(answer.Causes, c => c.Text("field") == Told("spec.rows[0].name") && c.Text("reason") == "FieldValueRequired");
        Assert.Contains("spec", (await Wire.PostAsync(kind.In(Namespace), kind.Object("a"))).Refuses(422, "Invalid").Fields);
    }

    [Theory]
    [InlineData("{ size: 1, port: 80 }", true)]
    [InlineData("{ size: 1, port: http }", true)]
    [InlineData("{ size: 1, port: true }", false)]
    [InlineData("{ size: '1' }", false)]
    [InlineData("{ size: 1.5 }", false)]
    [InlineData("{ size: 1, maybe: null }", true)]
    [InlineData("{ size: 1, rows: [{ name: a }, { name: a }] }", false)]
    [InlineData("{ size: 1, deep: [] }", false)]
    [InlineData("{ size: 1, deep: { list: [a, b, c] } }", false)]
    public async Task A_value_has_its_type(string spec, bool valid)
    {
        await using var kind = await CustomKind.EstablishAsync(Wire, Typed, Version);
        var answer = await Wire.PostAsync(kind.In(Namespace), kind.Object("a", $"{{ spec: {spec} }}"));
        if (valid)
            answer.Is(201);
        else
            answer.Refuses(422, "Invalid");
    }

    [Fact]
    public async Task Status_is_its_own_path()
    {
        await using var kind = await CustomKind.EstablishAsync(Wire, Typed, Version);
        var made = (await Wire.PostAsync(kind.In(Namespace), kind.Object("a", "{ spec: { size: 1 }, status: { phase: New } }"))).Is(201);
        Assert.Null(made["status"]);
        var status = (await Wire.PatchAsync(kind.In(Namespace, "a/status"), Wire.MergePatch, "{ spec: { size: 2 }, status: { phase: Up } }")).Is(200);
        Assert.Equal((1, "Up", 1), (status.Number("spec.size"), status.Text("status.phase"), status.Number("metadata.generation")));
        var main = (await Wire.PatchAsync(kind.In(Namespace, "a"), Wire.MergePatch, "{ spec: { size: 2 }, status: { phase: Down } }")).Is(200);
        Assert.Equal((2, "Up", 2), (main.Number("spec.size"), main.Text("status.phase"), main.Number("metadata.generation")));
        Assert.Equal(2, (await Wire.PatchAsync(kind.In(Namespace, "a"), Wire.MergePatch, "{ metadata: { labels: { a: b } } }")).Is(200).Number("metadata.generation"));
        (await Wire.PatchAsync(kind.In(Namespace, "a/status"), Wire.MergePatch, "{ status: { phase: 7 } }")).Refuses(422, "Invalid");
        var applied = (await Wire.ApplyAsync(kind.In(Namespace, "a/status"), "me", kind.Object("a", "{ status: { phase: Applied } }").ToJsonString(), force: true)).Is(200);
        Assert.Equal("Applied", applied.Text("status.phase"));
    }

    [Fact]
    public async Task A_scale_reads_the_paths_it_was_given()
    {
        await using var kind = await CustomKind.EstablishAsync(Wire, Typed, Version);
        (await Wire.PostAsync(kind.In(Namespace), kind.Object("a", "{ spec: { size: 1, replicas: 3 } }"))).Is(201);
        (await Wire.PatchAsync(kind.In(Namespace, "a/status"), Wire.MergePatch, "{ status: { replicas: 2, selector: 'a=b' } }")).Is(200);
        var scale = (await Wire.GetAsync(kind.In(Namespace, "a/scale"))).Is(200);
        Assert.Equal(("Scale", 3, 2, "a=b"), (scale.Text("kind"), scale.Number("spec.replicas"), scale.Number("status.replicas"), scale.Text("status.selector")));
        (await Wire.PutAsync(kind.In(Namespace, "a/scale"), scale.With(s => s["spec"]!["replicas"] = 5))).Is(200);
        Assert.Equal(5, (await Wire.GetAsync(kind.In(Namespace, "a"))).Is(200).Number("spec.replicas"));
    }

    [Fact]
    public async Task Printer_columns_are_those_of_the_definition()
    {
        await using var kind = await CustomKind.EstablishAsync(Wire, Typed, Version);
        (await Wire.PostAsync(kind.In(Namespace), kind.Object("a", "{ spec: { size: 4 } }"))).Is(201);
        var table = (await Wire.GetAsync(kind.In(Namespace), "application/json;as=Table;v=v1;g=meta.k8s.io")).Is(200);
        Assert.Equal("Name/0,Size/0,Phase/0,Color/1,Age/0", string.Join(',', table["columnDefinitions"]!.AsArray().Select(c => $"{c.Text("name")}/{c.Number("priority") ?? 0}")));
        Assert.Equal(("a", 4, "red"), (table.Text("rows[0].cells[0]"), table.Number("rows[0].cells[1]"), table.Text("rows[0].cells[3]")));
        Assert.True(string.IsNullOrEmpty(table.Text("rows[0].cells[2]")));
        Assert.Matches("^[0-9]+s$", table.Text("rows[0].cells[4]")!);
    }

    [Fact]
    public async Task Custom_resources_are_watched_and_selected()
    {
        await using var kind = await CustomKind.EstablishAsync(Wire, Typed, Version);
        var list = (await Wire.GetAsync(kind.In(Namespace))).Is(200);
        Assert.Equal("WidgetList", list.Text("kind"));
        using var watch = await Wire.WatchAsync($"{kind.In(Namespace)}?resourceVersion={list.Text("metadata.resourceVersion")}&fieldSelector=metadata.name%3Db");
        (await Wire.PostAsync(kind.In(Namespace), kind.Object("a", "{ spec: { size: 1 } }"))).Is(201);
        (await Wire.PostAsync(kind.In(Namespace), kind.Object("b", "{ spec: { size: 1 } }"))).Is(201);
        Assert.Equal("ADDED b", await watch.NextLineAsync());
        (await Wire.DeleteAsync(kind.In(Namespace, "b"))).Is(200);
        Assert.Equal("DELETED b", await watch.NextLineAsync());
    }

    [Fact]
    public async Task Objects_go_with_their_definition()
    {
        var kind = await CustomKind.EstablishAsync(Wire);
        (await Wire.PostAsync(kind.In(Namespace), kind.Object("a"))).Is(201);
        await kind.DisposeAsync();
        await Gone(kind.Path);
        await Eventually.That(() => Wire.GetAsync(kind.In(Namespace)), answer => answer.Code == 404);
        (await Wire.PostAsync("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", kind.Definition(null))).Is(201);
        await kind.ServedAsync();
        Assert.Empty((await Wire.GetAsync(kind.In(Namespace))).Is(200)["items"]!.AsArray());
        await kind.DisposeAsync();
    }

    [Theory]
    [InlineData("{ type: object, properties: { a: { type: strange } } }", "spec.validation.openAPIV3Schema.properties[a].type")]
    [InlineData("{ type: object, properties: { a: { type: array } } }", "spec.validation.openAPIV3Schema.properties[a].items")]
    [InlineData("{ properties: { a: { type: string } } }", "spec.validation.openAPIV3Schema.type")]
    public async Task A_schema_that_is_not_structural_is_refused(string schema, string field)
    {
        var group = $"g{Guid.NewGuid().ToString("N")[..8]}.fleet.test";
        var answer = (await Wire.PostAsync("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", $$"""
            apiVersion: apiextensions.k8s.io/v1
            kind: CustomResourceDefinition
            metadata: { name: widgets.{{group}} }
            spec:
              group: {{group}}
              scope: Namespaced
              names: { plural: widgets, singular: widget, kind: Widget, listKind: WidgetList }
              versions: [{ name: v1, served: true, storage: true, schema: { openAPIV3Schema: {{schema}} } }]
            """)).Refuses(422, "Invalid");
        Assert.Contains(answer.Fields, f => f.EndsWith(field[(field.IndexOf("openAPIV3Schema", StringComparison.Ordinal) + 15)..], StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_definitions_name_is_its_plural_and_group()
    {
        await using var kind = await CustomKind.EstablishAsync(Wire);
        var answer = (await Wire.PostAsync("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", kind.Definition(null).With(c => c["metadata"]!["name"] = "wrong.example"))).Refuses(422, "Invalid");
        Assert.Contains("metadata.name", answer.Fields);
    }

    [Fact]
    public async Task Our_own_kind_is_defaulted_nowhere_and_checked_by_its_rules()
    {
        await AppKind.InstallAsync(Kubectl, Since(25));
        var path = In($"{MicroserviceApp.Resource.Group}/v1", "microserviceapps");
        var made = (await Wire.PostAsync(path, App("[{ name: auth, port: 8001, protocol: HTTP/REST }]"))).Is(201);
        Assert.Equal("""{"services":[{"name":"auth","port":8001,"protocol":"HTTP/REST"}]}""", Sorted(made["spec"]!));
        var wrong = (await Wire.PostAsync(path, App("[{ name: a, port: 0, protocol: SOAP }]").Replace("name: shop", "name: other", StringComparison.Ordinal))).Refuses(422, "Invalid");
        Assert.Contains(Told("spec.services[0].port"), wrong.Fields);
        Assert.Contains(Told("spec.services[0].protocol"), wrong.Fields);
        (await Wire.DeleteAsync($"{path}/shop")).Is(200);
    }

    [Fact]
    public async Task Our_own_rules_are_told_in_their_words()
    {
        if (!Since(25))
            return;
        await AppKind.InstallAsync(Kubectl, rules: true);
        var path = In($"{MicroserviceApp.Resource.Group}/v1", "microserviceapps");
        var answer = (await Wire.PostAsync(path, App("[{ name: gateway, port: 8001, protocol: HTTP }]"))).Refuses(422, "Invalid");
        Assert.All(answer.Causes, c => Assert.StartsWith("FieldValue", c.Text("reason"), StringComparison.Ordinal));
        Assert.All(answer.Fields, f => Assert.StartsWith("spec", f, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_wrong_field_of_our_own_kind_is_refused_with_its_path()
    {
        if (!Since(27))
            return;
        await AppKind.InstallAsync(Kubectl, rules: true);
        var path = In($"{MicroserviceApp.Resource.Group}/v1", "microserviceapps?fieldValidation=Strict");
        var answer = (await Wire.PostAsync(path, App("[{ name: auth, port: 8001, protocol: HTTP, replica: 2 }]"))).Refuses(400, "BadRequest");
        Assert.Contains("unknown field \"spec.services[0].replica\"", answer.Message, StringComparison.Ordinal);
    }

    // Earlier servers leave the place in a list out.
    private string Told(string path) => Since(25) ? path : path.Replace("[0]", "", StringComparison.Ordinal);

    private static string App(string services) =>
        $"{{ apiVersion: {MicroserviceApp.Resource.ApiVersion}, kind: MicroserviceApp, metadata: {{ name: shop }}, spec: {{ services: {services} }} }}";

    private static string Sorted(JsonNode node) => Sort(node)!.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    private static JsonNode? Sort(JsonNode? node) => node switch
    {
        JsonObject o => new JsonObject(o.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => KeyValuePair.Create(p.Key, Sort(p.Value)))),
        JsonArray a => new JsonArray([.. a.Select(Sort)]),
        _ => node?.DeepClone(),
    };
}

/// <summary>The CRD of MicroserviceApps, as its file has it.</summary>
internal static class AppKind
{
    /// <summary>Applies it and returns when it is served.</summary>
    public static async Task InstallAsync(Kubectl kubectl, bool rules)
    {
        await kubectl.ApplyAsync(await File.ReadAllTextAsync(RepositoryRoot.Combine("crds", "microserviceapps.yaml")), validate: rules);
        await Eventually.True(async () => (await kubectl.TryAsync(["get", "msa"])).ExitCode == 0);
    }
}
