using System.Text.Json.Nodes;
using Xunit;

namespace Fleet.SystemTests.Conformance;

/// <summary>Server-side apply: who owns which field, and what follows from it. Rule: kubernetes.io, "Server-Side Apply".</summary>
public class ApplyTests : ConformanceTest
{
    private const string Web = """
        apiVersion: apps/v1
        kind: Deployment
        metadata: { name: web }
        spec:
          replicas: 0
          selector: { matchLabels: { app: web } }
          template:
            metadata: { labels: { app: web } }
            spec:
              containers:
              - name: web
                image: example/web:1
                ports: [{ containerPort: 80 }]
                env: [{ name: A, value: '1' }]
        """;

    [Fact]
    public async Task An_apply_of_what_is_not_there_creates_it()
    {
        var made = (await Wire.ApplyAsync(Core("configmaps/a"), "me", Map("a: '1'"))).Is(201);
        Assert.Equal("1", made.Text("data.a"));
        (await Wire.ApplyAsync(Core("configmaps/a"), "me", Map("a: '2'"))).Is(200);
    }

    [Fact]
    public async Task A_manager_is_required() => (await Wire.PatchAsync(Core("configmaps/a"), Wire.Apply, Map("a: '1'"))).Is(400, 422);

    [Fact]
    public async Task The_managers_fields_are_written_down()
    {
        var made = (await Wire.ApplyAsync(Core("configmaps/a"), "me", """
            { apiVersion: v1, kind: ConfigMap, metadata: { name: a, labels: { x: z }, annotations: { note: m } }, data: { a: '1', b: '2' } }
            """)).Is(201);
        var entry = Assert.Single(made.At("metadata.managedFields")!.AsArray());
        Assert.Equal(("me", "Apply", "v1", "FieldsV1"), (entry.Text("manager"), entry.Text("operation"), entry.Text("apiVersion"), entry.Text("fieldsType")));
        Assert.Matches("^[0-9]{4}-.*Z$", entry.Text("time")!);
        AssertFields("""{"f:data":{"f:a":{},"f:b":{}},"f:metadata":{"f:annotations":{"f:note":{}},"f:labels":{"f:x":{}}}}""", entry!);
    }

    [Fact]
    public async Task Fields_of_lists_are_owned_entry_by_entry()
    {
        var made = (await Wire.ApplyAsync(Apps("deployments/web"), "me", Web)).Is(201);
        AssertFields(
            """
            {"f:spec":{"f:replicas":{},"f:selector":{},"f:template":{"f:metadata":{"f:labels":{"f:app":{}}},"f:spec":{"f:containers":{"k:{\"name\":\"web\"}":{".":{},
            "f:env":{"k:{\"name\":\"A\"}":{".":{},"f:name":{},"f:value":{}}},"f:image":{},"f:name":{},
            "f:ports":{"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{}}}}}}}}}
            """,
            Entry(made, "me"));
    }

    [Fact]
    public async Task An_apply_of_the_same_changes_nothing()
    {
        var first = (await Wire.ApplyAsync(Apps("deployments/web"), "me", Web)).Is(201);
        var second = (await Wire.ApplyAsync(Apps("deployments/web"), "me", Web)).Is(200);
        // The Deployment's controller may have written its status in between.
        Assert.Equal(first.Number("metadata.generation"), second.Number("metadata.generation"));
        Assert.Equal(Entry(first, "me").Text("time"), Entry(second, "me").Text("time"));
        var map = (await Wire.ApplyAsync(Core("configmaps/a"), "me", Map("a: '1'"))).Is(201);
        var same = (await Wire.ApplyAsync(Core("configmaps/a"), "me", Map("a: '1'"))).Is(200);
        Assert.True(JsonNode.DeepEquals(map, same), same.ToJsonString());
    }

    [Fact]
    public async Task A_field_that_is_no_longer_applied_goes()
    {
        (await Wire.ApplyAsync(Core("configmaps/a"), "me", Map("a: '1', b: '2'"))).Is(201);
        var second = (await Wire.ApplyAsync(Core("configmaps/a"), "me", Map("a: '1'"))).Is(200);
        Assert.Equal(["a"], second["data"]!.AsObject().Select(p => p.Key));
        AssertFields("""{"f:data":{"f:a":{}}}""", Entry(second, "me"));
    }

    [Fact]
    public async Task A_field_that_is_no_longer_applied_takes_its_default_again()
    {
        var more = Web.Replace("replicas: 0", "replicas: 0\n  minReadySeconds: 7\n  revisionHistoryLimit: 3", StringComparison.Ordinal);
        (await Wire.ApplyAsync(Apps("deployments/web"), "me", more)).Is(201);
        var second = (await Wire.ApplyAsync(Apps("deployments/web"), "me", Web)).Is(200);
        Assert.Equal((null, 10), (second.Number("spec.minReadySeconds"), second.Number("spec.revisionHistoryLimit")));
    }

    [Fact]
    public async Task A_field_that_is_no_longer_applied_takes_along_what_the_server_filled_in_below_it()
    {
        if (!Since(21))
            return; // kubernetes/kubernetes issue 99037: such an apply is refused
        const string Image = "image: example/web:1";
        var probes = Web.Replace(Image, $"{Image}\n        livenessProbe: {{ exec: {{ command: [ok] }} }}\n        readinessProbe: {{ httpGet: {{ port: 80 }} }}", StringComparison.Ordinal);
        var first = Container((await Wire.ApplyAsync(Apps("deployments/web"), "me", probes)).Is(201));
        Assert.Equal((3, "/"), (first.Number("livenessProbe.failureThreshold"), first.Text("readinessProbe.httpGet.path")));

        var ready = Web.Replace(Image, $"{Image}\n        readinessProbe: {{ tcpSocket: {{ port: 80 }} }}", StringComparison.Ordinal);
        var second = Container((await Wire.ApplyAsync(Apps("deployments/web"), "me", ready)).Is(200));
        Assert.Null(second["livenessProbe"]);
        Assert.Null(second["readinessProbe"]!["httpGet"]);
        Assert.Equal(80, second.Number("readinessProbe.tcpSocket.port"));

        // What another manager holds of it stays, and with it the way there.
        (await Wire.ApplyAsync(Apps("deployments/web"), "other", ready.Replace("tcpSocket: { port: 80 }", "tcpSocket: { port: 80 }, periodSeconds: 7", StringComparison.Ordinal))).Is(200);
        var third = Container((await Wire.ApplyAsync(Apps("deployments/web"), "me", Web)).Is(200));
        Assert.Equal((80, 7), (third.Number("readinessProbe.tcpSocket.port"), third.Number("readinessProbe.periodSeconds")));
        (await Wire.ApplyAsync(Apps("deployments/web"), "other", Web)).Is(200);
        Assert.Null(Container((await Wire.GetAsync(Apps("deployments/web"))).Is(200))["readinessProbe"]);

        static JsonNode Container(JsonNode deployment) => deployment["spec"]!["template"]!["spec"]!["containers"]![0]!;
    }

    [Fact]
    public async Task Another_managers_field_is_a_conflict_that_names_manager_and_field()
    {
        (await Wire.ApplyAsync(Core("configmaps/a"), "one", Map("a: '1', b: '2'"))).Is(201);
        var answer = (await Wire.ApplyAsync(Core("configmaps/a"), "two", Map("a: '3', b: '4'"))).Refuses(409, "Conflict");
        Assert.Equal([".data.a", ".data.b"], answer.Fields);
        Assert.All(answer.Causes, cause =>
        {
            Assert.Equal("FieldManagerConflict", cause.Text("reason"));
            Assert.Equal("conflict with \"one\"", cause.Text("message"));
        });
        Assert.Equal("Apply failed with 2 conflicts: conflicts with \"one\":\n- .data.a\n- .data.b", answer.Message);
    }

    [Fact]
    public async Task A_conflict_inside_a_list_names_the_entry()
    {
        (await Wire.ApplyAsync(Apps("deployments/web"), "one", Web)).Is(201);
        var answer = (await Wire.ApplyAsync(Apps("deployments/web"), "two", Web.Replace("web:1", "web:2", StringComparison.Ordinal))).Refuses(409, "Conflict");
        Assert.Equal([""".spec.template.spec.containers[name="web"].image"""], answer.Fields);
        Assert.Equal("Apply failed with 1 conflict: conflict with \"one\": .spec.template.spec.containers[name=\"web\"].image", answer.Message);
    }

    [Fact]
    public async Task A_conflict_with_an_update_names_how_and_when_it_was_made()
    {
        await ConfigMapAsync("a");
        var answer = (await Wire.ApplyAsync(Core("configmaps/a"), "two", Map("a: '3'"))).Refuses(409, "Conflict");
        Assert.Matches("^conflict with \"conformance\" using v1( at [0-9T:Z-]+)?$", Assert.Single(answer.Causes).Text("message")!);
    }

    [Fact]
    public async Task Force_takes_the_field_over()
    {
        (await Wire.ApplyAsync(Core("configmaps/a"), "one", Map("a: '1', b: '2'"))).Is(201);
        var forced = (await Wire.ApplyAsync(Core("configmaps/a"), "two", Map("a: '3'"), force: true)).Is(200);
        Assert.Equal(("3", "2"), (forced.Text("data.a"), forced.Text("data.b")));
        AssertFields("""{"f:data":{"f:b":{}}}""", Entry(forced, "one"));
        AssertFields("""{"f:data":{"f:a":{}}}""", Entry(forced, "two"));
    }

    [Fact]
    public async Task A_manager_without_fields_is_forgotten()
    {
        (await Wire.ApplyAsync(Core("configmaps/a"), "one", Map("a: '1'"))).Is(201);
        var forced = (await Wire.ApplyAsync(Core("configmaps/a"), "two", Map("a: '3'"), force: true)).Is(200);
        Assert.Equal(["two"], Managers(forced));
    }

    [Fact]
    public async Task Two_managers_share_what_both_apply_alike()
    {
        (await Wire.ApplyAsync(Core("configmaps/a"), "one", Map("a: '1', b: '2'"))).Is(201);
        var shared = (await Wire.ApplyAsync(Core("configmaps/a"), "two", Map("a: '1', c: '3'"))).Is(200);
        Assert.Equal(3, shared["data"]!.AsObject().Count);
        Assert.Equal(["one", "two"], Managers(shared));
        var left = (await Wire.ApplyAsync(Core("configmaps/a"), "one", Map("b: '2'"))).Is(200);
        Assert.Equal("1", left.Text("data.a"));
        var gone = (await Wire.ApplyAsync(Core("configmaps/a"), "two", Map("c: '3'"))).Is(200);
        Assert.Null(gone.At("data.a"));
        (await Wire.ApplyAsync(Core("configmaps/a"), "two", Map("b: '3', c: '3'"))).Refuses(409, "Conflict");
    }

    [Fact]
    public async Task Containers_variables_and_ports_of_two_managers_stand_side_by_side()
    {
        (await Wire.ApplyAsync(Apps("deployments/web"), "one", Web)).Is(201);
        var second = (await Wire.ApplyAsync(Apps("deployments/web"), "two", """
            apiVersion: apps/v1
            kind: Deployment
            metadata: { name: web }
            spec:
              template:
                spec:
                  containers:
                  - { name: web, env: [{ name: B, value: '2' }], ports: [{ containerPort: 80, protocol: UDP }] }
                  - { name: side, image: 'example/side:1' }
            """)).Is(200);
        var containers = second.At("spec.template.spec.containers")!.AsArray();
        Assert.Equal(["web", "side"], containers.Select(c => c.Text("name")));
        Assert.Equal(["A", "B"], containers[0].At("env")!.AsArray().Select(e => e.Text("name")));
        Assert.Equal(["TCP", "UDP"], containers[0].At("ports")!.AsArray().Select(e => e.Text("protocol")));
        Assert.Equal("example/web:1", containers[0].Text("image"));

        var back = (await Wire.ApplyAsync(Apps("deployments/web"), "two", "{ apiVersion: apps/v1, kind: Deployment, metadata: { name: web } }")).Is(200);
        Assert.Equal(["web"], back.At("spec.template.spec.containers")!.AsArray().Select(c => c.Text("name")));
        Assert.Equal(["A"], back.At("spec.template.spec.containers[0].env")!.AsArray().Select(e => e.Text("name")));
        Assert.Single(back.At("spec.template.spec.containers[0].ports")!.AsArray());
    }

    [Fact]
    public async Task An_atomic_list_has_one_owner()
    {
        (await Wire.ApplyAsync(Apps("deployments/web"), "one", Web.Replace("env:", "command: [a, b]\n        env:", StringComparison.Ordinal))).Is(201);
        const string Other = "{ apiVersion: apps/v1, kind: Deployment, metadata: { name: web }, spec: { template: { spec: { containers: [{ name: web, command: [c] }] } } } }";
        var answer = (await Wire.ApplyAsync(Apps("deployments/web"), "two", Other)).Refuses(409, "Conflict");
        Assert.Equal([""".spec.template.spec.containers[name="web"].command"""], answer.Fields);
        var forced = (await Wire.ApplyAsync(Apps("deployments/web"), "two", Other, force: true)).Is(200);
        Assert.Equal(["c"], forced.At("spec.template.spec.containers[0].command")!.AsArray().Select(c => (string?)c));
    }

    [Fact]
    public async Task The_same_key_twice_is_refused() =>
        (await Wire.ApplyAsync(Apps("deployments/web"), "me", Web.Replace("env: [", "env: [{ name: A, value: '0' }, ", StringComparison.Ordinal))).Is(400, 422, 500);

    [Theory]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("PATCH")]
    public async Task Other_writes_make_an_Update_manager(string verb)
    {
        const string Body = "{ apiVersion: v1, kind: ConfigMap, metadata: { name: a }, data: { a: '1' } }";
        var stored = verb == "POST"
            ? (await Wire.PostAsync(Core("configmaps?fieldManager=other"), Body)).Is(201)
            : await ChangedAsync();
        var entry = Entry(stored, "other");
        Assert.Equal("Update", entry.Text("operation"));
        if (verb == "POST")
            AssertFields("""{"f:data":{".":{},"f:a":{}}}""", entry);
        else
            AssertFields("""{"f:data":{"f:b":{}}}""", entry);

        async Task<JsonNode> ChangedAsync()
        {
            var made = (await Wire.PostAsync(Core("configmaps?fieldManager=first"), Body)).Is(201);
            return verb == "PUT"
                ? (await Wire.PutAsync(Core("configmaps/a?fieldManager=other"), made.With(o => o["data"]!["b"] = "2"))).Is(200)
                : (await Wire.PatchAsync(Core("configmaps/a?fieldManager=other"), Wire.MergePatch, "{ data: { b: '2' } }")).Is(200);
        }
    }

    [Fact]
    public async Task Without_a_name_the_manager_is_the_clients_program()
    {
        var made = await ConfigMapAsync("a");
        Assert.Equal(["conformance"], Managers(made));
    }

    [Fact]
    public async Task An_update_takes_over_what_it_changes_and_removes()
    {
        (await Wire.ApplyAsync(Core("configmaps/a"), "one", Map("a: '1', b: '2', c: '3'"))).Is(201);
        var updated = (await Wire.PatchAsync(Core("configmaps/a?fieldManager=two"), Wire.MergePatch, "{ data: { a: '9', b: null } }")).Is(200);
        AssertFields("""{"f:data":{"f:c":{}}}""", Entry(updated, "one"));
        AssertFields("""{"f:data":{"f:a":{}}}""", Entry(updated, "two"));
    }

    [Fact]
    public async Task An_update_may_hand_in_the_managers_it_was_given()
    {
        var made = (await Wire.ApplyAsync(Core("configmaps/a"), "one", Map("a: '1'"))).Is(201);
        var put = (await Wire.PutAsync(Core("configmaps/a?fieldManager=two"), made.With(o => o["data"]!["b"] = "2"))).Is(200);
        Assert.Equal(["one", "two"], Managers(put));
        var reset = (await Wire.PutAsync(Core("configmaps/a?fieldManager=two"), put.With(o => o["metadata"]!["managedFields"] = new JsonArray(new JsonObject())))).Is(200);
        Assert.DoesNotContain("one", reset.At("metadata.managedFields") is null ? [] : Managers(reset));
    }

    [Fact]
    public async Task A_status_has_its_own_entries()
    {
        (await Wire.PostAsync(Core("services?fieldManager=me"), "{ apiVersion: v1, kind: Service, metadata: { name: web }, spec: { type: LoadBalancer, ports: [{ port: 80 }] } }")).Is(201);
        var applied = (await Wire.ApplyAsync(Core("services/web/status"), "lb", """
            { apiVersion: v1, kind: Service, metadata: { name: web }, status: { loadBalancer: { ingress: [{ ip: 192.0.2.1 }] } } }
            """)).Is(200);
        Assert.Equal("192.0.2.1", applied.Text("status.loadBalancer.ingress[0].ip"));
        var entry = Entry(applied, "lb");
        Assert.Equal("Apply", entry.Text("operation"));
        if (Since(22))
            Assert.Equal("status", entry.Text("subresource"));
        AssertFields("""{"f:status":{"f:loadBalancer":{"f:ingress":{}}}}""", entry);
    }

    [Fact]
    public async Task An_unknown_field_is_refused_or_dropped()
    {
        var answer = await Wire.ApplyAsync(Core("configmaps/a?fieldValidation=Strict"), "me", "{ apiVersion: v1, kind: ConfigMap, metadata: { name: a }, daata: { a: '1' } }");
        answer.Is(400, 422, 500);
        Assert.Contains("daata", answer.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_objects_name_is_that_of_the_path() =>
        (await Wire.ApplyAsync(Core("configmaps/b"), "me", Map("a: '1'"))).Refuses(400, "BadRequest");

    [Fact]
    public async Task Managed_fields_are_not_to_be_applied() =>
        (await Wire.ApplyAsync(Core("configmaps/a"), "me", "{ apiVersion: v1, kind: ConfigMap, metadata: { name: a, managedFields: [{ manager: x }] } }")).Refuses(400, "BadRequest");

    [Fact]
    public async Task A_version_that_is_applied_must_be_the_objects()
    {
        var made = (await Wire.ApplyAsync(Core("configmaps/a"), "me", Map("a: '1'"))).Is(201);
        (await Wire.ApplyAsync(Core("configmaps/a"), "me", "{ apiVersion: v1, kind: ConfigMap, metadata: { name: a, resourceVersion: '1' }, data: { a: '2' } }")).Refuses(409, "Conflict");
        (await Wire.ApplyAsync(Core("configmaps/a"), "me", $"{{ apiVersion: v1, kind: ConfigMap, metadata: {{ name: a, resourceVersion: '{made.Text("metadata.resourceVersion")}' }}, data: {{ a: '2' }} }}")).Is(200);
        (await Wire.ApplyAsync(Core("configmaps/a"), "me", $"{{ apiVersion: v1, kind: ConfigMap, metadata: {{ name: a, uid: {Guid.NewGuid()} }}, data: {{ a: '3' }} }}")).Is(409, 422);
    }

    [Fact]
    public async Task An_apply_with_a_UID_never_creates() =>
        Assert.Equal(409, (await Wire.ApplyAsync(Core("configmaps/a"), "me", $"{{ apiVersion: v1, kind: ConfigMap, metadata: {{ name: a, uid: {Guid.NewGuid()} }} }}")).Code);

    [Fact]
    public async Task An_applied_object_that_is_invalid_is_refused_at_its_paths()
    {
        var answer = (await Wire.ApplyAsync(Apps("deployments/web"), "me", Web.Replace("replicas: 0", "replicas: -1", StringComparison.Ordinal))).Refuses(422, "Invalid");
        Assert.Contains("spec.replicas", answer.Fields);
    }

    [Fact]
    public async Task Scaling_takes_the_replicas_over()
    {
        (await Wire.ApplyAsync(Apps("deployments/web"), "me", Web)).Is(201);
        (await Wire.PatchAsync(Apps("deployments/web/scale?fieldManager=scaler"), Wire.MergePatch, "{ spec: { replicas: 1 } }")).Is(200);
        var read = (await Wire.GetAsync(Apps("deployments/web"))).Is(200);
        Assert.Equal(1, read.Number("spec.replicas"));
        if (!Since(22))
            return;
        AssertFields("""{"f:spec":{"f:replicas":{}}}""", Entry(read, "scaler"));
        Assert.Equal("scale", Entry(read, "scaler").Text("subresource"));
        var conflict = (await Wire.ApplyAsync(Apps("deployments/web"), "me", Web)).Refuses(409, "Conflict");
        Assert.Equal([".spec.replicas"], conflict.Fields);
    }

    [Fact]
    public async Task Custom_resources_are_applied_by_their_schema()
    {
        await using var kind = await CustomKind.EstablishAsync(Wire, """
            type: object
            properties:
              spec:
                type: object
                properties:
                  rows: { type: array, x-kubernetes-list-type: map, x-kubernetes-list-map-keys: [name], items: { type: object, required: [name], properties: { name: { type: string }, size: { type: integer } } } }
                  tags: { type: array, x-kubernetes-list-type: set, items: { type: string } }
                  plain: { type: array, items: { type: string } }
            """);
        var path = kind.In(Namespace, "a");
        (await Wire.ApplyAsync(path, "one", kind.Object("a", "{ spec: { rows: [{ name: r1, size: 1 }], tags: [t1], plain: [p] } }").ToJsonString())).Is(201);
        var second = (await Wire.ApplyAsync(path, "two", kind.Object("a", "{ spec: { rows: [{ name: r2, size: 2 }], tags: [t2] } }").ToJsonString())).Is(200);
        Assert.Equal(["r1", "r2"], second.At("spec.rows")!.AsArray().Select(r => r.Text("name")));
        Assert.Equal(["t1", "t2"], second.At("spec.tags")!.AsArray().Select(r => (string?)r));
        AssertFields("""{"f:spec":{"f:rows":{"k:{\"name\":\"r2\"}":{".":{},"f:name":{},"f:size":{}}},"f:tags":{"v:\"t2\"":{}}}}""", Entry(second, "two"));
        var answer = (await Wire.ApplyAsync(path, "two", kind.Object("a", "{ spec: { rows: [{ name: r1, size: 5 }], plain: [q] } }").ToJsonString())).Refuses(409, "Conflict");
        Assert.Equal([".spec.plain", """.spec.rows[name="r1"].size"""], answer.Fields);
    }

    [Fact]
    public async Task Kubectl_moves_from_client_side_to_server_side_apply()
    {
        const string Manifest = "{ apiVersion: v1, kind: ConfigMap, metadata: { name: a }, data: { a: '1', b: '2' } }";
        await Kubectl.ApplyAsync(Manifest);
        await Kubectl.RunAsync(["apply", "--server-side", "-f", "-"], Manifest.Replace(", b: '2'", "", StringComparison.Ordinal));
        var moved = (await Wire.GetAsync(Core("configmaps/a"))).Is(200);
        Assert.Contains("kubectl", Managers(moved));
        Assert.Equal("1", moved.Text("data.a"));
        var entry = Entry(moved, "kubectl");
        Assert.Equal("Apply", entry.Text("operation"));
    }

    private static string Map(string data) => $"{{ apiVersion: v1, kind: ConfigMap, metadata: {{ name: a }}, data: {{ {data} }} }}";

    private static IReadOnlyList<string> Managers(JsonNode obj) => [.. obj.At("metadata.managedFields")!.AsArray().Select(m => m.Text("manager")!).Order(StringComparer.Ordinal)];

    private static JsonNode Entry(JsonNode obj, string manager) =>
        Assert.Single(obj.At("metadata.managedFields")!.AsArray(), m => m.Text("manager") == manager)!;

    private static void AssertFields(string expected, JsonNode entry) =>
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), entry["fieldsV1"]), $"expected {expected}\nfound    {entry["fieldsV1"]!.ToJsonString()}");
}
