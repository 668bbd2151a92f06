using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Cli;
using Fleet.Kubernetes;
using Xunit;

namespace Fleet.Unit.Cli;

public class DiffPageTests
{
    // Once created by us (so that the server's defaults count as ours too), then scaled by somebody.
    private const string LiveDeployment = """
        metadata:
          name: shop-users
          namespace: demo
          annotations: { fleet.microservices.dev/applied: bb }
          managedFields:
          - manager: fleet-operator
            operation: Update
            fieldsV1:
              f:metadata: { f:labels: { .: {}, f:old: {} } }
              f:spec:
                f:progressDeadlineSeconds: {}
                f:strategy: { f:rollingUpdate: { .: {}, f:maxSurge: {}, f:maxUnavailable: {} }, f:type: {} }
                f:template:
                  f:spec:
                    f:dnsPolicy: {}
                    f:containers:
                      k:{"name":"users"}:
                        .: {}
                        f:args: {}
                        f:resources: {}
                        f:env: { .: {}, 'k:{"name":"GONE"}': { .: {}, f:name: {}, f:value: {} } }
          - { manager: kubectl, operation: Update, subresource: scale, fieldsV1: { f:spec: { f:replicas: {} } } }
        spec:
          replicas: 3
          progressDeadlineSeconds: 600
          strategy: { type: RollingUpdate, rollingUpdate: { maxSurge: 25%, maxUnavailable: 25% } }
          template: { spec: { dnsPolicy: ClusterFirst, containers: [{ name: users, image: a:1, args: [--fast], resources: {}, env: [{ name: GONE, value: x }] }] } }
        """;

    private const string Desired = """
        metadata: { name: shop-users, namespace: demo, annotations: { fleet.microservices.dev/applied: aa } }
        spec: { replicas: 1, template: { spec: { containers: [{ name: users, image: a:2 }] } } }
        """;

    [Fact]
    public void A_change_names_each_field_and_what_goes_with_it()
    {
        var live = Object(Resources.Deployments, LiveDeployment.Replace("  managedFields", "  labels: { old: x }\n  managedFields", StringComparison.Ordinal));
        Assert.Equal(
            """
            ~ Deployment/shop-users
              .spec.replicas: 3 -> 1
              .spec.template.spec.containers[users].image: a:1 -> a:2
              .metadata.labels: {"old":"x"} -> (none)
              .spec.template.spec.containers[users].args: ["--fast"] -> (none)
              .spec.template.spec.containers[users].env: [{"name":"GONE","value":"x"}] -> (none)

            """,
            Page(new ObjectAction.Apply(Planned(Resources.Deployments, Desired), live)));
    }

    [Fact]
    public void Drift_names_who_did_it()
    {
        var (desired, live) = (Planned(Resources.Deployments, Desired), Object(Resources.Deployments, LiveDeployment));
        var replicas = FieldDiff.Between(desired.Object, live).Where(d => d.Path.ToString() == ".spec.replicas").ToArray();
        Assert.Contains("  .spec.replicas: 3 -> 1  (set by kubectl)\n", Page(new ObjectAction.Apply(desired, live) { Drift = [.. replicas] }), StringComparison.Ordinal);
        Assert.Equal(
            "! Deployment/shop-users  (Drifted: somebody did)\n  .spec.replicas: 3 -> 1  (set by kubectl)\n",
            Page(new ObjectAction.Hold(desired, live, new(Reasons.Drifted, "somebody did")) { Drift = [.. replicas] }));
    }

    [Fact]
    public void Each_action_has_its_sign()
    {
        var (service, live) = (Planned(Resources.Services, "metadata: { name: a }"), Object(Resources.Services, "metadata: { name: a }"));
        Assert.Equal("+ Service/a\n", Page(new ObjectAction.Create(service)));
        Assert.Equal("+ Service/a  (somebody deleted it)\n", Page(new ObjectAction.Create(service) { IsDrift = true }));
        Assert.Equal("-/+ Service/a  (deleted and made again: .spec.clusterIP cannot be changed in place)\n", Page(new ObjectAction.Replace(service, live, ".spec.clusterIP")));
        Assert.Equal("- Service/a\n", Page(new ObjectAction.Delete(live, "a")));
        Assert.Equal("", Page(new ObjectAction.Keep(service, live)));
        Assert.Equal("~ Service/a\n  only the record of what was applied\n", Page(new ObjectAction.Apply(service, live)));
    }

    [Fact]
    public void Of_a_text_only_the_lines_that_differ_are_shown()
    {
        var (desired, live) = (Planned(Resources.ConfigMaps, "{ metadata: { name: r }, data: { f: \"a\\nb2\\nc\\nd\\n\" } }"), Object(Resources.ConfigMaps, "{ metadata: { name: r }, data: { f: \"a\\nb\\nc\\n\" } }"));
        Assert.Equal("~ ConfigMap/r\n  .data.f:\n    - b\n    + b2\n    + d\n", Page(new ObjectAction.Apply(desired, live)));
    }

    private static string Page(ObjectAction action) => Examples.Plain(DiffPage.Of([action]));

    private static PlannedObject Planned(Resource resource, string yaml) => new(Object(resource, yaml), "users");

    private static KubeObject Object(Resource resource, string yaml) => KubeObject.From(resource, (JsonObject)Yaml.ParseOne(yaml));
}
