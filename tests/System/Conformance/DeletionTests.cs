using System.Text.Json.Nodes;
using Xunit;

namespace Fleet.SystemTests.Conformance;

/// <summary>What deletion takes with it, and what holds it up.</summary>
public class DeletionTests : ConformanceTest
{
    [Fact]
    public async Task A_finalizer_holds_an_object_until_it_is_taken_away()
    {
        (await Wire.PostAsync(Core("configmaps"), "{ apiVersion: v1, kind: ConfigMap, metadata: { name: a, finalizers: [fleet.test/held] }, data: { a: '1' } }")).Is(201);
        var answer = (await Wire.DeleteAsync(Core("configmaps/a"))).Is(200);
        Assert.Equal("ConfigMap", answer.Text("kind"));
        var held = (await Wire.GetAsync(Core("configmaps/a"))).Is(200);
        Assert.NotNull(held.Text("metadata.deletionTimestamp"));
        Assert.Equal(0, held.Number("metadata.deletionGracePeriodSeconds"));
        (await Wire.PatchAsync(Core("configmaps/a"), Wire.MergePatch, "{ data: { a: '2' } }")).Is(200);
        var more = (await Wire.PatchAsync(Core("configmaps/a"), Wire.MergePatch, "{ metadata: { finalizers: [fleet.test/held, fleet.test/more] } }")).Refuses(422, "Invalid");
        Assert.Contains("metadata.finalizers", more.Fields);
        (await Wire.PatchAsync(Core("configmaps/a"), Wire.MergePatch, "{ metadata: { finalizers: [] } }")).Is(200);
        (await Wire.GetAsync(Core("configmaps/a"))).Refuses(404, "NotFound");
    }

    [Fact]
    public async Task A_second_deletion_of_a_held_object_changes_nothing()
    {
        (await Wire.PostAsync(Core("configmaps"), "{ apiVersion: v1, kind: ConfigMap, metadata: { name: a, finalizers: [fleet.test/held] } }")).Is(201);
        (await Wire.DeleteAsync(Core("configmaps/a"))).Is(200);
        var held = (await Wire.GetAsync(Core("configmaps/a"))).Is(200);
        (await Wire.DeleteAsync(Core("configmaps/a"))).Is(200);
        Assert.Equal(held.Text("metadata.resourceVersion"), (await Wire.GetAsync(Core("configmaps/a"))).Is(200).Text("metadata.resourceVersion"));
        (await Wire.PatchAsync(Core("configmaps/a"), Wire.MergePatch, "{ metadata: { finalizers: null } }")).Is(200);
    }

    [Fact]
    public async Task A_deletion_time_cannot_be_set_by_hand()
    {
        await ConfigMapAsync("a");
        var patched = (await Wire.PatchAsync(Core("configmaps/a"), Wire.MergePatch, "{ metadata: { deletionTimestamp: '2026-01-02T03:04:05Z' }, data: { a: '2' } }")).Code;
        Assert.Contains(patched, new[] { 200, 422 });
        Assert.Null((await Wire.GetAsync(Core("configmaps/a"))).Is(200).Text("metadata.deletionTimestamp"));
    }

    [Theory]
    [InlineData("Background")]
    [InlineData("Foreground")]
    public async Task What_an_object_owns_goes_with_it_down_the_whole_chain(string policy)
    {
        var a = await ConfigMapAsync("a");
        var b = await OwnedAsync("b", a);
        await OwnedAsync("c", b);
        await OwnedAsync("d", b);
        (await Wire.DeleteAsync(Core("configmaps/a"), $"{{ propagationPolicy: {policy} }}")).Is(200);
        foreach (var name in (string[])["a", "b", "c", "d"])
            await Gone(Core($"configmaps/{name}"));
    }

    [Fact]
    public async Task A_foreground_deletion_waits_for_what_blocks_it()
    {
        var a = await ConfigMapAsync("a");
        (await Wire.PostAsync(Core("configmaps"), $$"""
            { apiVersion: v1, kind: ConfigMap, metadata: { name: b, finalizers: [fleet.test/held], ownerReferences: [{{Reference(a)}}] } }
            """)).Is(201);
        (await Wire.DeleteAsync(Core("configmaps/a"), "{ propagationPolicy: Foreground }")).Is(200);
        await Eventual(Core("configmaps/b"), b => b.Text("metadata.deletionTimestamp") is not null);
        var waiting = (await Wire.GetAsync(Core("configmaps/a"))).Is(200);
        Assert.Equal(["foregroundDeletion"], waiting.At("metadata.finalizers")!.AsArray().Select(f => (string?)f));
        Assert.NotNull(waiting.Text("metadata.deletionTimestamp"));
        (await Wire.PatchAsync(Core("configmaps/b"), Wire.MergePatch, "{ metadata: { finalizers: null } }")).Is(200);
        await Gone(Core("configmaps/a"));
    }

    [Fact]
    public async Task Orphans_stay_and_lose_the_reference()
    {
        var a = await ConfigMapAsync("a");
        await OwnedAsync("b", a);
        (await Wire.DeleteAsync(Core("configmaps/a"), "{ propagationPolicy: Orphan }")).Is(200);
        await Gone(Core("configmaps/a"));
        var b = await Eventual(Core("configmaps/b"), o => o.At("metadata.ownerReferences") is null);
        Assert.Null(b.Text("metadata.deletionTimestamp"));
    }

    [Fact]
    public async Task An_object_with_another_owner_stays()
    {
        var a = await ConfigMapAsync("a");
        var other = await ConfigMapAsync("other");
        (await Wire.PostAsync(Core("configmaps"), $$"""
            { apiVersion: v1, kind: ConfigMap, metadata: { name: b, ownerReferences: [{{Reference(a)}}, {{Reference(other)}}] } }
            """)).Is(201);
        (await Wire.DeleteAsync(Core("configmaps/a"), "{ propagationPolicy: Background }")).Is(200);
        var b = await Eventual(Core("configmaps/b"), o => o.At("metadata.ownerReferences")!.AsArray().Count == 1);
        Assert.Equal("other", b.Text("metadata.ownerReferences[0].name"));
    }

    [Fact]
    public async Task An_object_whose_owner_never_was_is_collected()
    {
        var ghost = await ConfigMapAsync("ghost");
        (await Wire.DeleteAsync(Core("configmaps/ghost"))).Is(200);
        await OwnedAsync("b", ghost);
        await Gone(Core("configmaps/b"));
    }

    [Fact]
    public async Task An_owner_of_that_name_but_of_another_UID_is_none()
    {
        var first = await ConfigMapAsync("a");
        (await Wire.DeleteAsync(Core("configmaps/a"))).Is(200);
        await ConfigMapAsync("a");
        await OwnedAsync("b", first);
        await Gone(Core("configmaps/b"));
        (await Wire.GetAsync(Core("configmaps/a"))).Is(200);
    }

    [Fact]
    public async Task Owners_may_be_custom_resources()
    {
        await using var kind = await CustomKind.EstablishAsync(Wire);
        var owner = (await Wire.PostAsync(kind.In(Namespace), kind.Object("o"))).Is(201);
        (await Wire.PostAsync(Core("configmaps"), $$"""
            { apiVersion: v1, kind: ConfigMap, metadata: { name: b, ownerReferences: [{ apiVersion: {{kind.ApiVersion}}, kind: Widget, name: o, uid: {{owner.Text("metadata.uid")}} }] } }
            """)).Is(201);
        (await Wire.DeleteAsync(kind.In(Namespace, "o"))).Is(200);
        // The real collector looks for new kinds every 30 s only.
        await Gone(Core("configmaps/b"), TimeSpan.FromSeconds(90));
    }

    [Fact]
    public async Task Only_one_owner_is_the_controller()
    {
        var a = await ConfigMapAsync("a");
        var other = await ConfigMapAsync("other");
        (await Wire.PostAsync(Core("configmaps"), $$"""
            { apiVersion: v1, kind: ConfigMap, metadata: { name: b, ownerReferences: [{{Reference(a, controller: true)}}, {{Reference(other, controller: true)}}] } }
            """)).Refuses(422, "Invalid");
    }

    [Fact]
    public async Task A_namespace_has_a_service_account_soon()
    {
        var account = (await Wire.GetAsync(Core("serviceaccounts/default"))).Is(200);
        Assert.Equal("ServiceAccount", account.Text("kind"));
        var ns = (await Wire.GetAsync($"/api/v1/namespaces/{Namespace}")).Is(200);
        Assert.Equal(("Active", "kubernetes"), (ns.Text("status.phase"), ns.Text("spec.finalizers[0]")));
        if (Since(21))
            Assert.Equal(Namespace, (string?)ns.At("metadata.labels")!["kubernetes.io/metadata.name"]);
    }

    [Fact]
    public async Task Nothing_is_created_in_a_namespace_that_is_not_there()
    {
        var answer = (await Wire.PostAsync("/api/v1/namespaces/nowhere-at-all/configmaps", "{ apiVersion: v1, kind: ConfigMap, metadata: { name: a } }")).Refuses(404, "NotFound");
        Assert.Equal("""namespaces "nowhere-at-all" not found""", answer.Message);
    }

    [Fact]
    public async Task A_deleted_namespace_is_emptied_and_goes()
    {
        var ns = $"{Namespace}-two";
        (await Wire.PostAsync("/api/v1/namespaces", $"{{ apiVersion: v1, kind: Namespace, metadata: {{ name: {ns} }} }}")).Is(201);
        (await Wire.PostAsync($"/api/v1/namespaces/{ns}/configmaps", "{ apiVersion: v1, kind: ConfigMap, metadata: { name: a, finalizers: [fleet.test/held] } }")).Is(201);
        (await Wire.PostAsync($"/api/v1/namespaces/{ns}/secrets", "{ apiVersion: v1, kind: Secret, metadata: { name: b } }")).Is(201);
        var answer = (await Wire.DeleteAsync($"/api/v1/namespaces/{ns}")).Ok;
        Assert.Equal(("Namespace", "Terminating"), (answer.Text("kind"), answer.Text("status.phase")));
        await Gone($"/api/v1/namespaces/{ns}/secrets/b");
        var refused = (await Wire.PostAsync($"/api/v1/namespaces/{ns}/configmaps", "{ apiVersion: v1, kind: ConfigMap, metadata: { name: c } }")).Refuses(403, "Forbidden");
        Assert.Contains("because it is being terminated", refused.Message, StringComparison.Ordinal);
        Assert.Contains(refused.Causes, c => c.Text("reason") == "NamespaceTerminating");
        (await Wire.GetAsync($"/api/v1/namespaces/{ns}")).Is(200);
        (await Wire.PatchAsync($"/api/v1/namespaces/{ns}/configmaps/a", Wire.MergePatch, "{ metadata: { finalizers: null } }")).Is(200);
        await Gone($"/api/v1/namespaces/{ns}");
    }

    private static string Reference(JsonNode owner, bool controller = false) =>
        $"{{ apiVersion: v1, kind: ConfigMap, name: {owner.Text("metadata.name")}, uid: {owner.Text("metadata.uid")}, blockOwnerDeletion: true{(controller ? ", controller: true" : "")} }}";

    private async Task<JsonNode> OwnedAsync(string name, JsonNode owner) => (await Wire.PostAsync(
        Core("configmaps"), $"{{ apiVersion: v1, kind: ConfigMap, metadata: {{ name: {name}, ownerReferences: [{Reference(owner)}] }} }}")).Is(201);
}
