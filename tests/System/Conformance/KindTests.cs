using System.Text;
using System.Text.Json.Nodes;
using Xunit;

namespace Fleet.SystemTests.Conformance;

/// <summary>The kinds themselves: what the server adds to them, what it refuses, and their subresources.</summary>
public class KindTests : ConformanceTest
{
    [Theory]
    [InlineData("spec.replicas", "1")]
    [InlineData("spec.revisionHistoryLimit", "10")]
    [InlineData("spec.progressDeadlineSeconds", "600")]
    [InlineData("spec.strategy.type", "RollingUpdate")]
    [InlineData("spec.strategy.rollingUpdate.maxSurge", "25%")]
    [InlineData("spec.strategy.rollingUpdate.maxUnavailable", "25%")]
    [InlineData("spec.template.spec.restartPolicy", "Always")]
    [InlineData("spec.template.spec.dnsPolicy", "ClusterFirst")]
    [InlineData("spec.template.spec.schedulerName", "default-scheduler")]
    [InlineData("spec.template.spec.terminationGracePeriodSeconds", "30")]
    [InlineData("spec.template.spec.securityContext", "{}")]
    [InlineData("spec.template.spec.containers[0].imagePullPolicy", "IfNotPresent")]
    [InlineData("spec.template.spec.containers[0].terminationMessagePath", "/dev/termination-log")]
    [InlineData("spec.template.spec.containers[0].terminationMessagePolicy", "File")]
    [InlineData("spec.template.spec.containers[0].resources", "{}")]
    [InlineData("spec.template.spec.containers[0].ports[0].protocol", "TCP")]
    [InlineData("spec.template.spec.containers[0].readinessProbe.periodSeconds", "10")]
    [InlineData("spec.template.spec.containers[0].readinessProbe.timeoutSeconds", "1")]
    [InlineData("spec.template.spec.containers[0].readinessProbe.successThreshold", "1")]
    [InlineData("spec.template.spec.containers[0].readinessProbe.failureThreshold", "3")]
    [InlineData("spec.template.spec.containers[0].readinessProbe.httpGet.scheme", "HTTP")]
    [InlineData("spec.template.spec.containers[1].imagePullPolicy", "Always")]
    [InlineData("spec.template.spec.containers[1].env[0].valueFrom.fieldRef.apiVersion", "v1")]
    [InlineData("spec.template.spec.volumes[0].configMap.defaultMode", "420")]
    [InlineData("spec.template.spec.volumes[1].secret.defaultMode", "420")]
    public async Task A_Deployment_gets_its_defaults(string path, string value)
    {
        var made = (await Wire.PostAsync(Apps("deployments?dryRun=All"), """
            apiVersion: apps/v1
            kind: Deployment
            metadata: { name: web }
            spec:
              selector: { matchLabels: { app: web } }
              template:
                metadata: { labels: { app: web } }
                spec:
                  containers:
                  - { name: web, image: 'example/web:1', ports: [{ containerPort: 80 }], readinessProbe: { httpGet: { path: /, port: 80 } } }
                  - { name: side, image: example/side, env: [{ name: POD, valueFrom: { fieldRef: { fieldPath: metadata.name } } }] }
                  volumes:
                  - { name: a, configMap: { name: a } }
                  - { name: b, secret: { secretName: b } }
            """)).Is(201);
        Assert.Equal(value, made.At(path)?.ToString());
    }

    [Theory]
    [InlineData("spec.type", "ClusterIP")]
    [InlineData("spec.sessionAffinity", "None")]
    [InlineData("spec.ports[0].protocol", "TCP")]
    [InlineData("spec.ports[0].targetPort", "80")]
    [InlineData("spec.ports[1].targetPort", "named")]
    public async Task A_Service_gets_its_defaults(string path, string value)
    {
        var made = (await Wire.PostAsync(Core("services"), """
            apiVersion: v1
            kind: Service
            metadata: { name: web }
            spec: { selector: { app: web }, ports: [{ name: a, port: 80 }, { name: b, port: 81, targetPort: named }] }
            """)).Is(201);
        Assert.Equal(value, made.At(path)?.ToString());
        Assert.Matches("^[0-9]+[.][0-9.]+$", made.Text("spec.clusterIP")!);
        Assert.Equal(made.Text("spec.clusterIP"), made.Text("spec.clusterIPs[0]"));
        Assert.NotNull(made.At("status.loadBalancer"));
    }

    [Fact]
    public async Task Services_have_addresses_of_their_own_and_headless_ones_none()
    {
        var one = (await Wire.PostAsync(Core("services"), Service("one"))).Is(201);
        var two = (await Wire.PostAsync(Core("services"), Service("two"))).Is(201);
        Assert.NotEqual(one.Text("spec.clusterIP"), two.Text("spec.clusterIP"));
        var headless = (await Wire.PostAsync(Core("services"), Service("three", "clusterIP: None,"))).Is(201);
        Assert.Equal("None", headless.Text("spec.clusterIP"));
        var external = (await Wire.PostAsync(Core("services"), "{ apiVersion: v1, kind: Service, metadata: { name: four }, spec: { type: ExternalName, externalName: example.org } }")).Is(201);
        Assert.True(string.IsNullOrEmpty(external.Text("spec.clusterIP")));
    }

    [Fact]
    public async Task A_Service_keeps_its_address()
    {
        var made = (await Wire.PostAsync(Core("services"), Service("one"))).Is(201);
        // Earlier servers want the address and the version said again.
        var next = Since(25) ? Parsed(Service("one")) : made;
        var kept = (await Wire.PutAsync(Core("services/one"), next.With(s => s["spec"]!["ports"]![0]!["port"] = 81))).Is(200);
        Assert.Equal(made.Text("spec.clusterIP"), kept.Text("spec.clusterIP"));
        var answer = (await Wire.PutAsync(Core("services/one"), kept.With(s =>
        {
            s["spec"]!["clusterIP"] = "10.96.77.77";
            s["spec"]!["clusterIPs"] = new JsonArray("10.96.77.77");
        }))).Refuses(422, "Invalid");
        Assert.Contains(answer.Fields, f => f.StartsWith("spec.clusterIP", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_Services_ports_are_told_apart()
    {
        var answer = (await Wire.PostAsync(Core("services"), """
            { apiVersion: v1, kind: Service, metadata: { name: web }, spec: { ports: [{ name: a, port: 80 }, { name: a, port: 81 }, { name: b, port: 80 }] } }
            """)).Refuses(422, "Invalid");
        Assert.Contains(answer.Causes, c => c.Text("reason") == "FieldValueDuplicate" && c.Text("field") == "spec.ports[1].name");
        Assert.Contains(answer.Causes, c => c.Text("reason") == "FieldValueDuplicate" && c.Text("field") == "spec.ports[2]");
    }

    [Fact]
    public async Task A_Secret_keeps_texts_as_base64_and_has_a_type()
    {
        var made = (await Wire.PostAsync(Core("secrets"), "{ apiVersion: v1, kind: Secret, metadata: { name: a }, data: { one: b25l }, stringData: { two: zwei } }")).Is(201);
        Assert.Equal(("Opaque", "b25l", Convert.ToBase64String(Encoding.UTF8.GetBytes("zwei"))), (made.Text("type"), made.Text("data.one"), made.Text("data.two")));
        Assert.Null(made["stringData"]);
        var patched = (await Wire.PatchAsync(Core("secrets/a"), Wire.MergePatch, "{ stringData: { one: eins } }")).Is(200);
        Assert.Equal(Convert.ToBase64String(Encoding.UTF8.GetBytes("eins")), patched.Text("data.one"));
        (await Wire.PostAsync(Core("secrets"), "{ apiVersion: v1, kind: Secret, metadata: { name: b }, data: { one: '%%' } }")).Is(400, 422);
        var type = (await Wire.PatchAsync(Core("secrets/a"), Wire.MergePatch, "{ type: other }")).Refuses(422, "Invalid");
        Assert.Equal(["type"], type.Fields);
    }

    [Fact]
    public async Task What_is_declared_immutable_stays()
    {
        (await Wire.PostAsync(Core("configmaps"), "{ apiVersion: v1, kind: ConfigMap, metadata: { name: a }, data: { a: '1' }, immutable: true }")).Is(201);
        var answer = (await Wire.PatchAsync(Core("configmaps/a"), Wire.MergePatch, "{ data: { a: '2' } }")).Refuses(422, "Invalid");
        Assert.Contains("data", answer.Fields);
        (await Wire.PatchAsync(Core("configmaps/a"), Wire.MergePatch, "{ metadata: { labels: { x: z } } }")).Is(200);
    }

    [Fact]
    public async Task A_key_of_a_ConfigMap_is_a_file_name() =>
        Assert.Contains("data[a/b]", (await Wire.PostAsync(Core("configmaps"), "{ apiVersion: v1, kind: ConfigMap, metadata: { name: a }, data: { a/b: '1' } }")).Refuses(422, "Invalid").Fields);

    [Fact]
    public async Task Labels_and_names_have_their_syntax()
    {
        var answer = (await Wire.PostAsync(Core("configmaps"), """
            { apiVersion: v1, kind: ConfigMap, metadata: { name: -a, labels: { 'x y': 'ok', ok: 'no/slash' }, annotations: { 'a b': x } } }
            """)).Refuses(422, "Invalid");
        Assert.Contains("metadata.name", answer.Fields);
        Assert.Equal(2, answer.Fields.Count(f => f == "metadata.labels"));
        Assert.Contains("metadata.annotations", answer.Fields);
    }

    [Theory]
    [InlineData("name: web, image: 'x:1', resources: { requests: { cpu: 2 }, limits: { cpu: 1 } }", "spec.template.spec.containers[0].resources.requests")]
    [InlineData("name: web, image: 'x:1', ports: [{ containerPort: 0 }]", "spec.template.spec.containers[0].ports[0].containerPort")]
    [InlineData("name: web, image: 'x:1', env: [{ name: '' }]", "spec.template.spec.containers[0].env[0].name")]
    [InlineData("name: web, image: 'x:1', imagePullPolicy: Maybe", "spec.template.spec.containers[0].imagePullPolicy")]
    [InlineData("name: web, image: 'x:1', volumeMounts: [{ name: none, mountPath: /x }]", "spec.template.spec.containers[0].volumeMounts[0].name")]
    [InlineData("name: Web, image: 'x:1'", "spec.template.spec.containers[0].name")]
    [InlineData("name: web", "spec.template.spec.containers[0].image")]
    public async Task A_pod_template_is_checked(string container, string field)
    {
        var body = $"{{ apiVersion: apps/v1, kind: Deployment, metadata: {{ name: web }}, spec: {{ selector: {{ matchLabels: {{ a: b }} }}, template: {{ metadata: {{ labels: {{ a: b }} }}, spec: {{ containers: [{{ {container} }}] }} }} }} }}";
        Assert.Contains(field, (await Wire.PostAsync(Apps("deployments"), body)).Refuses(422, "Invalid").Fields);
    }

    [Fact]
    public async Task Two_containers_of_a_pod_have_two_names()
    {
        var answer = (await Wire.PostAsync(Core("pods"), Pod("a").Replace("[{ name: web,", "[{ name: web, image: 'x:1' }, { name: web,", StringComparison.Ordinal))).Refuses(422, "Invalid");
        Assert.Contains(answer.Causes, c => c.Text("reason") == "FieldValueDuplicate" && c.Text("field") == "spec.containers[1].name");
    }

    [Fact]
    public async Task A_pods_spec_does_not_change()
    {
        (await Wire.PostAsync(Core("pods"), Pod("a"))).Is(201);
        (await Wire.PatchAsync(Core("pods/a"), Wire.MergePatch, "{ spec: { restartPolicy: Never } }")).Refuses(422, "Invalid");
        Assert.Equal("example/web:2", (await Wire.PatchAsync(Core("pods/a"), Wire.StrategicPatch, "{ spec: { containers: [{ name: web, image: 'example/web:2' }] } }")).Is(200).Text("spec.containers[0].image"));
    }

    [Fact]
    public async Task A_new_pod_waits_for_a_node()
    {
        var made = (await Wire.PostAsync(Core("pods"), Pod("a"))).Is(201);
        Assert.Equal(("Pending", null, "default"), (made.Text("status.phase"), made.Text("spec.nodeName"), made.Text("spec.serviceAccountName")));
        Assert.Equal("BestEffort", made.Text("status.qosClass"));
    }

    [Fact]
    public async Task A_binding_gives_a_pod_to_a_node()
    {
        (await Wire.PostAsync(Core("pods"), Pod("a"))).Is(201);
        var binding = Parsed($"{{ apiVersion: v1, kind: Binding, metadata: {{ name: a }}, target: {{ apiVersion: v1, kind: Node, name: {Far} }} }}");
        (await Wire.PostAsync(Core("pods/a/binding"), binding)).Is(201);
        var bound = (await Wire.GetAsync(Core("pods/a"))).Is(200);
        Assert.Equal(Far, bound.Text("spec.nodeName"));
        Assert.Contains(bound.At("status.conditions")!.AsArray(), c => c.Text("type") == "PodScheduled" && c.Text("status") == "True");
        (await Wire.PostAsync(Core("pods/a/binding"), binding)).Refuses(409, "Conflict");
        (await Wire.PostAsync(Core("pods/none/binding"), binding.With(b => b["metadata"]!["name"] = "none"))).Refuses(404, "NotFound");
    }

    [Fact]
    public async Task An_unbound_pod_is_deleted_at_once()
    {
        (await Wire.PostAsync(Core("pods"), Pod("a"))).Is(201);
        (await Wire.DeleteAsync(Core("pods/a"))).Is(200);
        (await Wire.GetAsync(Core("pods/a"))).Refuses(404, "NotFound");
    }

    [Fact]
    public async Task A_bound_pod_is_asked_to_end_and_goes_when_its_node_says_so()
    {
        var made = (await Wire.PostAsync(Core("pods"), Pod("a", node: Far))).Is(201);
        (await Wire.PatchAsync(Core("pods/a/status"), Wire.MergePatch, "{ status: { phase: Running } }")).Is(200);
        var ending = (await Wire.DeleteAsync(Core("pods/a"))).Is(200);
        Assert.Equal(("Pod", 30), (ending.Text("kind"), ending.Number("metadata.deletionGracePeriodSeconds")));
        Assert.NotNull(ending.Text("metadata.deletionTimestamp"));
        Assert.Equal(made.Number("metadata.generation") is { } was ? was + 1 : null, (await Wire.GetAsync(Core("pods/a"))).Is(200).Number("metadata.generation"));
        Assert.Equal(5, (await Wire.DeleteAsync(Core("pods/a"), "{ gracePeriodSeconds: 5 }")).Is(200).Number("metadata.deletionGracePeriodSeconds"));
        (await Wire.DeleteAsync(Core("pods/a"), "{ gracePeriodSeconds: 0, preconditions: { uid: 11111111-1111-1111-1111-111111111111 } }")).Refuses(409, "Conflict");
        (await Wire.DeleteAsync(Core("pods/a"), $"{{ gracePeriodSeconds: 0, preconditions: {{ uid: {made.Text("metadata.uid")} }} }}")).Is(200);
        await Gone(Core("pods/a"));
    }

    [Fact]
    public async Task A_pods_own_grace_period_holds()
    {
        (await Wire.PostAsync(Core("pods"), Pod("a", node: Far).Replace("schedulerName: nobody", "terminationGracePeriodSeconds: 7", StringComparison.Ordinal))).Is(201);
        (await Wire.PatchAsync(Core("pods/a/status"), Wire.MergePatch, "{ status: { phase: Running } }")).Is(200);
        Assert.Equal(7, (await Wire.DeleteAsync(Core("pods/a"))).Is(200).Number("metadata.deletionGracePeriodSeconds"));
        (await Wire.DeleteAsync(Core("pods/a"), "{ gracePeriodSeconds: 0 }")).Is(200);
    }

    [Fact]
    public async Task Logs_of_a_pod_are_asked_for_by_container()
    {
        (await Wire.PostAsync(Core("pods"), Pod("a"))).Is(201);
        (await Wire.GetAsync(Core("pods/none/log"))).Refuses(404, "NotFound");
        (await Wire.GetAsync(Core("pods/a/log?container=none"))).Refuses(400, "BadRequest");
    }

    [Fact]
    public async Task A_scale_is_read_and_written()
    {
        await DeploymentAsync("web");
        var scale = (await Wire.GetAsync(Apps("deployments/web/scale"))).Is(200);
        Assert.Equal(("Scale", "autoscaling/v1", "web", 0), (scale.Text("kind"), scale.Text("apiVersion"), scale.Text("metadata.name"), scale.Number("spec.replicas") ?? 0));
        Assert.Equal("app=web", scale.Text("status.selector"));
        var written = (await Wire.PutAsync(Apps("deployments/web/scale"), Unversioned(scale).With(s => s["spec"] = new JsonObject { ["replicas"] = 2 }))).Is(200);
        Assert.Equal(2, written.Number("spec.replicas"));
        var read = (await Wire.GetAsync(Apps("deployments/web"))).Is(200);
        Assert.Equal((2, 2), (read.Number("spec.replicas"), read.Number("metadata.generation")));
        (await Wire.PutAsync(Apps("deployments/web/scale"), Unversioned(written).With(s => s["spec"]!["replicas"] = -1))).Refuses(422, "Invalid");
        (await Wire.PutAsync(Apps("deployments/web/scale"), scale.With(s => s["metadata"]!["resourceVersion"] = "1"))).Refuses(409, "Conflict");
    }

    [Fact]
    public async Task Core_events_and_events_are_the_same_objects()
    {
        (await Wire.PostAsync(Core("events"), $$"""
            apiVersion: v1
            kind: Event
            metadata: { name: a }
            involvedObject: { apiVersion: apps/v1, kind: Deployment, name: web, namespace: {{Namespace}}, uid: u1 }
            reason: Tested
            message: something happened
            type: Normal
            source: { component: tester }
            firstTimestamp: '2026-01-02T03:04:05Z'
            lastTimestamp: '2026-01-02T03:04:06Z'
            count: 3
            """)).Is(201);
        var seen = (await Wire.GetAsync(In("events.k8s.io/v1", "events/a"))).Is(200);
        Assert.Equal(("Event", "events.k8s.io/v1", "something happened", "web", "Tested"), (seen.Text("kind"), seen.Text("apiVersion"), seen.Text("note"), seen.Text("regarding.name"), seen.Text("reason")));
        Assert.Equal(("tester", 3), (seen.Text("deprecatedSource.component"), seen.Number("deprecatedCount")));

        (await Wire.PostAsync(In("events.k8s.io/v1", "events"), $$"""
            apiVersion: events.k8s.io/v1
            kind: Event
            metadata: { name: b }
            eventTime: '2026-01-02T03:04:05.000006Z'
            reportingController: fleet.test/tester
            reportingInstance: one
            action: Testing
            reason: Tested
            regarding: { apiVersion: apps/v1, kind: Deployment, name: other, namespace: {{Namespace}} }
            note: something else
            type: Warning
            """)).Is(201);
        var core = (await Wire.GetAsync(Core("events/b"))).Is(200);
        Assert.Equal(("something else", "other", "fleet.test/tester"), (core.Text("message"), core.Text("involvedObject.name"), core.Text("reportingComponent")));
        Assert.Equal("2026-01-02T03:04:05.000006Z", core.Text("eventTime"));
        Assert.Equal(["a", "b"], (await Wire.GetAsync(Core("events"))).Is(200).Names());
        Assert.Equal(["a"], (await Wire.GetAsync(Core("events?fieldSelector=involvedObject.name%3Dweb,involvedObject.kind%3DDeployment,involvedObject.uid%3Du1"))).Is(200).Names());
        Assert.Equal(["b"], (await Wire.GetAsync(Core("events?fieldSelector=type%3DWarning,reason%3DTested"))).Is(200).Names());
    }

    [Fact]
    public async Task A_lease_is_held_by_one()
    {
        var made = (await Wire.PostAsync(In("coordination.k8s.io/v1", "leases"), """
            { apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: { name: l }, spec: { holderIdentity: one, leaseDurationSeconds: 15, renewTime: '2026-01-02T03:04:05.000006Z' } }
            """)).Is(201);
        Assert.Equal("2026-01-02T03:04:05.000006Z", made.Text("spec.renewTime"));
        (await Wire.PutAsync(In("coordination.k8s.io/v1", "leases/l"), made.With(l => l["spec"]!["holderIdentity"] = "two"))).Is(200);
        (await Wire.PutAsync(In("coordination.k8s.io/v1", "leases/l"), made.With(l => l["spec"]!["holderIdentity"] = "three"))).Refuses(409, "Conflict");
    }

    [Fact]
    public async Task A_review_tells_what_one_may_do()
    {
        var review = (await Wire.PostAsync("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", $$"""
            { apiVersion: authorization.k8s.io/v1, kind: SelfSubjectAccessReview, spec: { resourceAttributes: { namespace: {{Namespace}}, verb: create, group: apps, resource: deployments } } }
            """)).Is(201);
        Assert.True((bool)review.At("status.allowed")!);
        (await Wire.GetAsync("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews")).Refuses(405, "MethodNotAllowed");
    }

    [Theory]
    [InlineData("networking.k8s.io/v1", "networkpolicies", "{ kind: NetworkPolicy, spec: { podSelector: {} } }", "spec.policyTypes[0]", "Ingress")]
    [InlineData("rbac.authorization.k8s.io/v1", "roles", "{ kind: Role, rules: [{ apiGroups: [''], resources: [pods], verbs: [get] }] }", "rules[0].verbs[0]", "get")]
    [InlineData("rbac.authorization.k8s.io/v1", "rolebindings", "{ kind: RoleBinding, roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: r }, subjects: [{ kind: ServiceAccount, name: s, namespace: ns }] }", "roleRef.name", "r")]
    [InlineData("discovery.k8s.io/v1", "endpointslices", "{ kind: EndpointSlice, addressType: IPv4, endpoints: [{ addresses: [192.0.2.1] }], ports: [{ name: '', port: 80 }] }", "ports[0].protocol", "TCP")]
    [InlineData("autoscaling/v2", "horizontalpodautoscalers", "{ kind: HorizontalPodAutoscaler, spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web } } }", "spec.minReplicas", "1")]
    [InlineData("policy/v1", "poddisruptionbudgets", "{ kind: PodDisruptionBudget, spec: { maxUnavailable: 1, selector: { matchLabels: { a: b } } } }", "spec.maxUnavailable", "1")]
    public async Task Kinds_of_other_groups_are_kept(string group, string plural, string body, string path, string value)
    {
        if ((await Wire.GetAsync(In(group, plural))).Code == 404 && !Since(25))
            return;
        var obj = Parsed(body);
        obj["apiVersion"] = group;
        obj["metadata"] = new JsonObject { ["name"] = "a" };
        var made = (await Wire.PostAsync(In(group, plural), obj)).Is(201);
        Assert.Equal(value, made.At(path)?.ToString());
        Assert.Equal(value, (await Wire.GetAsync(In(group, $"{plural}/a"))).Is(200).At(path)?.ToString());
    }

    // The Deployment's controller writes at the same time.
    private static JsonNode Unversioned(JsonNode obj) => obj.With(o => o["metadata"]!.AsObject().Remove("resourceVersion"));

    private static string Service(string name, string more = "") => $"{{ apiVersion: v1, kind: Service, metadata: {{ name: {name} }}, spec: {{ {more} ports: [{{ port: 80 }}] }} }}";
}
