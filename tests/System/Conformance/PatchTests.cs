using System.Text.Json.Nodes;
using Xunit;

namespace Fleet.SystemTests.Conformance;

/// <summary>The three patches beside apply.</summary>
public class PatchTests : ConformanceTest
{
    [Theory]
    [InlineData("[{ op: add, path: /data/b, value: '2' }]", "a=1,b=2")]
    [InlineData("[{ op: replace, path: /data/a, value: '2' }]", "a=2")]
    [InlineData("[{ op: add, path: /data/b, value: '2' }, { op: remove, path: /data/a }]", "b=2")]
    [InlineData("[{ op: copy, from: /data/a, path: /data/c }]", "a=1,c=1")]
    [InlineData("[{ op: move, from: /data/a, path: /data/c }]", "c=1")]
    [InlineData("[{ op: test, path: /data/a, value: '1' }, { op: add, path: '/data/d~1e', value: '3' }]", "error")]
    public async Task A_JSON_patch_does_its_steps(string patch, string data)
    {
        await ConfigMapAsync("a");
        var answer = await Wire.PatchAsync(Core("configmaps/a"), Wire.JsonPatch, patch);
        if (data == "error")
            answer.Refuses(422, "Invalid"); // a slash is nothing for a key of a ConfigMap
        else
            Assert.Equal(data, Data(answer.Is(200)));
    }

    [Fact]
    public async Task A_JSON_patch_walks_lists_and_escapes()
    {
        await DeploymentAsync("web");
        var patched = (await Wire.PatchAsync(Apps("deployments/web"), Wire.JsonPatch, """
            - { op: add, path: /spec/template/spec/containers/0/env/-, value: { name: B, value: '2' } }
            - { op: add, path: /spec/template/spec/containers/0/env/0, value: { name: Z, value: '0' } }
            - { op: add, path: /metadata/annotations, value: { fleet.test/a~b: '1' } }
            - { op: replace, path: /metadata/annotations/fleet.test~1a~0b, value: '2' }
            """)).Refuses(422, "Invalid");
        Assert.Contains("metadata.annotations", patched.Fields[0], StringComparison.Ordinal);
        var ok = (await Wire.PatchAsync(Apps("deployments/web"), Wire.JsonPatch, """
            - { op: add, path: /spec/template/spec/containers/0/env/-, value: { name: B, value: '2' } }
            - { op: add, path: /spec/template/spec/containers/0/env/0, value: { name: Z, value: '0' } }
            - { op: add, path: /metadata/labels/fleet.test~1a, value: '1' }
            """)).Is(200);
        Assert.Equal(["Z", "A", "B"], ok.At("spec.template.spec.containers[0].env")!.AsArray().Select(e => e.Text("name")));
        Assert.Equal("1", (string?)ok.At("metadata.labels")!["fleet.test/a"]);
    }

    [Theory]
    [InlineData("[{ op: test, path: /data/a, value: '2' }, { op: remove, path: /data/a }]")]
    [InlineData("[{ op: remove, path: /data/none }]")]
    [InlineData("[{ op: replace, path: /data/none/deep, value: '1' }]")]
    public async Task A_JSON_patch_that_does_not_fit_is_refused_whole(string patch)
    {
        var made = await ConfigMapAsync("a");
        (await Wire.PatchAsync(Core("configmaps/a"), Wire.JsonPatch, patch)).Refuses(422, "Invalid");
        Assert.True(JsonNode.DeepEquals(made, (await Wire.GetAsync(Core("configmaps/a"))).Is(200)));
    }

    [Theory]
    [InlineData("{ op: remove }")]
    [InlineData("[{ op: jump, path: /data }]")]
    public async Task What_is_no_JSON_patch_is_refused(string patch)
    {
        await ConfigMapAsync("a");
        (await Wire.PatchAsync(Core("configmaps/a"), Wire.JsonPatch, patch)).Is(400, 422);
    }

    [Fact]
    public async Task A_merge_patch_merges_objects_removes_nulls_and_replaces_lists()
    {
        await DeploymentAsync("web");
        var patched = (await Wire.PatchAsync(Apps("deployments/web"), Wire.MergePatch, """
            metadata: { labels: { app: null, tier: front } }
            spec: { template: { spec: { containers: [{ name: other, image: 'example/other:1' }] } } }
            """)).Is(200);
        Assert.Equal(["tier"], patched.At("metadata.labels")!.AsObject().Select(p => p.Key));
        Assert.Equal("other", Assert.Single(patched.At("spec.template.spec.containers")!.AsArray()).Text("name"));
    }

    [Fact]
    public async Task A_strategic_patch_merges_lists_by_their_keys()
    {
        await DeploymentAsync("web");
        var patched = (await Wire.PatchAsync(Apps("deployments/web"), Wire.StrategicPatch, """
            spec:
              template:
                spec:
                  containers:
                  - { name: side, image: 'example/side:1' }
                  - { name: web, image: 'example/web:2', env: [{ name: B, value: '2' }], ports: [{ containerPort: 81 }] }
                  volumes: [{ name: v, emptyDir: {} }]
            """)).Is(200);
        var containers = patched.At("spec.template.spec.containers")!.AsArray();
        Assert.Equal(["side", "web"], containers.Select(c => c.Text("name")).Order(StringComparer.Ordinal));
        var web = containers.First(c => c.Text("name") == "web");
        Assert.Equal("example/web:2", web.Text("image"));
        Assert.Equal(["A", "B"], web.At("env")!.AsArray().Select(e => e.Text("name")).Order(StringComparer.Ordinal));
        Assert.Equal([80, 81], web.At("ports")!.AsArray().Select(e => e.Number("containerPort")!.Value).Order());
    }

    [Fact]
    public async Task A_strategic_patch_deletes_entries_that_it_names()
    {
        await DeploymentAsync("web");
        var patched = (await Wire.PatchAsync(Apps("deployments/web"), Wire.StrategicPatch, """
            spec: { template: { spec: { containers: [{ name: web, env: [{ name: A, $patch: delete }, { name: B, value: '2' }] }] } } }
            """)).Is(200);
        Assert.Equal("B", Assert.Single(patched.At("spec.template.spec.containers[0].env")!.AsArray()).Text("name"));
    }

    [Fact]
    public async Task A_strategic_patch_replaces_a_list_or_an_object_when_told()
    {
        await DeploymentAsync("web");
        var list = (await Wire.PatchAsync(Apps("deployments/web"), Wire.StrategicPatch, """
            spec: { template: { spec: { containers: [{ $patch: replace }, { name: only, image: 'example/only:1' }] } } }
            """)).Is(200);
        Assert.Equal("only", Assert.Single(list.At("spec.template.spec.containers")!.AsArray()).Text("name"));
        var map = (await Wire.PatchAsync(Apps("deployments/web"), Wire.StrategicPatch, "{ metadata: { labels: { $patch: replace, just: this } } }")).Is(200);
        Assert.Equal(["just"], map.At("metadata.labels")!.AsObject().Select(p => p.Key));
    }

    [Fact]
    public async Task A_strategic_patch_removes_a_field_with_null()
    {
        await DeploymentAsync("web");
        var patched = (await Wire.PatchAsync(Apps("deployments/web"), Wire.StrategicPatch, "{ metadata: { labels: { app: null } } }")).Is(200);
        Assert.Null(patched.At("metadata.labels"));
    }

    [Fact]
    public async Task A_strategic_patch_keeps_the_keys_it_names_alone()
    {
        await DeploymentAsync("web");
        var patched = (await Wire.PatchAsync(Apps("deployments/web"), Wire.StrategicPatch, "{ spec: { strategy: { $retainKeys: [type], type: Recreate } } }")).Is(200);
        Assert.Equal(["type"], patched.At("spec.strategy")!.AsObject().Select(p => p.Key));
        Assert.Equal("Recreate", patched.Text("spec.strategy.type"));
        var back = (await Wire.PatchAsync(Apps("deployments/web"), Wire.StrategicPatch, "{ spec: { strategy: { $retainKeys: [type], type: RollingUpdate } } }")).Is(200);
        Assert.Equal("25%", back.Text("spec.strategy.rollingUpdate.maxSurge"));
    }

    [Fact]
    public async Task A_strategic_patch_puts_entries_in_the_order_it_names()
    {
        await DeploymentAsync("web");
        var patched = (await Wire.PatchAsync(Apps("deployments/web"), Wire.StrategicPatch, """
            spec:
              template:
                spec:
                  $setElementOrder/containers: [{ name: first }, { name: web }, { name: last }]
                  containers: [{ name: first, image: 'example/first:1' }, { name: last, image: 'example/last:1' }]
            """)).Is(200);
        Assert.Equal(["first", "web", "last"], patched.At("spec.template.spec.containers")!.AsArray().Select(c => c.Text("name")));
    }

    [Fact]
    public async Task A_strategic_patch_deletes_from_a_list_of_words()
    {
        var made = (await Wire.PostAsync(Core("configmaps"), "{ apiVersion: v1, kind: ConfigMap, metadata: { name: a, finalizers: [fleet.test/a, fleet.test/b] } }")).Is(201);
        Assert.Equal(2, made.At("metadata.finalizers")!.AsArray().Count);
        var added = (await Wire.PatchAsync(Core("configmaps/a"), Wire.StrategicPatch, "{ metadata: { finalizers: [fleet.test/c] } }")).Is(200);
        Assert.Equal(3, added.At("metadata.finalizers")!.AsArray().Count);
        var removed = (await Wire.PatchAsync(Core("configmaps/a"), Wire.StrategicPatch, "{ metadata: { $deleteFromPrimitiveList/finalizers: [fleet.test/a, fleet.test/c] } }")).Is(200);
        Assert.Equal(["fleet.test/b"], removed.At("metadata.finalizers")!.AsArray().Select(f => (string?)f));
        (await Wire.PatchAsync(Core("configmaps/a"), Wire.MergePatch, "{ metadata: { finalizers: null } }")).Is(200);
    }

    [Fact]
    public async Task A_custom_resource_has_no_strategic_patch()
    {
        await using var kind = await CustomKind.EstablishAsync(Wire);
        (await Wire.PostAsync(kind.In(Namespace), kind.Object("a", "{ spec: { x: 1 } }"))).Is(201);
        (await Wire.PatchAsync(kind.In(Namespace, "a"), Wire.StrategicPatch, "{ spec: { x: 2 } }")).Refuses(415, "UnsupportedMediaType");
        Assert.Equal(2, (await Wire.PatchAsync(kind.In(Namespace, "a"), Wire.MergePatch, "{ spec: { x: 2 } }")).Is(200).Number("spec.x"));
        Assert.Equal(3, (await Wire.PatchAsync(kind.In(Namespace, "a"), Wire.JsonPatch, "[{ op: replace, path: /spec/x, value: 3 }]")).Is(200).Number("spec.x"));
    }

    [Fact]
    public async Task A_patch_that_breaks_a_rule_is_refused_at_its_path()
    {
        await DeploymentAsync("web");
        var answer = (await Wire.PatchAsync(Apps("deployments/web"), Wire.MergePatch, "{ spec: { replicas: -1 } }")).Refuses(422, "Invalid");
        Assert.Equal(["spec.replicas"], answer.Fields);
    }

    [Fact]
    public async Task A_patch_of_a_field_that_never_changes_is_refused()
    {
        await DeploymentAsync("web");
        var answer = (await Wire.PatchAsync(Apps("deployments/web"), Wire.MergePatch, """
            spec: { selector: { matchLabels: { app: other } }, template: { metadata: { labels: { app: other } } } }
            """)).Refuses(422, "Invalid");
        Assert.Contains("spec.selector", answer.Fields);
        Assert.Contains("field is immutable", answer.Message, StringComparison.Ordinal);
    }

    private static string Data(JsonNode map) => string.Join(',', map["data"]!.AsObject().Select(p => $"{p.Key}={p.Value}"));
}
