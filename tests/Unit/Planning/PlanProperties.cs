using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Testing;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Xunit;

namespace Fleet.Unit.Planning;

/// <summary>What holds for every spec, right or wrong. A failure prints the spec and the seed to replay it with.</summary>
[Properties(Arbitrary = [typeof(AnySpec)], MaxTest = 200)]
public class PlanProperties
{
    [Property]
    public void Any_spec_is_planned_or_refused_with_all_its_problems(AnySpec spec)
    {
        var plan = Planner.Plan(spec.App, Observed.Nothing, Given.Settings);
        Planner.References(spec.App, Given.Settings);
        Assert.Equal(plan.Effective is null, !plan.Problems.IsEmpty);
        Assert.Equal(plan.Effective is null, plan.Desired.IsEmpty);
    }

    [Property]
    public void Names_are_unique_and_short_enough(AnySpec spec)
    {
        var objects = Planner.Plan(spec.App, Observed.Nothing, Given.Settings).Desired.Select(d => d.Object).ToList();
        Assert.Equal(objects.Count, objects.Select(o => o.Id).Distinct().Count());
        Assert.All(objects, o => Assert.Matches("^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$", o.Metadata.Name));
        Assert.All(objects.SelectMany(o => o.Metadata.Labels!), l => Assert.InRange(l.Value.Length, 0, 63));
    }

    [Property]
    public void The_same_spec_is_the_same_bytes(AnySpec spec) => Assert.Equal(Bytes(spec.App), Bytes(Given.App(spec.Yaml)));

    [Property]
    public void What_was_planned_and_stored_is_kept_and_is_Ready(AnySpec spec)
    {
        var fleet = new SimulatedFleet(spec.App);
        if (fleet.Plan().Effective is null)
            return;
        fleet.Settle();
        Assert.All(fleet.Diff(), a => Assert.IsType<ObjectAction.Keep>(a));
        Assert.Equal(ConditionStatus.True, fleet.Condition(Conditions.ResourcesApplied)!.Status);
        Assert.All(fleet.Status.Services, s => Assert.True(s.State is ServicePhase.Active or ServicePhase.Inactive, $"{s.Name} is {s.State}"));
    }

    [Property]
    public void One_spec_becomes_another_and_nothing_of_it_is_left(AnySpec one, AnySpec other)
    {
        var fleet = new SimulatedFleet(one.App);
        // After an autoscaler the number of pods stays as it left it, which a fresh app cannot know.
        if (fleet.Plan().Effective is not { } was || was.Services.Any(s => s.Scale.Autoscaling is not null) || Planner.Plan(other.App, Observed.Nothing, Given.Settings).Effective is null)
            return;
        fleet.Settle();
        fleet.App = fleet.App.With(other.Yaml);
        fleet.Settle();
        Assert.All(fleet.Diff(), a => Assert.IsType<ObjectAction.Keep>(a));
        Assert.Equal(fleet.Plan().Desired.Select(d => d.Object.Id).Order(StringComparer.Ordinal), fleet.Cluster.All.Select(o => o.Id).Order(StringComparer.Ordinal));

        // Field by field it is what the other spec alone would have made.
        var fresh = new SimulatedFleet(other.App);
        fresh.Settle();
        Assert.All(fresh.Cluster.All.Zip(fleet.Cluster.All), o => Assert.Equal(Shown(o.First), Shown(o.Second)));
    }

    private static string Bytes(MicroserviceApp app) => string.Concat(Planner.Plan(app, Observed.Nothing, Given.Settings).Desired.Select(d => d.Object.Json.GetRawText()));

    private static string Shown(KubeObject obj)
    {
        var json = obj.ToJsonObject();
        json.Remove("status");
        var metadata = json["metadata"]!.AsObject();
        foreach (var mark in new[] { "uid", "resourceVersion", "generation", "creationTimestamp", "managedFields" })
            metadata.Remove(mark);
        if ((string?)metadata["annotations"]?[Keys.Autoscaled] is not null)
            json["spec"]!.AsObject().Remove("replicas"); // somebody else's
        if ((string?)json["spec"]?["clusterIP"] is not (null or "None"))
            json["spec"]!.AsObject().Remove("clusterIP");
        return Yaml.Write(Sorted(json));
    }

    // Keys and told-apart entries have no order of their own.
    private static JsonNode? Sorted(JsonNode? node) => node switch
    {
        JsonObject fields => new JsonObject(fields.OrderBy(f => f.Key, StringComparer.Ordinal).Select(f => KeyValuePair.Create(f.Key, Sorted(f.Value)))),
        JsonArray list => new JsonArray([.. list.Select(Sorted).OrderBy(e => e is JsonObject ? e.ToJsonString() : "", StringComparer.Ordinal)]),
        _ => node?.DeepClone(),
    };
}

/// <summary>A spec as people write them, now and then with a mistake in it.</summary>
/// <param name="Yaml">The spec.</param>
public sealed record AnySpec(string Yaml)
{
    private static readonly string[] Names = ["auth", "users", "orders", "web", "a", "catalog-of-everything-that-can-be-bought"];

    /// <inheritdoc/>
    public override string ToString() => Yaml;

    /// <summary>An app of this spec.</summary>
    public MicroserviceApp App => Given.App(Yaml);

    /// <summary>For FsCheck, which finds it by its type.</summary>
    public static Arbitrary<AnySpec> Specs() => Arb.From(
        from count in Gen.Choose(1, 4)
        from names in Gen.Shuffle(Names)
        from services in Gen.CollectToList(names.Take(count).ToArray(), name => Service(name, [.. names.Take(count)]))
        from gateway in Gen.Elements("", "gateway: {}", "gateway: { liveRoutes: false, port: 8000 }", "gateway: { hostnames: [a.example.com], replicas: 2, serviceType: NodePort }",
            "gateway: { tls: { secretName: t } }")
        from around in Gen.Elements("", "", "networkPolicy: { mode: FromGraph, allowFrom: [{ podSelector: {} }] }", "monitoring: { serviceMonitor: true }")
        from common in Gen.Elements("", "", "commonLabels: { team: a }", "commonAnnotations: { b/c: d }")
        from defaults in Gen.Elements("", "", "defaults: { replicas: 2 }", "defaults: { restartOnConfigChange: false }")
        select new AnySpec(string.Join('\n', new[] { "services:", string.Concat(services), gateway, around, common, defaults }.Where(part => part.Length > 0))));

    private static Gen<string> Service(string name, string[] all) =>
        from protocol in Gen.Elements("HTTP", "HTTP/REST", "gRPC")
        from port in Gen.Choose(1000, 1003)
        from image in name is "auth" or "users" or "orders" ? Gen.Elements("", "image: a:1") : Gen.Elements("image: a:1", "image: b:2")
        from fields in Gen.Shuffle(Fields(name, all, isGrpc: protocol == "gRPC"))
        from count in Gen.Choose(0, 6)
        let some = fields.DistinctBy(f => f.Split(':')[0]).Take(count)
        select $"- name: {name}\n  protocol: {protocol}\n  port: {port}\n" + string.Concat(some.Prepend(image).Where(f => f.Length > 0).Select(f => $"  {f}\n"));

    private static string[] Fields(string name, string[] all, bool isGrpc) =>
    [
        "replicas: 3", "replicas: 0", "autoscaling: { minReplicas: 2, maxReplicas: 4, cpuUtilization: 70 }", "disruption: { maxUnavailable: 50% }", "state: Inactive", "args: [u, v]", "command: [run]", "imagePullPolicy: Always", "strategy: { maxSurge: 0, maxUnavailable: 1 }",
        "env: [{ name: A, value: '1' }, { name: PORT, value: '7' }]", "env: [{ name: ConnectionStrings__Default, valueFrom: { secretKeyRef: { name: db, key: url } } }]",
        "envFrom: [{ configMapRef: { name: c, optional: true } }]", "resources: { requests: { cpu: 1, memory: 0.5Gi }, limits: { cpu: 1500m } }",
        "probes: { mode: None }", "probes: { mode: TCP }", "probes: { mode: HTTP, path: /up }", "route: { enabled: false }", "route: { hostnames: [b.example.com] }",
        "extraPorts: [{ name: metrics, port: 9090 }]", "volumes: [{ name: v, mountPath: /v, emptyDir: {} }]",
        "volumes: [{ name: data, mountPath: /data, persistentVolumeClaim: { claimName: c } }]", "dependsOn: []", $"dependsOn: [{all[0]}]",
        all[0] == name ? "dependsOn: [nobody]" : $"dependsOn: [{all[0]}]",
        $"podTemplate: {{ spec: {{ nodeSelector: {{ a: b }}, containers: [{{ name: {name}, tty: true }}, {{ name: side, image: s:1 }}] }} }}",
        "podTemplate: { metadata: { labels: { a: b } }, spec: { terminationGracePeriodSeconds: 5, nodeSelector: {} } }",
        $"podTemplate: {{ spec: {{ containers: [{{ name: {name}, livenessProbe: {{ initialDelaySeconds: 0, tcpSocket: {{ port: 1 }} }} }}] }} }}",
        .. isGrpc
            ? (string[])["grpc: { services: [x.v1.X] }", "grpc: { loadBalancing: PerConnection }", "targetPort: 9000"]
            : ["targetPort: 9000", "route: { pathPrefix: /p }", "route: { pathPrefix: /q, stripPrefix: true }", "podTemplate: { spec: text }", "grpc: {}"],
    ];
}
