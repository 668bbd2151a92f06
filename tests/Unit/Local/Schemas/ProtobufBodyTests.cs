using System.Text;
using System.Text.Json.Nodes;
using Fleet.Local.Schemas;
using Xunit;

namespace Fleet.Unit.Local.Schemas;

public sealed class ProtobufBodyTests
{
    /// <summary>What kubectl 1.35 sends for <c>create secret</c> and the like, and <c>auth can-i</c>.</summary>
    public static TheoryData<string, string> Recorded => new()
    {
        {
            """
            {apiVersion: v1, kind: Secret, metadata: {name: keys}, data: {password: czNjcmV0, user: YWRtaW4=}}
            """,
            "azhzAAoMCgJ2MRIGU2VjcmV0EjsKFAoEa2V5cxIAGgAiACoAMgA4AEIAEhIKCHBhc3N3b3JkEgZzM2NyZXQSDQoEdXNlchIFYWRtaW4aABoAIgA="
        },
        {
            """
            {apiVersion: v1, kind: ConfigMap, metadata: {name: settings}, data: {color: red}}
            """,
            "azhzAAoPCgJ2MRIJQ29uZmlnTWFwEigKGAoIc2V0dGluZ3MSABoAIgAqADIAOABCABIMCgVjb2xvchIDcmVkGgAiAA=="
        },
        {
            """
            {apiVersion: v1, kind: Namespace, metadata: {name: ns}}
            """,
            "azhzAAoPCgJ2MRIJTmFtZXNwYWNlEhoKEgoCbnMSABoAIgAqADIAOABCABIAGgIKABoAIgA="
        },
        {
            """
            {apiVersion: v1, kind: ServiceAccount, metadata: {name: sa}}
            """,
            "azhzAAoUCgJ2MRIOU2VydmljZUFjY291bnQSFAoSCgJzYRIAGgAiACoAMgA4AEIAGgAiAA=="
        },
        {
            """
            {apiVersion: apps/v1, kind: Deployment, metadata: {name: web, labels: {app: web}}, spec: {replicas: 0, selector: {matchLabels: {app: web}}, template: {
            metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: example/web:1, command: [serve, --fast], ports: [{containerPort: 8080}]}]}}}}
            """,
            "azhzAAoVCgdhcHBzL3YxEgpEZXBsb3ltZW50Es8BCh8KA3dlYhIAGgAiACoAMgA4AEIAWgoKA2FwcBIDd2ViEp0BCAASDAoKCgNhcHASA3dlYhqCAQocCgASABoAIgAqADIAOABCAFoKCgNhcHASA3dlYhJiEkQKA3dlYhINZXhhbXBsZS93ZWI6MRoFc2VydmUaBi0tZmFzdCoAMgsKABAAGJA/IgAqAEIAagByAIABAIgBAJABAKIBABoAMgBCAEoAUgBYAGAAaACCAQCKAQCaAQDCAQAiAgoAKAA4ABoMCAAQABgAIAAoADgAGgAiAA=="
        },
        {
            """
            {apiVersion: v1, kind: Service, metadata: {name: web, labels: {app: web}}, spec: {type: ClusterIP, selector: {app: web}, ports: [{name: 80-8080, protocol: TCP, port: 80, targetPort: 8080}]}}
            """,
            "azhzAAoNCgJ2MRIHU2VydmljZRJpCh8KA3dlYhIAGgAiACoAMgA4AEIAWgoKA2FwcBIDd2ViEkIKGwoHODAtODA4MBIDVENQGFAiBwgAEJA/GgAoABIKCgNhcHASA3dlYhoAIglDbHVzdGVySVA6AEIAUgBaAGAAaAAaAgoAGgAiAA=="
        },
        {
            """
            {apiVersion: v1, kind: Service, metadata: {name: np, labels: {app: np}}, spec: {type: NodePort, selector: {app: np}, ports: [{name: 80-http, protocol: TCP, port: 80, targetPort: http}]}}
            """,
            "azhzAAoNCgJ2MRIHU2VydmljZRJoCh0KAm5wEgAaACIAKgAyADgAQgBaCQoDYXBwEgJucBJDCh4KBzgwLWh0dHASA1RDUBhQIgoIARAAGgRodHRwKAASCQoDYXBwEgJucBoAIghOb2RlUG9ydDoAQgBSAFoAYABoABoCCgAaACIA"
        },
        {
            """
            {apiVersion: authorization.k8s.io/v1, kind: SelfSubjectAccessReview, spec: {resourceAttributes: {namespace: default, verb: create, group: apps, resource: deployments}},
            status: {allowed: false}}
            """,
            "azhzAAoyChdhdXRob3JpemF0aW9uLms4cy5pby92MRIXU2VsZlN1YmplY3RBY2Nlc3NSZXZpZXcSSgoQCgASABoAIgAqADIAOABCABIsCioKB2RlZmF1bHQSBmNyZWF0ZRoEYXBwcyIAKgtkZXBsb3ltZW50czIAOgAaCAgAEgAaACAAGgAiAA=="
        },
        {
            """
            {apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: reader}, rules: [{verbs: [get, list], apiGroups: [""], resources: [pods]}, {verbs: [get, list], apiGroups: [apps], resources: [deployments]}]}
            """,
            "azhzAAokChxyYmFjLmF1dGhvcml6YXRpb24uazhzLmlvL3YxEgRSb2xlEk0KFgoGcmVhZGVyEgAaACIAKgAyADgAQgASEwoDZ2V0CgRsaXN0EgAaBHBvZHMSHgoDZ2V0CgRsaXN0EgRhcHBzGgtkZXBsb3ltZW50cxoAIgA="
        },
        {
            """
            {apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: all}, rules: [{verbs: [get], nonResourceURLs: [/healthz]}]}
            """,
            "azhzAAorChxyYmFjLmF1dGhvcml6YXRpb24uazhzLmlvL3YxEgtDbHVzdGVyUm9sZRImChMKA2FsbBIAGgAiACoAMgA4AEIAEg8KA2dldCoIL2hlYWx0aHoaACIA"
        },
        {
            """
            {apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: readers}, roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader},
            subjects: [{kind: User, apiGroup: rbac.authorization.k8s.io, name: ann}, {kind: ServiceAccount, name: web, namespace: default}]}
            """,
            "azhzAAorChxyYmFjLmF1dGhvcml6YXRpb24uazhzLmlvL3YxEgtSb2xlQmluZGluZxKQAQoXCgdyZWFkZXJzEgAaACIAKgAyADgAQgASKAoEVXNlchIZcmJhYy5hdXRob3JpemF0aW9uLms4cy5pbxoDYW5uIgASIAoOU2VydmljZUFjY291bnQSABoDd2ViIgdkZWZhdWx0GikKGXJiYWMuYXV0aG9yaXphdGlvbi5rOHMuaW8SBFJvbGUaBnJlYWRlchoAIgA="
        },
        {
            """
            {apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: pdb}, spec: {minAvailable: 50%, selector: {matchLabels: {app: web}}}}
            """,
            "azhzAAogCglwb2xpY3kvdjESE1BvZERpc3J1cHRpb25CdWRnZXQSPAoTCgNwZGISABoAIgAqADIAOABCABIZCgkIARAAGgM1MCUSDAoKCgNhcHASA3dlYhoKCAAYACAAKAAwABoAIgA="
        },
    };

    public static TheoryData<string, byte[]> Broken => new()
    {
        { "does not begin", [] },
        { "does not begin", "{}"u8.ToArray() },
        { "Gadget of v1 is not known", Body("v1", "Gadget", []) },
        { "Pod of apps/v1 is not known", Body("apps/v1", "Pod", []) },
        { "PodSpec of v1 is not known", Body("v1", "PodSpec", []) },
        { "CustomResourceDefinition of apiextensions.k8s.io/v1 is not known", Body("apiextensions.k8s.io/v1", "CustomResourceDefinition", []) },
        { "field 99 of ConfigMap is not known", Body("v1", "ConfigMap", Text(99, "x")) },
        { "field 3 of VolumeSource is not known", Body("v1", "Pod", Field(2, Field(1, Field(2, Field(3, Text(1, "disk")))))) },
        { "field 1 of ObjectMeta.name is written as Varint, not as Length", Body("v1", "ConfigMap", Field(1, Number(1, 7))) },
        { "200 bytes are announced, 1 are left", Body("v1", "ConfigMap", [0x0A, 0xC8, 0x01, 0x00]) },
        { "18446744073709551615 bytes are announced", Body("v1", "ConfigMap", [0x0A, .. Enumerable.Repeat((byte)0xFF, 9), 0x01]) },
        { "a number that has no end", Body("v1", "ConfigMap", [0x0A, .. Enumerable.Repeat((byte)0xFF, 10)]) },
        { "the wire type 3 is not known", Body("v1", "ConfigMap", [0x0B]) },
        { "no field has the number 0", Body("v1", "ConfigMap", [0x02, 0x00]) },
        { "not UTF-8", Body("v1", "ConfigMap", Field(1, Field(1, [0xFF]))) },
        { "four digits", Body("v1", "ConfigMap", Field(1, Field(8, Number(1, long.MaxValue)))) },
        { "ManagedFieldsEntry.fieldsV1", Body("v1", "ConfigMap", Field(1, Field(17, Field(7, Text(1, "{"))))) },
        { "ManagedFieldsEntry.fieldsV1", Body("v1", "ConfigMap", Field(1, Field(17, Field(7, Text(1, new string('[', 100_000)))))) },
        { "is written as json", Body("v1", "ConfigMap", [], Text(4, "json")) },
    };

    [Theory, MemberData(nameof(Recorded))]
    public void What_kubectl_sends_is_what_it_means(string yaml, string body) => Same(yaml, ProtobufBody.Read(Convert.FromBase64String(body)));

    [Fact]
    public void Special_types_are_written_as_in_json()
    {
        var meta = Field(1,
        [
            .. Text(1, "p"), .. Number(7, -1), .. Field(8, [.. Number(1, 1_700_000_000), .. Number(2, 5)]), .. Number(10, 0),
            .. Field(17, [.. Field(4, Number(1, 0)), .. Field(7, Text(1, "{\"f:x\":{}}"))]),
        ]);
        var resources = Field(8, Field(1, [.. Text(1, "cpu"), .. Field(2, Text(1, "500m"))]));
        var probe = Field(10, [.. Field(1, Field(2, [.. Text(1, "/ready"), .. Field(2, [.. Number(1, 1), .. Text(3, "http")])])), .. Number(2, 3)]);
        var spec = Field(2, [.. Field(1, [.. Text(1, "tmp"), .. Field(2, Field(2, []))]), .. Field(2, [.. Text(1, "c"), .. resources, .. probe])]);
        Same(
            """
            {apiVersion: v1, kind: Pod, metadata: {name: p, generation: -1, creationTimestamp: "2023-11-14T22:13:20Z", deletionGracePeriodSeconds: 0,
              managedFields: [{time: "1970-01-01T00:00:00Z", fieldsV1: {"f:x": {}}}]},
             spec: {volumes: [{name: tmp, emptyDir: {}}],
              containers: [{name: c, resources: {limits: {cpu: 500m}}, livenessProbe: {httpGet: {path: /ready, port: http}, initialDelaySeconds: 3}}]}}
            """,
            ProtobufBody.Read(Body("v1", "Pod", [.. meta, .. spec])));
        Same(
            "{apiVersion: coordination.k8s.io/v1, kind: Lease, spec: {renewTime: '2023-11-14T22:13:20.000001Z'}}",
            ProtobufBody.Read(Body("coordination.k8s.io/v1", "Lease", Field(2, Field(4, [.. Number(1, 1_700_000_000), .. Number(2, 1000)])))));
        Same(
            "{apiVersion: apps/v1, kind: DeleteOptions, gracePeriodSeconds: 0, propagationPolicy: Orphan}",
            ProtobufBody.Read(Body("apps/v1", "DeleteOptions", [.. Number(1, 0), .. Text(4, "Orphan")])));
    }

    [Fact]
    public void What_a_newer_client_knows_and_nobody_set_does_not_matter() =>
        Same("{apiVersion: v1, kind: ConfigMap}", ProtobufBody.Read(Body("v1", "ConfigMap", [.. Text(98, ""), .. Number(99, 0)])));

    [Theory, MemberData(nameof(Broken))]
    public void What_is_broken_or_not_known_is_said(string problem, byte[] body) =>
        Assert.Contains(problem, Assert.Throws<ProtobufFormatException>(() => ProtobufBody.Read(body)).Message, StringComparison.Ordinal);

    [Fact]
    public void Nothing_else_is_ever_thrown()
    {
        const int Seed = 20;
        var random = new Random(Seed);
        foreach (var body in Recorded.Select(r => Convert.FromBase64String((string)r[1])))
        {
            for (var length = 0; length < body.Length; length++)
                Try(body[..length]);
            for (var round = 0; round < 2000; round++)
            {
                var changed = body.ToArray();
                for (var changes = random.Next(1, 5); changes > 0; changes--)
                    changed[random.Next(4, changed.Length)] = (byte)random.Next(256);
                Try(changed);
                var noise = new byte[random.Next(1, 200)];
                random.NextBytes(noise);
                Try(Body("v1", "Pod", noise));
                Try([.. "k8s\0"u8, .. noise]);
            }
        }
    }

    /// <summary>The numbers and the shapes say the same fields.</summary>
    [Fact]
    public void Every_field_of_every_built_in_kind_has_a_number()
    {
        foreach (var (type, shape) in BuiltInKinds.Types.Where(t => !t.Key.Contains("apiextensions", StringComparison.Ordinal)))
        {
            var message = MessageNumbers.Of(type);
            Assert.True(message is not null, type);
            Assert.Empty(shape.Fields.Keys.Except(Names(message)).Except(["apiVersion", "kind"]));
            Assert.Empty(message.Fields.Where(f => f[0] != '+').Except(shape.Fields.Keys));
        }

        static IEnumerable<string> Names(MessageNumbers message) => message.Fields.SelectMany(f => message.Inlined(f) is { } inlined ? Names(inlined) : [f]);
    }

    private static void Same(string yaml, JsonObject read) => Assert.True(JsonNode.DeepEquals(Served.Object(yaml), read), read.ToJsonString());

    private static void Try(byte[] body)
    {
        try
        {
            _ = ProtobufBody.Read(body).ToJsonString();
        }
        catch (ProtobufFormatException)
        {
            // Said as it should be.
        }
        catch (Exception e)
        {
            Assert.Fail($"{Convert.ToBase64String(body)}: {e}");
        }
    }

    private static byte[] Body(string apiVersion, string kind, byte[] message, byte[]? more = null) =>
        [.. "k8s\0"u8, .. Field(1, [.. Text(1, apiVersion), .. Text(2, kind)]), .. Field(2, message), .. more ?? []];

    private static byte[] Text(int number, string text) => Field(number, Encoding.UTF8.GetBytes(text));

    private static byte[] Field(int number, byte[] value) => [.. Varint(((ulong)number << 3) | 2), .. Varint((ulong)value.Length), .. value];

    private static byte[] Number(int number, long value) => [.. Varint((ulong)number << 3), .. Varint(unchecked((ulong)value))];

    private static IEnumerable<byte> Varint(ulong value)
    {
        for (; value > 0x7F; value >>= 7)
            yield return (byte)(value | 0x80);
        yield return (byte)value;
    }
}
