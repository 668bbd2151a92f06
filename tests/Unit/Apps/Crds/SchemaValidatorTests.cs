using System.Globalization;
using System.Text.Json.Nodes;
using Fleet.Apps;
using Xunit;

namespace Fleet.Unit.Apps;

public sealed class SchemaValidatorTests
{
    private const string Service = "services: [{ name: auth, port: 8001, protocol: HTTP/REST, FIELD }]";

    [Theory]
    // types
    [InlineData("suspend: 'true'", "suspend: must be true or false, is \"true\": remove the quotes")]
    [InlineData("suspend: 1", "suspend: must be true or false, is 1")]
    [InlineData("progressDeadlineSeconds: '600'", "progressDeadlineSeconds: must be a whole number, is \"600\": remove the quotes")]
    [InlineData("progressDeadlineSeconds: ten", "progressDeadlineSeconds: must be a whole number, is \"ten\"")]
    [InlineData("progressDeadlineSeconds: 60.5", "progressDeadlineSeconds: must be a whole number, is 60.5")]
    [InlineData("gateway: true", "gateway: must be an object, is true")]
    [InlineData("gateway: { hostnames: [null] }", "gateway.hostnames[0]: must be a string, is empty: give it a value or remove it")]
    [InlineData("gateway: { hostnames: a.example.com }", "gateway.hostnames: must be a list, is \"a.example.com\": put - in front of each entry")]
    [InlineData("gateway: { resources: { limits: { cpu: 0.5 } } }", "gateway.resources.limits[cpu]: must be a whole number or a string, is 0.5: put it in quotes")]
    [InlineData("commonLabels: { version: 1.10 }", "commonLabels[version]: must be a string, is 1.1: put it in quotes")]
    [InlineData("commonLabels: { current: true }", "commonLabels[current]: must be a string, is true: put it in quotes")]
    [InlineData("commonLabels: [a]", "commonLabels: must be an object, is a list")]
    // bounds
    [InlineData("progressDeadlineSeconds: 5", "progressDeadlineSeconds: must be between 10 and 86400, is 5")]
    [InlineData("progressDeadlineSeconds: 99999999999999", "progressDeadlineSeconds: must be between 10 and 86400, is 99999999999999")]
    [InlineData("defaults: { replicas: -1 }", "defaults.replicas: must be between 0 and 1000, is -1")]
    [InlineData("gateway: { image: '' }", "gateway.image: must not be empty")]
    [InlineData("commonLabels: { a: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa }", "commonLabels[a]: must have at most 63 characters, has 64")]
    // choices and patterns
    [InlineData("driftPolicy: repair", "driftPolicy: must be Repair or Report, is \"repair\"")]
    [InlineData("gateway: { serviceType: ExternalName }", "gateway.serviceType: must be ClusterIP, NodePort or LoadBalancer, is \"ExternalName\"")]
    [InlineData("gateway: { hostnames: [Shop.example.com] }", "gateway.hostnames[0]: must be a host name in lower case, or one with *. in front, is \"Shop.example.com\"")]
    [InlineData("gateway: { hostnames: [\"a\\n\"] }", "gateway.hostnames[0]: must be a host name in lower case, or one with *. in front, is \"a \"")]
    [InlineData("gateway: { resources: { limits: { cpu: 1 core } } }", "gateway.resources.limits[cpu]: must be a quantity such as 500m or 256Mi, is \"1 core\"")]
    // unknown fields
    [InlineData("drift: Report", "drift: unknown field")]
    [InlineData("driftpolicy: Report", "driftpolicy: unknown field; did you mean driftPolicy?")]
    [InlineData("gatway: {}", "gatway: unknown field; did you mean gateway?")]
    // twice
    [InlineData("gateway: { hostnames: [a, b, a] }", "gateway.hostnames[2]: \"a\" is taken already, by spec.gateway.hostnames[0]")]
    [InlineData("defaults: { imagePullSecrets: [{ name: a }, { name: a }] }", "defaults.imagePullSecrets[1].name: \"a\" is taken already, by spec.defaults.imagePullSecrets[0]")]
    public void A_violation_is_told_at_its_path(string field, string problem) =>
        Assert.Equal([$"spec.{problem}"], Check($"services: [{{ name: auth, port: 8001, protocol: HTTP/REST }}]\n{field}"));

    [Theory]
    [InlineData("prot: HTTP", "prot: unknown field; did you mean port?")]
    [InlineData("probes: { path: healthz }", "probes.path: must be a path that begins with /, is \"healthz\"")]
    [InlineData("route: { pathPrefix: /users/ }", "route.pathPrefix: must be a path such as /users, of letters, digits and . _ ~ -, without / at its end and without . and .. as segments, is \"/users/\"")]
    [InlineData("dependsOn: [Users]", "dependsOn[0]: must be lower-case letters, digits and -, beginning with a letter and not ending with -, is \"Users\"")]
    [InlineData("strategy: { maxSurge: '5' }", "strategy.maxSurge: must be a number or a percentage such as 25%, is \"5\"")]
    [InlineData("strategy: { maxUnavailable: 150% }", "strategy.maxUnavailable: must be a number or a percentage up to 100%, is \"150%\"")]
    [InlineData("strategy: { maxSurge: -1 }", "strategy.maxSurge: must be between 0 and 1000, is -1")]
    [InlineData("strategy: { maxSurge: 1.5 }", "strategy.maxSurge: must be a whole number or a string, is 1.5: put it in quotes")]
    [InlineData("extraPorts: [{ name: a--b, port: 1 }]", "extraPorts[0].name: must be lower-case letters, digits and single -, beginning with a letter and not ending with -, is \"a--b\"")]
    [InlineData("env: [{ value: x }]", "env[0].name: is required")]
    [InlineData("env: [{ name: 1A }]", "env[0].name: must be letters, digits and - . _, not beginning with a digit or two dots, is \"1A\"")]
    [InlineData("volumes: [{ name: a, mountPath: a, emptyDir: {} }]", "volumes[0].mountPath: must be an absolute path without :, is \"a\"")]
    [InlineData("volumes: [{ name: a, mountPath: /a, subPath: a/../b, emptyDir: {} }]", "volumes[0].subPath: must be a relative path without .., is \"a/../b\"")]
    [InlineData("volumes: [{ name: a, mountPath: /a, subPath: /a, emptyDir: {} }]", "volumes[0].subPath: must be a relative path without .., is \"/a\"")]
    [InlineData("volumes: [{ name: a, mountPath: /a, emptyDir: { medium: memory } }]", "volumes[0].emptyDir.medium: must be \"\" or Memory, is \"memory\"")]
    [InlineData("image: 'a b'", "image: must be an image, in ASCII and without blanks, is \"a b\"")]
    [InlineData("image: \"a\\u00a0\"", "image: must be an image, in ASCII and without blanks, is \"a\u00a0\"")]
    [InlineData("env: [{ name: .. }]", "env[0].name: must be letters, digits and - . _, not beginning with a digit or two dots, is \"..\"")]
    [InlineData("env: [{ name: A, valueFrom: { fieldRef: { fieldPath: status.phase } } }]", "env[0].valueFrom.fieldRef.fieldPath: must be a field that a variable can be, such as metadata.name, metadata.labels['a'], spec.nodeName or status.podIP, is \"status.phase\"")]
    [InlineData("env: [{ name: A, valueFrom: { resourceFieldRef: { resource: cpu } } }]", "env[0].valueFrom.resourceFieldRef.resource: must be a resource such as limits.cpu or requests.memory, is \"cpu\"")]
    [InlineData("env: [{ name: A, valueFrom: { secretKeyRef: { name: s, key: a/b } } }]", "env[0].valueFrom.secretKeyRef.key: must be a key: letters, digits and - . _, not beginning with two dots, is \"a/b\"")]
    [InlineData("envFrom: [{ configMapRef: { name: A_b } }]", "envFrom[0].configMapRef.name: must be a DNS name: lower-case letters, digits, - and ., is \"A_b\"")]
    [InlineData("route: { pathPrefix: /a/../b }", "route.pathPrefix: must be a path such as /users, of letters, digits and . _ ~ -, without / at its end and without . and .. as segments, is \"/a/../b\"")]
    [InlineData("grpc: { services: [/orders.v1.Orders] }", "grpc.services[0]: must be a full gRPC service name such as orders.v1.Orders, is \"/orders.v1.Orders\"")]
    public void A_violation_in_a_service_is_told_at_its_path(string field, string problem) =>
        Assert.Equal([$"spec.services[0].{problem}"], Check(Service.Replace("FIELD", field, StringComparison.Ordinal)));

    [Theory]
    [InlineData("podTemplate: { anything: [1, { b: null }] }")]
    [InlineData("strategy: { maxSurge: 25%, maxUnavailable: 0 }")]
    [InlineData("resources: { limits: { cpu: 2, memory: 1.5Gi, ephemeral-storage: 1e9 } }")]
    [InlineData("volumes: [{ name: a, mountPath: /a, subPath: a/..b/.c/, emptyDir: {} }]")]
    [InlineData("grpc: { services: [] }")]
    public void What_fits_is_accepted(string field) => Assert.Empty(Check(Service.Replace("FIELD", field, StringComparison.Ordinal)));

    [Fact]
    public void All_violations_are_told_in_the_order_of_the_value() => Assert.Equal(
        [
            "spec.services[0].name: is required",
            "spec.services[0].port: must be between 1 and 65535, is 0",
            "spec.services[0].protocol: must be HTTP/REST, gRPC or HTTP, is \"gRPCs\"",
            "spec.services[1]: must be an object, is \"auth\"",
            "spec.gateway.prot: unknown field; did you mean port?",
        ],
        Check("services: [{ port: 0, protocol: gRPCs }, auth]\ngateway: { prot: 80 }"));

    [Fact]
    public void There_is_an_end_to_telling()
    {
        var services = string.Join(", ", Enumerable.Range(0, 1000).Select(i => $"{{ name: UPPER{i.ToString(CultureInfo.InvariantCulture)} }}"));
        Assert.Equal(SchemaValidator.MaxProblems, Check($"services: [{services}]").Length);
    }

    [Fact]
    public void What_somebody_wrote_is_shown_in_one_line_and_cut()
    {
        var problem = Assert.Single(SchemaValidator.Check(Crd.Schema.Properties["spec"].Properties["driftPolicy"], JsonValue.Create("a\n\u001b" + new string('x', 1000))));
        Assert.Equal($"must be Repair or Report, is \"a  {new string('x', 54)}...\"", problem.Message);
    }

    [Fact]
    public void A_number_is_one_whatever_it_is_kept_as()
    {
        var port = new Schema { Type = "integer", Minimum = 1 };
        Assert.All<JsonNode>([JsonValue.Create(1), JsonValue.Create(1L), JsonValue.Create((ushort)1), JsonValue.Create(1m)], n => Assert.Empty(SchemaValidator.Check(port, n)));
        Assert.Equal("must be at least 1, is 0", Assert.Single(SchemaValidator.Check(port, 0)).Message);
    }

    private static string[] Check(string spec) => [.. SchemaValidator.Check(Crd.Schema, Documents.Of(spec)).Select(p => p.ToString())];
}
