using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Kubernetes;
using Xunit;

namespace Fleet.Unit.Diff;

/// <summary>What has to be patched before an apply: shown on a probe that leaves the spec while another one changes its handler.</summary>
public class PreparationTests
{
    private const string Desired = """
        metadata: { name: shop-users }
        spec: { template: { spec: { containers: [{ name: users, image: a:2, readinessProbe: { tcpSocket: { port: 80 } } }] } } }
        """;

    private const string Live = """
        metadata:
          name: shop-users
          managedFields:
          - manager: fleet-operator
            operation: Apply
            fieldsV1:
              f:spec:
                f:template:
                  f:spec:
                    f:containers:
                      k:{"name":"users"}:
                        .: {}
                        f:image: {}
                        f:livenessProbe: { .: {}, f:httpGet: { .: {}, f:path: {}, f:port: {} }, f:periodSeconds: {} }
                        f:readinessProbe: { .: {}, f:httpGet: { .: {}, f:port: {} } }
          - { manager: other, operation: Update, fieldsV1: { f:spec: { f:paused: {} } } }
        spec:
          template:
            spec:
              containers:
              - { name: sidecar }
              - { name: users, image: a:1, livenessProbe: { httpGet: { path: /, port: 80 }, periodSeconds: 2 }, readinessProbe: { httpGet: { port: 80 } } }
        """;

    private static readonly ClusterFeatures Old = ClusterFeatures.Of(new(1, 20, ""));

    [Fact]
    public void Before_1_21_what_goes_with_the_structs_in_it_is_taken_away_first_and_a_handler_makes_room_for_its_successor()
    {
        Assert.Equal(
            """[{"op":"test","path":"/spec/template/spec/containers/1/livenessProbe","value":{"httpGet":{"path":"/","port":80},"periodSeconds":2}},{"op":"remove","path":"/spec/template/spec/containers/1/livenessProbe"},"""
            + """{"op":"test","path":"/spec/template/spec/containers/1/readinessProbe","value":{"httpGet":{"port":80}}},{"op":"replace","path":"/spec/template/spec/containers/1/readinessProbe","value":{"tcpSocket":{"port":80}}}]""",
            Of(Live, Old));
        Assert.Equal("[]", Of(Live, ClusterFeatures.Of(new(1, 21, ""))));
    }

    [Fact]
    public void What_somebody_else_holds_as_well_stays() => Assert.DoesNotContain(
        "livenessProbe",
        Of(
            Live.Replace(
                "{ f:spec: { f:paused: {} } }",
                "{ f:spec: { f:template: { f:spec: { f:containers: { 'k:{\"name\":\"users\"}': { f:livenessProbe: { f:periodSeconds: {} } } } } } } }", StringComparison.Ordinal),
            Old),
        StringComparison.Ordinal);

    [Fact]
    public void A_volume_changes_its_source_where_it_stands() => Assert.Equal(
        """[{"op":"test","path":"/spec/template/spec/volumes/1","value":{"name":"data","emptyDir":{}}},{"op":"replace","path":"/spec/template/spec/volumes/1","value":{"name":"data","configMap":{"name":"c"}}}]""",
        Of(
            """
            metadata:
              name: shop-users
              managedFields:
              - { manager: fleet-operator, operation: Apply, fieldsV1: { f:spec: { f:template: { f:spec: { f:volumes: { 'k:{"name":"data"}': { .: {}, f:name: {}, f:emptyDir: {} } } } } } } }
            spec: { template: { spec: { volumes: [{ name: of-another }, { name: data, emptyDir: {} }] } } }
            """,
            Old,
            "{ metadata: { name: shop-users }, spec: { template: { spec: { volumes: [{ name: data, configMap: { name: c } }] } } } }"));

    [Fact]
    public void What_was_created_becomes_what_was_applied() => Assert.Equal(
        """[{"op":"test","path":"/metadata/managedFields/0/manager","value":"fleet-operator"},{"op":"test","path":"/metadata/managedFields/0/operation","value":"Update"},{"op":"replace","path":"/metadata/managedFields/0/operation","value":"Apply"}]""",
        Of(Live.Replace("operation: Apply", "operation: Update", StringComparison.Ordinal), ClusterFeatures.Current));

    [Fact]
    public void What_was_patched_is_joined_to_what_was_applied() => Assert.Equal(
        """[{"op":"test","path":"/metadata/managedFields/1/manager","value":"fleet-operator"},{"op":"test","path":"/metadata/managedFields/0/manager","value":"fleet-operator"},"""
        + """{"op":"test","path":"/metadata/managedFields/1/fieldsV1","value":{"f:spec":{"f:b":{},"f:c":{".":{},"f:y":{}}}}},"""
        + """{"op":"test","path":"/metadata/managedFields/0/fieldsV1","value":{"f:spec":{"f:a":{},"f:c":{"f:x":{}}}}},"""
        + """{"op":"replace","path":"/metadata/managedFields/0/fieldsV1","value":{"f:spec":{"f:a":{},"f:c":{"f:x":{},".":{},"f:y":{}},"f:b":{}}}},{"op":"remove","path":"/metadata/managedFields/1"}]""",
        Of(
            """
            metadata:
              name: shop-users
              managedFields:
              - { manager: fleet-operator, operation: Apply, fieldsV1: { f:spec: { f:a: {}, f:c: { f:x: {} } } } }
              - { manager: fleet-operator, operation: Update, fieldsV1: { f:spec: { f:b: {}, f:c: { .: {}, f:y: {} } } } }
            """,
            ClusterFeatures.Current,
            "{ metadata: { name: shop-users } }"));

    private static string Of(string live, ClusterFeatures features, string desired = Desired) =>
        Preparation.Of(new(new PlannedObject(Object(desired), "users"), Object(live)), features).ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    private static KubeObject Object(string yaml) => KubeObject.From(Resources.Deployments, (JsonObject)Yaml.ParseOne(yaml));
}
