using System.Text.Json.Nodes;
using Fleet.Kubernetes;
using Fleet.Local.Schemas;
using Fleet.Testing;
using Xunit;

namespace Fleet.Unit.Local.Schemas;

public sealed class ShapeCheckTests
{
    // What Kubernetes 1.36 answers to these manifests; its order is that of its code, so the lines are sorted.
    private static readonly IReadOnlyList<JsonObject> Refused = Served.Documents("refused.yaml");

    public static TheoryData<int> Numbers => [.. Enumerable.Range(0, Refused.Count)];

    [Theory, MemberData(nameof(Numbers))]
    public void An_object_is_refused_as_Kubernetes_refuses_it(int number)
    {
        var (sent, says) = (Refused[number]["sent"]!.AsObject(), Refused[number]);
        var kind = (string?)sent["kind"] == "Bar" ? Served.Bars : Served.KindOf(sent);
        var refusal = ShapeDecoding.Refusal(kind, sent);
        Assert.Equal((string?)says["refused"], refusal);
        if (refusal is not null)
            return;
        var stored = ShapeDefaults.Apply(kind, ShapePruning.Prune(kind, sent).Pruned);
        Assert.Equal(
            string.Join('\n', says["violations"]!.AsArray()),
            string.Join('\n', ShapeCheck.Check(kind, stored).Select(v => $"{v} ({v.Reason})").Order(StringComparer.Ordinal)));
    }

    [Theory]
    [InlineData("deployments", "spec: {selector: {matchLabels: {a: c}}, template: {metadata: {labels: {a: c}}}}", "spec.selector: Invalid value: {\"matchLabels\":{\"a\":\"c\"}}: field is immutable")]
    [InlineData("services", "spec: {clusterIP: 10.0.0.2}", "spec.clusterIPs[0]: Invalid value: [\"10.0.0.2\"]: may not change once set")]
    [InlineData("configmaps", "data: {a: c}", "data: Forbidden: field is immutable when `immutable` is set")]
    [InlineData("configmaps", "immutable: false", "immutable: Forbidden: field is immutable when `immutable` is set")]
    [InlineData("secrets", "type: other", "type: Invalid value: \"other\": field is immutable")]
    [InlineData("rolebindings", "roleRef: {name: c}", "roleRef: Invalid value: {\"kind\":\"Role\",\"name\":\"c\",\"apiGroup\":\"rbac.authorization.k8s.io\"}: cannot change roleRef")]
    [InlineData("pods", "spec: {restartPolicy: Never}", "spec: Forbidden: pod updates may not change fields other than")]
    [InlineData("pods", "metadata: {uid: other}", "metadata.uid: Invalid value: \"other\": field is immutable")]
    [InlineData("pods", "spec: {containers: [{name: c, image: other}]}", null)]
    [InlineData("services", "spec: {selector: {a: c}}", null)]
    public void What_may_not_change_does_not(string plural, string change, string? says)
    {
        var kind = Served.Kind(plural);
        var old = ShapeDefaults.Apply(kind, Served.Object(plural switch
        {
            "deployments" => "{metadata: {name: x}, spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: i}]}}}}",
            "services" => "{metadata: {name: x}, spec: {clusterIP: 10.0.0.1, ports: [{port: 80}]}}",
            "configmaps" => "{metadata: {name: x}, immutable: true, data: {a: b}}",
            "secrets" => "{metadata: {name: x}}",
            "rolebindings" => "{metadata: {name: x}, roleRef: {kind: Role, name: b}}",
            _ => "{metadata: {name: x, uid: u}, spec: {containers: [{name: c, image: i}]}}",
        }));
        var changed = ShapeDefaults.Apply(kind, Merged(old, Served.Object(change)), old);
        var violations = ShapeCheck.Check(kind, changed, old);
        if (says is null)
            Assert.Empty(violations);
        else
            Assert.StartsWith(says, Assert.Single(violations).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_Service_was_given_stays_when_an_update_leaves_it_out()
    {
        var kind = Served.Kind("services");
        var old = ShapeDefaults.Apply(kind, Served.Object("{metadata: {name: x}, spec: {clusterIP: 10.0.0.1, ports: [{port: 80}]}}"));
        var updated = ShapeDefaults.Apply(kind, Served.Object("{metadata: {name: x}, spec: {ports: [{port: 81}]}}"), old);
        Assert.Equal("10.0.0.1", (string?)updated["spec"]!["clusterIP"]);
        Assert.Equal("""["10.0.0.1"]""", updated["spec"]!["clusterIPs"]!.ToJsonString());
    }

    [Theory]
    [InlineData("metadata: {foo: 1}\nzz: 1", "metadata.foo,zz", "{\"metadata\":{}}")]
    [InlineData("spec: {containers: [{name: a, ports: [{port: 1}]}, {zz: 1}]}", "spec.containers[0].ports[0].port,spec.containers[1].zz", """{"spec":{"containers":[{"name":"a","ports":[{}]},{}]}}""")]
    [InlineData("metadata: {labels: {any: b}}", "", """{"metadata":{"labels":{"any":"b"}}}""")]
    public void An_undeclared_field_is_dropped_and_told(string manifest, string paths, string left) => Drops(Served.Kind("pods"), manifest, paths, left);

    [Theory]
    [InlineData("spec: {zz: 1, o: {q: 1, a: b}, m: [{name: a, zz: 1}]}", "spec.zz,spec.o.q,spec.m[0].zz", """{"spec":{"o":{"a":"b"},"m":[{"name":"a"}]}}""")]
    [InlineData("spec: {pu: {a: {b: 1}}, any: [1], mp: {k: 1}}", "", """{"spec":{"pu":{"a":{"b":1}},"any":[1],"mp":{"k":1}}}""")]
    [InlineData("spec: {em: {apiVersion: v1, foo: 1, metadata: {zz: 1}}}", "spec.em.metadata.zz", """{"spec":{"em":{"apiVersion":"v1","foo":1,"metadata":{}}}}""")]
    public void A_custom_resource_keeps_what_its_schema_says(string manifest, string paths, string left) => Drops(Served.Bars, manifest, paths, left);

    [Fact]
    public void A_custom_resource_gets_its_defaults()
    {
        var stored = ShapeDefaults.Apply(Served.Bars, Served.Object("{spec: {req: x, nn: null, nu: null, nd: null, pu: {a: null}, m: [{name: a}], do: null}}"));
        Assert.Equal("""{"req":"x","nu":null,"nd":null,"pu":{"a":null},"m":[{"name":"a","v":"d"}],"do":{"a":"z","b":3}}""", stored["spec"]!.ToJsonString());
    }

    [Theory]
    [InlineData("""{"a":1,"a":2}""", "a")]
    [InlineData("""{"a":{"b":[{"c":1},{"c":1,"d":{},"c":2}],"b":0},"e":[[{"f":1,"f":1}]]}""", "a.b[1].c,a.b,e[0][0].f")]
    [InlineData("""{"a":{"b":1},"c":{"b":1}}""", "")]
    public void A_field_that_is_said_twice_is_told(string json, string paths) =>
        Assert.Equal(Lines("duplicate", paths), DuplicateFields.In(System.Text.Encoding.UTF8.GetBytes(json)));

    private static void Drops(ServedKind kind, string manifest, string paths, string left)
    {
        var (pruned, unknown) = ShapePruning.Prune(kind, Served.Object(manifest));
        Assert.Equal(Lines("unknown", paths), unknown);
        Assert.Equal(left, pruned.ToJsonString());
    }

    private static IEnumerable<string> Lines(string what, string paths) => paths.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(p => $"{what} field \"{p}\"");

    private static JsonObject Merged(JsonObject obj, JsonObject change)
    {
        var merged = obj.DeepClone().AsObject();
        foreach (var (name, value) in change)
            merged[name] = value is JsonObject inner && merged[name] is JsonObject was && name is not "matchLabels" ? Merged(was, inner) : value?.DeepClone();
        return merged;
    }
}
