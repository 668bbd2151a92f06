using System.Globalization;
using System.Text.Json.Nodes;
using Fleet.Kubernetes;
using Fleet.Local.Schemas;
using Fleet.Testing;
using Xunit;

namespace Fleet.Unit.Local.Schemas;

public sealed class TablesTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Theory]
    [InlineData("pods", "Name|Ready|Status|Restarts|Age|IP|Node|Nominated Node|Readiness Gates",
        "{metadata: {name: x, creationTimestamp: 2026-01-02T03:00:00Z}, spec: {nodeName: local, containers: [{name: a}, {name: b}]}, status: {phase: Running, podIP: 127.0.0.1, containerStatuses: [{name: a, ready: true, restartCount: 1, lastState: {terminated: {finishedAt: 2026-01-02T03:03:00Z}}, state: {running: {}}}, {name: b, restartCount: 2, state: {running: {}}}]}}",
        "x|1/2|Running|3 (65s ago)|4m5s|127.0.0.1|local|<none>|<none>")]
    [InlineData("deployments", "Name|Ready|Up-to-date|Available|Age|Containers|Images|Selector",
        "{metadata: {name: x, creationTimestamp: 2026-01-01T00:00:00Z}, spec: {replicas: 3, selector: {matchLabels: {c: d, a: b}}, template: {spec: {containers: [{name: m, image: i}, {name: o, image: j}]}}}, status: {readyReplicas: 1, updatedReplicas: 2, availableReplicas: 1}}",
        "x|1/3|2|1|27h|m,o|i,j|a=b,c=d")]
    [InlineData("services", "Name|Type|Cluster-IP|External-IP|Port(s)|Age|Selector",
        "{metadata: {name: x, creationTimestamp: 2026-01-02T03:04:05Z}, spec: {type: NodePort, clusterIP: 10.0.0.1, ports: [{port: 80, nodePort: 30080, protocol: TCP}, {port: 53, protocol: UDP}]}}",
        "x|NodePort|10.0.0.1|<none>|80:30080/TCP,53/UDP|0s|<none>")]
    [InlineData("endpointslices", "Name|AddressType|Ports|Endpoints|Age", "{metadata: {name: x}, addressType: IPv4, ports: [{port: 80}], endpoints: [{addresses: [1.1.1.1]}, {addresses: [2.2.2.2]}, {addresses: [3.3.3.3]}, {addresses: [4.4.4.4]}]}",
        "x|IPv4|80|1.1.1.1,2.2.2.2,3.3.3.3 + 1 more...|<unknown>")]
    [InlineData("horizontalpodautoscalers", "Name|Reference|Targets|MinPods|MaxPods|Replicas|Age", "{metadata: {name: x}, spec: {scaleTargetRef: {kind: Deployment, name: d}, minReplicas: 1, maxReplicas: 3, metrics: [{type: Resource, resource: {name: cpu, target: {averageUtilization: 80}}}, {type: Resource, resource: {name: memory, target: {averageValue: 1Gi}}}]}, status: {currentReplicas: 2, currentMetrics: [{type: Resource, resource: {name: cpu, current: {averageUtilization: 7}}}]}}",
        "x|Deployment/d|cpu: 7%/80%, memory: <unknown>/1Gi|1|3|2|<unknown>")]
    [InlineData("poddisruptionbudgets", "Name|Min Available|Max Unavailable|Allowed Disruptions|Age", "{metadata: {name: x}, spec: {maxUnavailable: 1}}", "x|N/A|1|0|<unknown>")]
    [InlineData("events", "Last Seen|Type|Reason|Object|Subobject|Source|Message|First Seen|Count|Name", "{metadata: {name: x}, type: Normal, reason: R, message: ' m ', involvedObject: {kind: Pod, name: p}, source: {component: c, host: h}, firstTimestamp: 2026-01-02T03:00:00Z, lastTimestamp: 2026-01-02T03:04:00Z, count: 2}",
        "5s|Normal|R|pod/p||c, h|m|4m5s|2|x")]
    [InlineData("nodes", "Name|Status|Roles|Age|Version|Internal-IP|External-IP|OS-Image|Kernel-Version|Container-Runtime", "{metadata: {name: x}, status: {conditions: [{type: Ready, status: 'True'}], addresses: [{type: InternalIP, address: 127.0.0.1}], nodeInfo: {kubeletVersion: v1}}}",
        "x|Ready|<none>|<unknown>|v1|127.0.0.1|<none>|<unknown>|<unknown>|<unknown>")]
    [InlineData("rolebindings", "Name|Role|Age|Users|Groups|ServiceAccounts", "{metadata: {name: x}, roleRef: {kind: Role, name: r}, subjects: [{kind: User, name: u}, {kind: ServiceAccount, name: s, namespace: default}]}", "x|Role/r|<unknown>|u||default/s")]
    [InlineData("networkpolicies", "Name|Pod-Selector|Age", "{metadata: {name: x}, spec: {podSelector: {matchLabels: {a: b}, matchExpressions: [{key: k, operator: In, values: [z, w]}, {key: l, operator: DoesNotExist}]}}}", "x|a=b,k in (w,z),!l|<unknown>")]
    [InlineData("secrets", "Name|Type|Data|Age", "{metadata: {name: x}, type: Opaque, data: {a: aaaa}}", "x|Opaque|1|<unknown>")]
    [InlineData("customresourcedefinitions", "Name|Created At", "{metadata: {name: x, creationTimestamp: 2026-01-02T03:04:05Z}}", "x|2026-01-02T03:04:05Z")]
    public void A_kind_has_the_columns_that_kubectl_shows(string plural, string headings, string obj, string cells)
    {
        var table = Tables.Render(Served.Kind(plural), [Served.Object(obj)], Now);
        Assert.Equal(headings, string.Join('|', table["columnDefinitions"]!.AsArray().Select(c => c!["name"])));
        Assert.Equal(cells, Row(table));
    }

    [Theory]
    [InlineData("{phase: Pending}", "0/1 Pending 0")]
    [InlineData("{phase: Pending, containerStatuses: [{state: {waiting: {reason: ImagePullBackOff}}}]}", "0/1 ImagePullBackOff 0")]
    [InlineData("{phase: Running, containerStatuses: [{restartCount: 4, state: {waiting: {reason: CrashLoopBackOff}}}]}", "0/1 CrashLoopBackOff 4")]
    [InlineData("{phase: Failed, containerStatuses: [{state: {terminated: {exitCode: 3}}}]}", "0/1 ExitCode:3 0")]
    [InlineData("{phase: Failed, containerStatuses: [{state: {terminated: {signal: 9}}}]}", "0/1 Signal:9 0")]
    [InlineData("{phase: Succeeded, containerStatuses: [{state: {terminated: {reason: Completed}}}]}", "0/1 Completed 0")]
    [InlineData("{phase: Pending, initContainerStatuses: [{state: {running: {}}}]}", "0/1 Init:0/1 0")]
    [InlineData("{phase: Pending, initContainerStatuses: [{restartCount: 2, state: {terminated: {exitCode: 1, reason: Error}}}]}", "0/1 Init:Error 2")]
    [InlineData("{phase: Failed, reason: Evicted}", "0/1 Evicted 0")]
    public void A_pod_says_the_reason_that_matters(string status, string says)
    {
        var (ready, said, restarts) = PodCells.Of(Served.Object($"{{spec: {{initContainers: [{{name: i}}], containers: [{{name: c}}]}}, status: {status}}}"));
        Assert.Equal(says, $"{ready} {said} {restarts}");
    }

    [Fact]
    public void A_pod_that_is_being_deleted_says_so() =>
        Assert.Equal("Terminating", PodCells.Of(Served.Object("{metadata: {deletionTimestamp: 2026-01-01T00:00:00Z}, spec: {containers: []}, status: {phase: Running}}")).Status);

    [Theory]
    [InlineData(-5, "<invalid>")]
    [InlineData(0, "0s")]
    [InlineData(119, "119s")]
    [InlineData(120, "2m")]
    [InlineData(125, "2m5s")]
    [InlineData(600, "10m")]
    [InlineData(10799, "179m")]
    [InlineData(10800, "3h")]
    [InlineData(12000, "3h20m")]
    [InlineData(86400, "24h")]
    [InlineData(172800, "2d")]
    [InlineData(176400, "2d1h")]
    [InlineData(864000, "10d")]
    [InlineData(63072000, "2y")]
    [InlineData(63158400, "2y1d")]
    [InlineData(300000000, "9y")]
    public void An_age_is_written_as_kubectl_writes_it(long seconds, string age) => Assert.Equal(age, Cells.Duration(TimeSpan.FromSeconds(seconds)));

    [Theory]
    [InlineData(".a.b", "1")]
    [InlineData("$.a.b", "1")]
    [InlineData(".a['x.y']", "2")]
    [InlineData(".a.x\\.y", "2")]
    [InlineData(".l[1].v", "two")]
    [InlineData(".l[-1].v", "two")]
    [InlineData(".l[*].v", "one")]
    [InlineData(".l[?(@.t==\"B\")].v", "two")]
    [InlineData(".l[?(@.t=='B')].v", "two")]
    [InlineData(".l[?(@.t!=\"A\")].v", "two")]
    [InlineData(".l[?(@.num==2)].v", "two")]
    [InlineData(".l[?(@.num)].v", "two")]
    [InlineData(".nowhere.b", null)]
    [InlineData(".l[7].v", null)]
    [InlineData(".a[", null)]
    [InlineData(".l[?(", null)]
    public void A_path_finds_the_first_value(string path, string? found) =>
        Assert.Equal(found, JsonPath.Parse(path).First(Served.Object("{a: {b: 1, 'x.y': 2}, l: [{t: A, v: one}, {t: B, v: two, num: 2}]}"))?.ToString());

    [Fact]
    public void A_custom_resource_has_the_columns_of_its_definition()
    {
        var kind = CrdKinds.Of(Yaml.Parse(File.ReadAllText(RepositoryRoot.Combine("crds", "microserviceapps.yaml"))).Single()!.AsObject()).Single();
        var app = Served.Object("{metadata: {name: shop, creationTimestamp: 2026-01-02T03:00:00Z}, status: {conditions: [{type: Ready, status: 'True', reason: Ready, message: fine}]}}");
        var table = Tables.Render(kind, [app], Now, IncludeObject.Object, new JsonObject { ["resourceVersion"] = "7" });
        Assert.Equal("NAME READY STATUS URL AGE MESSAGE SUSPENDED", string.Join(' ', table["columnDefinitions"]!.AsArray().Select(c => c!["name"]!.ToString().ToUpperInvariant())));
        Assert.Contains("4m5s", Row(table), StringComparison.Ordinal);
        Assert.Contains("Ready", Row(table), StringComparison.Ordinal);
        Assert.Equal("7", (string?)table["metadata"]!["resourceVersion"]);
        Assert.Equal(app.ToJsonString(), table["rows"]![0]!["object"]!.ToJsonString());
    }

    [Fact]
    public void A_row_carries_what_was_asked_for()
    {
        var pod = Served.Object("{metadata: {name: x}, spec: {}}");
        Assert.Equal(
            """{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":{"name":"x"}}""",
            Tables.Render(Served.Kind("pods"), [pod], Now)["rows"]![0]!["object"]!.ToJsonString());
        Assert.Null(Tables.Render(Served.Kind("pods"), [pod], Now, IncludeObject.None)["rows"]![0]!["object"]);
        Assert.Empty(Tables.Render(Served.Kind("pods"), [pod], Now, withColumns: false)["columnDefinitions"]!.AsArray());
    }

    private static string Row(JsonObject table) =>
        string.Join('|', Assert.Single(table["rows"]!.AsArray())!["cells"]!.AsArray().Select(c => Convert.ToString(c, CultureInfo.InvariantCulture)));
}
