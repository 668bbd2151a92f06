using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Kubernetes;
using Xunit;

namespace Fleet.Unit.Diff;

/// <summary>A row is what is desired, what is there, and the fields that differ, in YAML.</summary>
public class FieldDiffTests
{
    [Theory]
    // only what is desired counts
    [InlineData("{ a: 1 }", "{ a: 1, b: 2 }", "")]
    [InlineData("{ a: 1, b: x, c: true }", "{ a: 2, b: y, c: false }", ".spec.a .spec.b .spec.c")]
    [InlineData("{ a: { b: 1 } }", "{ a: { b: 2, c: 3 } }", ".spec.a.b")]
    [InlineData("{ a: { b: 1 } }", "{}", ".spec.a")]
    [InlineData("{ a: null }", "{ a: 1 }", "")]
    // the type is part of a value
    [InlineData("{ a: '1' }", "{ a: 1 }", ".spec.a")]
    [InlineData("{ a: 1 }", "{ a: '1' }", ".spec.a")]
    [InlineData("{ a: {} }", "{ a: x }", ".spec.a")]
    [InlineData("{ a: [] }", "{ a: {} }", ".spec.a")]
    [InlineData("{ a: 1.0 }", "{ a: 1 }", "")]
    // lists that nothing tells apart are compared by place, or as a whole when they are not of one length
    [InlineData("{ args: [a, b] }", "{ args: [a, c] }", ".spec.args[1]")]
    [InlineData("{ args: [a, b] }", "{ args: [a] }", ".spec.args")]
    [InlineData("{ args: [a] }", "{ args: [a, b] }", ".spec.args")]
    [InlineData("{ rules: [{ verbs: [get] }] }", "{ rules: [{ verbs: [list] }] }", ".spec.rules[0].verbs[0]")]
    // what the server does not keep when it is nothing
    [InlineData("{ args: [] }", "{}", "")]
    [InlineData("{ subPath: '' }", "{}", "")]
    [InlineData("{ readOnly: false }", "{}", "")]
    [InlineData("{ readOnly: true }", "{}", ".spec.readOnly")]
    [InlineData("{ initialDelaySeconds: 0 }", "{}", "")]
    [InlineData("{ nodeSelector: {} }", "{}", "")]
    // and what it does keep, or fills in otherwise
    [InlineData("{ automountServiceAccountToken: false }", "{}", ".spec.automountServiceAccountToken")]
    [InlineData("{ replicas: 0 }", "{}", ".spec.replicas")]
    [InlineData("{ emptyDir: {} }", "{ hostPath: { path: / } }", ".spec.emptyDir")]
    // keys with a slash or a dot
    [InlineData("{ labels: { a.b/c: x } }", "{ labels: { a.b/c: y } }", ".spec.labels[a.b/c]")]
    [InlineData("{ labels: { plain: x } }", "{ labels: {} }", ".spec.labels.plain")]
    public void What_is_desired_is_compared_with_what_is_there(string desired, string live, string paths) => Assert.Equal(paths, Between(desired, live));

    [Theory]
    [InlineData("{ requests: { cpu: 1000m } }", "{ requests: { cpu: '1' } }", "")]
    [InlineData("{ requests: { cpu: 1 } }", "{ requests: { cpu: '1' } }", "")]
    [InlineData("{ requests: { cpu: 0.5 } }", "{ requests: { cpu: 500m } }", "")]
    [InlineData("{ limits: { memory: 1Gi } }", "{ limits: { memory: 1024Mi } }", "")]
    [InlineData("{ limits: { memory: 1Gi } }", "{ limits: { memory: 1G } }", ".spec.limits.memory")]
    [InlineData("{ emptyDir: { sizeLimit: 1024Mi } }", "{ emptyDir: { sizeLimit: 1Gi } }", "")]
    [InlineData("{ resourceFieldRef: { divisor: 1 } }", "{ resourceFieldRef: { divisor: '1' } }", "")]
    [InlineData("{ limits: { cpu: x } }", "{ limits: { cpu: y } }", ".spec.limits.cpu")]
    // an environment variable or a label that looks like a quantity is a text
    [InlineData("{ env: [{ name: A, value: 1000m }] }", "{ env: [{ name: A, value: '1' }] }", ".spec.env[A].value")]
    [InlineData("{ labels: { version: '1.0' } }", "{ labels: { version: '1' } }", ".spec.labels.version")]
    public void Quantities_are_compared_by_amount(string desired, string live, string paths) => Assert.Equal(paths, Between(desired, live));

    [Theory]
    // entries are found by their keys, wherever they stand; others' are left alone
    [InlineData("{ env: [{ name: A, value: x }] }", "{ env: [{ name: B, value: y }, { name: A, value: x }] }", "")]
    [InlineData("{ env: [{ name: A, value: x }] }", "{ env: [{ name: A, value: z }] }", ".spec.env[A].value")]
    [InlineData("{ env: [{ name: A, value: x }] }", "{ env: [] }", ".spec.env[A]")]
    [InlineData("{ volumeMounts: [{ mountPath: /a, name: v }] }", "{ volumeMounts: [{ mountPath: /b, name: v }] }", ".spec.volumeMounts[/a]")]
    // ports and containers are ours whole
    [InlineData("{ ports: [{ port: 80 }] }", "{ ports: [{ port: 80, protocol: TCP, nodePort: 30080 }] }", "")]
    [InlineData("{ ports: [{ port: 80, protocol: TCP }] }", "{ ports: [{ port: 80, protocol: UDP }] }", ".spec.ports[80,TCP] .spec.ports[80,UDP]")]
    [InlineData("{ ports: [{ port: 80 }] }", "{ ports: [{ port: 80 }, { port: 81 }] }", ".spec.ports[81,TCP]")]
    [InlineData("{ ports: [{ port: 80, name: main }] }", "{ ports: [{ port: 80, name: web }] }", ".spec.ports[80,TCP].name")]
    [InlineData("{ containers: [{ name: a }] }", "{ containers: [{ name: b }, { name: a }] }", ".spec.containers[b]")]
    [InlineData("{ initContainers: [{ name: a }] }", "{ initContainers: [{ name: b }, { name: a }] }", "")]
    // in a pod, ports are told apart by containerPort
    [InlineData("{ template: { spec: { containers: [{ name: a, ports: [{ containerPort: 80 }] }] } } }",
        "{ template: { spec: { containers: [{ name: a, ports: [{ containerPort: 81, protocol: TCP }] }] } } }",
        ".spec.template.spec.containers[a].ports[80,TCP] .spec.template.spec.containers[a].ports[81,TCP]")]
    // what is no entry at all is compared, and the server refuses it
    [InlineData("{ env: [text] }", "{ env: [{ name: A }] }", ".spec.env[text]")]
    [InlineData("{ ports: [80] }", "{ ports: [{ port: 80 }] }", ".spec.ports[80] .spec.ports[80,TCP]")]
    public void Entries_are_told_apart_by_their_keys(string desired, string live, string paths) => Assert.Equal(paths, Between(desired, live));

    [Fact]
    public void An_entry_that_should_not_be_there_is_known_by_its_place()
    {
        var extra = Assert.Single(FieldDiff.Between(Of("{ ports: [{ port: 80 }] }"), Of("{ ports: [{ port: 81 }, { port: 80 }] }")));
        Assert.True(extra.IsExtra);
        Assert.Equal("/spec/ports/0", extra.Path.ToJsonPointer());
    }

    [Theory]
    [InlineData("{ podSelector: { matchLabels: { a: x } } }", "{ podSelector: { matchLabels: { a: x, b: y } } }", ".spec.podSelector.matchLabels.b")]
    [InlineData("{ ingress: [{ from: [{ podSelector: {} }] }] }", "{ ingress: [{ from: [{ podSelector: {}, namespaceSelector: {} }] }] }", ".spec.ingress[0].from[0].namespaceSelector")]
    [InlineData("{ ingress: [{ from: [{ podSelector: {} }], ports: [{ port: main }] }] }", "{ ingress: [{ from: [{ podSelector: {} }] }] }", ".spec.ingress[0].ports")]
    [InlineData("{ ingress: [] }", "{ ingress: [{}] }", ".spec.ingress")]
    [InlineData("{ ingress: [] }", "{ }", "")]
    [InlineData("{ ingress: [{ ports: [{ port: main, protocol: TCP }] }] }", "{ ingress: [{ ports: [{ port: main, protocol: TCP }] }] }", "")]
    public void A_NetworkPolicy_is_ours_whole(string desired, string live, string paths) => Assert.Equal(paths, Said(Of(desired, Resources.NetworkPolicies), Of(live, Resources.NetworkPolicies)));

    [Fact]
    public void A_pointer_escapes_what_stands_in_keys()
    {
        var difference = Assert.Single(FieldDiff.Between(Of("{ labels: { a/b~c: x } }"), Of("{ labels: { a/b~c: z } }")));
        Assert.Equal("/spec/labels/a~1b~0c", difference.Path.ToJsonPointer());
        Assert.Equal(".spec.labels[a/b~c]=\"z\"", difference.LiveText);
    }

    [Fact]
    public void Metadata_is_compared_as_well()
    {
        var desired = KubeObject.From(Resources.Services, Yaml.ParseOne("{ metadata: { name: x, labels: { a: b }, ownerReferences: [{ apiVersion: v1, kind: A, name: a, uid: u, controller: true }] } }").AsObject());
        var live = KubeObject.From(Resources.Services, Yaml.ParseOne("{ metadata: { name: x, uid: w, labels: { c: d }, ownerReferences: [{ apiVersion: v1, kind: A, name: a, uid: v }] } }").AsObject());
        Assert.Equal(".metadata.labels.a .metadata.ownerReferences[u]", Said(desired, live));
    }

    private static string Between(string desired, string live) => Said(Of(desired), Of(live));

    private static string Said(KubeObject desired, KubeObject live) => string.Join(' ', FieldDiff.Between(desired, live).Select(d => d.Path));

    private static KubeObject Of(string spec, Resource? kind = null) => KubeObject.From(kind ?? Resources.Services, new JsonObject
    {
        ["metadata"] = new JsonObject { ["name"] = "x" },
        ["spec"] = Yaml.ParseOne(spec),
    });
}
