using System.Text.Json.Nodes;
using Fleet.Testing;
using Xunit;

namespace Fleet.SystemTests.Conformance;

/// <summary>Create, read, replace, delete: the codes, the Status bodies, and what the server writes into metadata.</summary>
public class CrudTests : ConformanceTest
{
    [Fact]
    public async Task A_created_object_has_what_the_server_adds()
    {
        var made = await ConfigMapAsync("a");
        Assert.Equal(("v1", "ConfigMap", "a", Namespace), (made.Text("apiVersion"), made.Text("kind"), made.Text("metadata.name"), made.Text("metadata.namespace")));
        Assert.True(Guid.TryParse(made.Text("metadata.uid"), out _));
        Assert.Matches("^[0-9]+$", made.Text("metadata.resourceVersion")!);
        Assert.Matches("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$", made.Text("metadata.creationTimestamp")!);
        Assert.Null(made.At("metadata.generation"));
        var read = (await Wire.GetAsync(Core("configmaps/a"))).Is(200);
        Assert.True(JsonNode.DeepEquals(made, read), read.ToJsonString());
    }

    [Fact]
    public async Task A_name_that_is_taken_is_refused()
    {
        await ConfigMapAsync("a");
        var answer = (await Wire.PostAsync(Core("configmaps"), "{ apiVersion: v1, kind: ConfigMap, metadata: { name: a } }")).Refuses(409, "AlreadyExists");
        Assert.Equal("""configmaps "a" already exists""", answer.Message);
        Assert.Equal(("a", "configmaps"), (answer.Json.Text("details.name"), answer.Json.Text("details.kind")));
    }

    [Fact]
    public async Task What_is_not_there_is_not_found()
    {
        var answer = (await Wire.GetAsync(Apps("deployments/none"))).Refuses(404, "NotFound");
        Assert.Equal("""deployments.apps "none" not found""", answer.Message);
        Assert.Equal(("none", "apps", "deployments"), (answer.Json.Text("details.name"), answer.Json.Text("details.group"), answer.Json.Text("details.kind")));
        (await Wire.DeleteAsync(Apps("deployments/none"))).Refuses(404, "NotFound");
        (await Wire.PatchAsync(Apps("deployments/none"), Wire.MergePatch, "{ spec: { replicas: 1 } }")).Refuses(404, "NotFound");
        (await Wire.PutAsync(Core("configmaps/none/status"), new JsonObject())).Is404();
    }

    [Theory]
    [InlineData("/apis/nowhere.example/v1/things")]
    [InlineData("/api/v1/nothings")]
    [InlineData("/apis/apps/v9/deployments")]
    public async Task An_unknown_resource_is_not_found(string path) => (await Wire.GetAsync(path)).Is404();

    [Fact]
    public async Task Every_problem_of_an_invalid_object_is_told_at_its_path()
    {
        var answer = (await Wire.PostAsync(Core("services"), """
            apiVersion: v1
            kind: Service
            metadata: { name: Bad_Name }
            spec: { ports: [{ name: http, port: 0 }, { port: 70000, protocol: TCP }] }
            """)).Refuses(422, "Invalid");
        Assert.Equal(("Service", "Bad_Name"), (answer.Json.Text("details.kind"), answer.Json.Text("details.name")));
        Assert.StartsWith("""Service "Bad_Name" is invalid: """, answer.Message, StringComparison.Ordinal);
        Assert.Contains("metadata.name", answer.Fields);
        Assert.Contains("spec.ports[0].port", answer.Fields);
        Assert.Contains("spec.ports[1].port", answer.Fields);
        Assert.Contains("spec.ports[1].name", answer.Fields);
        Assert.All(answer.Causes, cause => Assert.StartsWith("FieldValue", cause.Text("reason"), StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_missing_field_is_required()
    {
        var answer = (await Wire.PostAsync(Apps("deployments"), """
            apiVersion: apps/v1
            kind: Deployment
            metadata: { name: web }
            spec: { selector: { matchLabels: { a: b } }, template: { metadata: { labels: { a: b } }, spec: { containers: [{ image: x }] } } }
            """)).Refuses(422, "Invalid");
        Assert.Contains(answer.Causes, c => c.Text("field") == "spec.template.spec.containers[0].name" && c.Text("reason") == "FieldValueRequired");
    }

    [Fact]
    public async Task A_selector_must_select_its_own_template()
    {
        var answer = (await Wire.PostAsync(Apps("deployments"), Deployment("web").Replace("labels: { app: web } }\n    spec", "labels: { app: other } }\n    spec", StringComparison.Ordinal))).Refuses(422, "Invalid");
        Assert.Contains("spec.template.metadata.labels", answer.Fields);
    }

    [Fact]
    public async Task Broken_JSON_is_a_bad_request() =>
        (await Wire.SendAsync(HttpMethod.Post, Core("configmaps"), """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},""")).Refuses(400, "BadRequest");

    [Fact]
    public async Task A_value_of_the_wrong_type_is_a_bad_request() =>
        (await Wire.PostAsync(Apps("deployments"), Deployment("web").Replace("replicas: 0", "replicas: many", StringComparison.Ordinal))).Refuses(400, "BadRequest");

    [Fact]
    public async Task Another_kind_than_the_path_says_is_a_bad_request() =>
        (await Wire.PostAsync(Core("configmaps"), "{ apiVersion: v1, kind: Secret, metadata: { name: a } }")).Refuses(400, "BadRequest");

    [Fact]
    public async Task Another_namespace_than_the_path_says_is_a_bad_request() =>
        (await Wire.PostAsync(Core("configmaps"), "{ apiVersion: v1, kind: ConfigMap, metadata: { name: a, namespace: elsewhere } }")).Refuses(400, "BadRequest");

    [Fact]
    public async Task Another_name_than_the_path_says_is_a_bad_request()
    {
        var made = await ConfigMapAsync("a");
        (await Wire.PutAsync(Core("configmaps/a"), made.With(o => o["metadata"]!["name"] = "b"))).Refuses(400, "BadRequest");
    }

    [Fact]
    public async Task An_unsupported_method_is_not_allowed() => (await Wire.SendAsync(HttpMethod.Post, Core("configmaps/a"), "{}")).Refuses(405, "MethodNotAllowed");

    [Fact]
    public async Task An_unsupported_media_type_is_refused() =>
        (await Wire.SendAsync(HttpMethod.Post, Core("configmaps"), "a=b", "application/x-www-form-urlencoded")).Refuses(415, "UnsupportedMediaType");

    [Fact]
    public async Task An_unknown_patch_type_is_refused()
    {
        await ConfigMapAsync("a");
        (await Wire.SendAsync(HttpMethod.Patch, Core("configmaps/a"), "{}")).Refuses(415, "UnsupportedMediaType");
    }

    [Fact]
    public async Task YAML_is_taken_as_well()
    {
        var answer = await Wire.SendAsync(HttpMethod.Post, Core("configmaps"), "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  key: value\n", "application/yaml");
        Assert.Equal("value", answer.Is(201).Text("data.key"));
    }

    [Fact]
    public async Task A_generated_name_begins_as_asked_and_differs()
    {
        const string Body = "{ apiVersion: v1, kind: ConfigMap, metadata: { generateName: made- } }";
        var first = (await Wire.PostAsync(Core("configmaps"), Body)).Is(201);
        var second = (await Wire.PostAsync(Core("configmaps"), Body)).Is(201);
        Assert.Matches("^made-[a-z0-9]{5}$", first.Text("metadata.name")!);
        Assert.Equal("made-", first.Text("metadata.generateName"));
        Assert.NotEqual(first.Text("metadata.name"), second.Text("metadata.name"));
    }

    [Fact]
    public async Task A_name_or_a_prefix_of_one_is_required() =>
        (await Wire.PostAsync(Core("configmaps"), "{ apiVersion: v1, kind: ConfigMap, metadata: {} }")).Refuses(422, "Invalid");

    [Fact]
    public async Task A_resource_version_must_not_be_set_when_creating() =>
        (await Wire.PostAsync(Core("configmaps"), "{ apiVersion: v1, kind: ConfigMap, metadata: { name: a, resourceVersion: '5' } }")).Is(400, 422, 500);

    [Fact]
    public async Task A_replaced_object_is_what_was_sent_but_for_the_servers_own_fields()
    {
        var made = await ConfigMapAsync("a", "{ a: '1', b: '2' }", "{ x: z }");
        var replaced = (await Wire.PutAsync(Core("configmaps/a"), Parsed("{ apiVersion: v1, kind: ConfigMap, metadata: { name: a, uid: '' }, data: { c: '3' } }"))).Is(200);
        Assert.Equal(["c"], replaced["data"]!.AsObject().Select(p => p.Key));
        Assert.Null(replaced.At("metadata.labels"));
        Assert.Equal(made.Text("metadata.uid"), replaced.Text("metadata.uid"));
        Assert.Equal(made.Text("metadata.creationTimestamp"), replaced.Text("metadata.creationTimestamp"));
        Assert.NotEqual(made.Text("metadata.resourceVersion"), replaced.Text("metadata.resourceVersion"));
    }

    [Fact]
    public async Task A_write_of_an_older_version_is_a_conflict()
    {
        var made = await ConfigMapAsync("a");
        (await Wire.PutAsync(Core("configmaps/a"), made.With(o => o["data"]!["a"] = "2"))).Is(200);
        var answer = (await Wire.PutAsync(Core("configmaps/a"), made.With(o => o["data"]!["a"] = "3"))).Refuses(409, "Conflict");
        Assert.Contains("the object has been modified; please apply your changes to the latest version and try again", answer.Message, StringComparison.Ordinal);
        Assert.Equal("2", (await Wire.GetAsync(Core("configmaps/a"))).Ok.Text("data.a"));
    }

    [Fact]
    public async Task A_write_for_another_UID_is_a_conflict()
    {
        var made = await ConfigMapAsync("a");
        (await Wire.PutAsync(Core("configmaps/a"), made.With(o => o["metadata"]!["uid"] = Guid.NewGuid().ToString()))).Refuses(409, "Conflict");
        var version = made.Text("metadata.resourceVersion");
        (await Wire.PatchAsync(Core("configmaps/a"), Wire.MergePatch, $"{{ metadata: {{ resourceVersion: '1' }}, data: {{ a: b }} }}")).Refuses(409, "Conflict");
        (await Wire.PatchAsync(Core("configmaps/a"), Wire.MergePatch, $"{{ metadata: {{ resourceVersion: '{version}' }}, data: {{ a: b }} }}")).Is(200);
    }

    [Fact]
    public async Task A_write_that_changes_nothing_keeps_the_version()
    {
        var made = await ConfigMapAsync("a");
        var version = made.Text("metadata.resourceVersion");
        Assert.Equal(version, (await Wire.PutAsync(Core("configmaps/a"), made)).Is(200).Text("metadata.resourceVersion"));
        Assert.Equal(version, (await Wire.PatchAsync(Core("configmaps/a"), Wire.MergePatch, "{ data: { a: '1' } }")).Is(200).Text("metadata.resourceVersion"));
        Assert.Equal(version, (await Wire.PatchAsync(Core("configmaps/a"), Wire.JsonPatch, "[]")).Is(200).Text("metadata.resourceVersion"));
        Assert.Equal(version, (await Wire.PatchAsync(Core("configmaps/a"), Wire.StrategicPatch, "{ data: { a: '1' } }")).Is(200).Text("metadata.resourceVersion"));
    }

    [Fact]
    public async Task Generation_moves_with_the_spec_alone()
    {
        var path = Apps("deployments/web");
        Assert.Equal(1, (await DeploymentAsync("web")).Number("metadata.generation"));
        Assert.Equal(1, (await Wire.PatchAsync(path, Wire.MergePatch, "{ metadata: { labels: { x: z } } }")).Is(200).Number("metadata.generation"));
        Assert.Equal(1, (await Wire.PatchAsync(path, Wire.MergePatch, "{ spec: { replicas: 0 } }")).Is(200).Number("metadata.generation"));
        Assert.Equal(2, (await Wire.PatchAsync(path, Wire.MergePatch, "{ spec: { minReadySeconds: 5 } }")).Is(200).Number("metadata.generation"));
        Assert.Equal(2, (await Wire.PatchAsync($"{path}/status", Wire.MergePatch, "{ status: { collisionCount: 0 } }")).Is(200).Number("metadata.generation"));
    }

    [Fact]
    public async Task Annotations_of_a_Deployment_are_part_of_its_generation_unless_they_come_with_the_status()
    {
        var path = Apps("deployments/web");
        await DeploymentAsync("web");
        var quiet = (await Wire.PatchAsync($"{path}/status", Wire.MergePatch, "{ metadata: { annotations: { noted: here }, labels: { not: here } } }")).Is(200);
        Assert.Equal((1, "here", null), (quiet.Number("metadata.generation"), quiet.Text("metadata.annotations.noted"), quiet.Text("metadata.labels.not")));
        Assert.Equal(2, (await Wire.PatchAsync(path, Wire.MergePatch, "{ metadata: { annotations: { noted: there } } }")).Is(200).Number("metadata.generation"));
    }

    [Fact]
    public async Task A_status_is_written_through_its_own_path_alone()
    {
        var path = Core("services/web");
        var made = (await Wire.PostAsync(Core("services"), """
            apiVersion: v1
            kind: Service
            metadata: { name: web }
            spec: { type: LoadBalancer, ports: [{ port: 80 }] }
            status: { loadBalancer: { ingress: [{ ip: 192.0.2.9 }] } }
            """)).Is(201);
        Assert.Null(made.At("status.loadBalancer.ingress"));
        const string Patch = "{ metadata: { labels: { x: z } }, spec: { sessionAffinity: ClientIP }, status: { loadBalancer: { ingress: [{ ip: 192.0.2.1 }] } } }";
        var status = (await Wire.PatchAsync($"{path}/status", Wire.MergePatch, Patch)).Is(200);
        Assert.Equal("192.0.2.1", status.Text("status.loadBalancer.ingress[0].ip"));
        Assert.Equal("None", status.Text("spec.sessionAffinity"));
        var main = (await Wire.PatchAsync(path, Wire.MergePatch, "{ spec: { sessionAffinity: ClientIP }, status: { loadBalancer: { ingress: [] } } }")).Is(200);
        Assert.Equal(("192.0.2.1", "ClientIP"), (main.Text("status.loadBalancer.ingress[0].ip"), main.Text("spec.sessionAffinity")));
        Assert.Equal("192.0.2.1", (await Wire.GetAsync($"{path}/status")).Is(200).Text("status.loadBalancer.ingress[0].ip"));
    }

    [Fact]
    public async Task The_server_answers_a_deletion_with_a_Status_or_the_object()
    {
        await ConfigMapAsync("a");
        var answer = (await Wire.DeleteAsync(Core("configmaps/a"))).Is(200);
        Assert.Equal(("Status", "Success"), (answer.Text("kind"), answer.Text("status")));
        Assert.Equal(("a", "configmaps"), (answer.Text("details.name"), answer.Text("details.kind")));
        (await Wire.GetAsync(Core("configmaps/a"))).Refuses(404, "NotFound");
    }

    [Fact]
    public async Task A_deletion_may_ask_for_this_very_object()
    {
        var made = await ConfigMapAsync("a");
        (await Wire.DeleteAsync(Core("configmaps/a"), "{ preconditions: { uid: 11111111-1111-1111-1111-111111111111 } }")).Refuses(409, "Conflict");
        (await Wire.DeleteAsync(Core("configmaps/a"), "{ preconditions: { resourceVersion: '1' } }")).Refuses(409, "Conflict");
        (await Wire.DeleteAsync(Core("configmaps/a"), $"{{ preconditions: {{ uid: {made.Text("metadata.uid")}, resourceVersion: '{made.Text("metadata.resourceVersion")}' }} }}")).Is(200);
    }

    [Fact]
    public async Task A_selection_is_deleted_at_once()
    {
        await ConfigMapAsync("a", labels: "{ go: 'yes' }");
        await ConfigMapAsync("b", labels: "{ go: 'yes' }");
        await ConfigMapAsync("c");
        (await Wire.DeleteAsync($"{Core("configmaps")}?labelSelector=go%3Dyes")).Is(200);
        var left = (await Wire.GetAsync(Core("configmaps"))).Ok.Names().Where(n => n.Length == 1);
        Assert.Equal(["c"], left);
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("PATCH")]
    [InlineData("APPLY")]
    [InlineData("DELETE")]
    [InlineData("DELETECOLLECTION")]
    public async Task A_dry_run_tells_the_result_and_changes_nothing(string verb)
    {
        var made = await ConfigMapAsync("a");
        var path = Core("configmaps/a?dryRun=All");
        var answer = verb switch
        {
            "POST" => (await Wire.PostAsync(Core("configmaps?dryRun=All"), "{ apiVersion: v1, kind: ConfigMap, metadata: { name: b }, data: { a: '2' } }")).Is(201),
            "PUT" => (await Wire.PutAsync(path, made.With(o => o["data"]!["a"] = "2"))).Is(200),
            "PATCH" => (await Wire.PatchAsync(path, Wire.MergePatch, "{ data: { a: '2' } }")).Is(200),
            "APPLY" => (await Wire.ApplyAsync(path, "me", "{ apiVersion: v1, kind: ConfigMap, metadata: { name: a }, data: { a: '2' } }", force: true)).Is(200),
            "DELETE" => (await Wire.DeleteAsync(path)).Is(200),
            _ => (await Wire.DeleteAsync(Core("configmaps?dryRun=All"))).Is(200),
        };
        if (!verb.StartsWith("DELETE", StringComparison.Ordinal))
            Assert.Equal("2", answer.Text("data.a"));
        Assert.True(JsonNode.DeepEquals(made, (await Wire.GetAsync(Core("configmaps/a"))).Is(200)));
        (await Wire.GetAsync(Core("configmaps/b"))).Refuses(404, "NotFound");
    }

    [Fact]
    public async Task A_dry_run_is_refused_as_the_real_thing_would_be()
    {
        await ConfigMapAsync("a");
        (await Wire.PostAsync(Core("configmaps?dryRun=All"), "{ apiVersion: v1, kind: ConfigMap, metadata: { name: a } }")).Refuses(409, "AlreadyExists");
        (await Wire.PostAsync(Core("configmaps?dryRun=Some"), "{ apiVersion: v1, kind: ConfigMap, metadata: { name: b } }")).Is(400, 422);
    }

    [Fact]
    public async Task Unknown_fields_are_dropped_or_refused_as_the_client_asks()
    {
        const string Body = "{ apiVersion: v1, kind: ConfigMap, metadata: { name: a }, daata: { a: b } }";
        var made = (await Wire.PostAsync(Core("configmaps?fieldValidation=Ignore"), Body)).Is(201);
        Assert.Null(made["daata"]);
        if (!Since(27))
            return;
        var answer = (await Wire.PostAsync(Core("configmaps?fieldValidation=Strict"), Body.Replace("name: a", "name: b", StringComparison.Ordinal))).Refuses(400, "BadRequest");
        Assert.Contains("unknown field \"daata\"", answer.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_strict_server_names_the_path_of_every_unknown_field()
    {
        if (!Since(27))
            return;
        var body = Deployment("web").Replace("- { name: web,", "- { name: web, imagePolicy: x,", StringComparison.Ordinal).Replace("replicas: 0", "replica: 0", StringComparison.Ordinal);
        var answer = (await Wire.PostAsync(Apps("deployments?fieldValidation=Strict"), body)).Refuses(400, "BadRequest");
        Assert.Contains("unknown field \"spec.replica\"", answer.Message, StringComparison.Ordinal);
        Assert.Contains("unknown field \"spec.template.spec.containers[0].imagePolicy\"", answer.Message, StringComparison.Ordinal);
    }
}

internal static class Codes
{
    /// <summary>A 404, whatever its body: a path that no kind serves has a bare one on some servers.</summary>
    public static void Is404(this Answer answer) => Assert.Equal(404, answer.Code);

    /// <summary>One of several codes, where versions differ.</summary>
    public static void Is(this Answer answer, params int[] codes) => Assert.Contains(answer.Code, codes);
}
