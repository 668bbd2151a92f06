using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Testing;

/// <summary>
/// Mistakes that break a rule between fields, one kind for each rule. Each is made in a service of its own, or in a part of the spec that no other touches,
/// so that any of them can be made together.
/// </summary>
public static class RuleFlaws
{
    /// <summary>A mistake: a service with it, in YAML, where in the service it is told and what is said there. SELF is the service's name.</summary>
    private sealed record InService(string Spec, string Path, string Says);

    /// <summary>A mistake in a part of the spec, which takes the part's place.</summary>
    private sealed record InPart(string Part, string Spec, string Path, string Says);

    private const string Custom = "image: 'registry.example.com/x:1', port: 80, protocol: HTTP";
    private const string Rpc = "image: 'registry.example.com/x:1', port: 80, protocol: gRPC";

    private static readonly InService[] Services =
    [
        new("port: 80, protocol: HTTP", "image", "image is required"),
        new($"{Custom}, grpc: {{}}", "grpc", "grpc goes with protocol gRPC only"),
        new($"{Rpc}, targetPort: 9000", "targetPort", "targetPort must equal port"),
        new($"{Rpc}, route: {{ pathPrefix: /a-path-of-its-own }}", "route", "a gRPC service is routed by grpc.services"),
        new($"{Rpc}, route: {{ stripPrefix: false }}", "route", "a gRPC service is routed by grpc.services"),
        new($"{Rpc}, probes: {{ path: /up }}", "probes.path", "a gRPC service is probed by grpc.health.v1"),
        new($"{Custom}, probes: {{ mode: TCP, path: /up }}", "probes.path", "probes.path goes with mode Auto or HTTP"),
        new($"{Custom}, probes: {{ mode: HTTP }}", "probes.path", "probes.mode HTTP needs probes.path"),
        new($"{Custom}, dependsOn: [SELF]", "dependsOn[0]", "a service cannot depend on itself"),
        new($"{Custom}, dependsOn: [nobody-is-called-so]", "dependsOn[0]", "dependsOn must name services of this app"),
        new($"{Custom}, extraPorts: [{{ name: main, port: 9 }}]", "extraPorts[0].name", "the port name main is the service's own"),
        new($"{Custom}, extraPorts: [{{ name: a, port: 80 }}]", "extraPorts[0].port", "an extra port must differ from port and targetPort"),
        new($"{Custom}, targetPort: 81, extraPorts: [{{ name: a, port: 81 }}]", "extraPorts[0].port", "an extra port must differ from port and targetPort"),
        new($"{Custom}, extraPorts: [{{ name: a, port: 9 }}, {{ name: b, port: 9 }}]", "extraPorts[1].port", "two extra ports have the same number"),
        new($"{Custom}, env: [{{ name: A, value: '', valueFrom: {{ fieldRef: {{ fieldPath: metadata.name }} }} }}]", "env[0]", "an env entry has value or valueFrom, not both"),
        new($"{Custom}, env: [{{ name: A, valueFrom: {{}} }}]", "env[0].valueFrom", "valueFrom takes exactly one of"),
        new($"{Custom}, env: [{{ name: A, valueFrom: {{ fieldRef: {{ fieldPath: metadata.name }}, secretKeyRef: {{ name: s, key: k }} }} }}]", "env[0].valueFrom", "valueFrom takes exactly one of"),
        new($"{Custom}, env: [{{ name: A, valueFrom: {{ resourceFieldRef: {{ resource: limits.cpu, divisor: 1Mi }} }} }}]", "env[0].valueFrom.resourceFieldRef.divisor", "must be a unit of limits.cpu"),
        new($"{Custom}, envFrom: [{{}}]", "envFrom[0]", "an envFrom entry has exactly one of"),
        new($"{Custom}, envFrom: [{{ configMapRef: {{ name: c }}, secretRef: {{ name: s }} }}]", "envFrom[0]", "an envFrom entry has exactly one of"),
        new($"{Custom}, volumes: [{{ name: v, mountPath: /v }}]", "volumes[0]", "a volume takes exactly one of"),
        new($"{Custom}, volumes: [{{ name: v, mountPath: /v, emptyDir: {{}}, configMap: {{ name: c }} }}]", "volumes[0]", "a volume takes exactly one of"),
        new($"{Custom}, volumes: [{{ name: v, mountPath: /v, emptyDir: {{ sizeLimit: -1 }} }}]", "volumes[0].emptyDir.sizeLimit", "must not be negative"),
        new($"{Custom}, volumes: [{{ name: v, mountPath: /v, emptyDir: {{}} }}, {{ name: w, mountPath: /v, emptyDir: {{}} }}]", "volumes[1].mountPath", "two volumes are mounted at the same path"),
        new($"{Custom}, strategy: {{ maxSurge: 0 }}", "strategy", "maxSurge and maxUnavailable are both zero"),
        new($"{Custom}, strategy: {{ maxSurge: 00%, maxUnavailable: 0 }}", "strategy", "maxSurge and maxUnavailable are both zero"),
        new($"{Custom}, disruption: {{ maxUnavailable: 0% }}", "disruption.maxUnavailable", "maxUnavailable must be at least 1"),
        new($"{Custom}, replicas: 1, autoscaling: {{ maxReplicas: 2, cpuUtilization: 50 }}, resources: {{ limits: {{ cpu: 1 }} }}", "replicas", "replicas and autoscaling exclude each other"),
        new($"{Custom}, autoscaling: {{ minReplicas: 3, maxReplicas: 2, cpuUtilization: 50 }}, resources: {{ limits: {{ cpu: 1 }} }}", "autoscaling.minReplicas", "minReplicas is more than maxReplicas"),
        new($"{Custom}, autoscaling: {{ maxReplicas: 2 }}", "autoscaling", "autoscaling needs cpuUtilization or memoryUtilization"),
        new($"{Custom}, autoscaling: {{ maxReplicas: 2, memoryUtilization: 50 }}, resources: {{ requests: {{ cpu: 1 }} }}", "autoscaling.memoryUtilization", "needs the matching resources.requests"),
        new($"{Custom}, resources: {{ requests: {{ cpu: 2 }}, limits: {{ cpu: 1 }} }}", "resources.requests[cpu]", "must not be more than the limit"),
        new($"{Custom}, resources: {{ requests: {{ cpus: 2 }} }}", "resources.requests[cpus]", "no resource of a container"),
        new($"{Custom}, resources: {{ limits: {{ memory: -1 }} }}", "resources.limits[memory]", "must not be negative"),
        new($"{Custom}, resources: {{ requests: {{ vendor.example/gpu: 1 }} }}", "resources.requests[vendor.example/gpu]", "cannot be shared"),
        new($"{Custom}, podTemplate: {{ containers: [] }}", "podTemplate.containers", "a pod template has metadata and spec only"),
        new($"{Custom}, podTemplate: {{ spec: text }}", "podTemplate.spec", "must be an object"),
        new($"{Custom}, podTemplate: {{ metadata: {{ labels: {{ a: 1 }} }} }}", "podTemplate.metadata.labels[a]", "must be a string"),
        new($"{Custom}, podTemplate: {{ metadata: {{ labels: {{ fleet.microservices.dev/app: x }} }} }}", "podTemplate.metadata.labels[fleet.microservices.dev/app]", "belong to the operator"),
        new($"{Custom}, podTemplate: {{ metadata: {{ $patch: delete }} }}", "podTemplate.metadata", "must stay"),
        new($"{Custom}, podTemplate: {{ spec: {{ containers: [{{ name: SELF, $patch: delete }}] }} }}", "podTemplate.spec.containers", "the main container SELF must stay"),
        new($"{Custom}, podTemplate: {{ spec: {{ containers: [{{ image: x }}] }} }}", "podTemplate.spec.containers[0].name", "is required"),
        new($"{Custom}, podTemplate: {{ spec: {{ containers: [{{ $patch: [] }}] }} }}", "podTemplate.spec.containers[0].$patch", "must be replace, delete or merge"),
        new($"{Custom}, podTemplate: {{ spec: {{ initContainers: {{}} }} }}", "podTemplate.spec.initContainers", "must be a list"),
    ];

    // These need the service to be a bundled one, of which there is one of a name.
    private static readonly InService[] Users =
    [
        new("port: 80, protocol: HTTP, replicas: 2", "replicas", "more than one replica needs a database"),
        new("port: 80, protocol: HTTP, autoscaling: { maxReplicas: 2, cpuUtilization: 50 }, resources: { limits: { cpu: 1 } }", "autoscaling.maxReplicas", "more than one replica needs a database"),
        new("port: 8081, protocol: HTTP", "port", "port 8081 and the port name management are taken"),
        new("port: 80, protocol: HTTP, extraPorts: [{ name: management, port: 81 }]", "extraPorts[0].name", "port 8081 and the port name management are taken"),
        new("port: 80, protocol: HTTP, extraPorts: [{ name: a, port: 8081 }]", "extraPorts[0].port", "port 8081 and the port name management are taken"),
        new("port: 80, protocol: HTTP, volumes: [{ name: data, mountPath: /var/data, emptyDir: {} }]", "volumes[0].name", "the bundled images have volumes tmp and data of their own"),
    ];

    private static readonly InPart[] Parts =
    [
        new("commonLabels", "{ team: a, app.kubernetes.io/name: b }", "[app.kubernetes.io/name]", "labels of fleet.microservices.dev and kubernetes.io"),
        new("commonLabels", "{ pod-template-hash: b }", "[pod-template-hash]", "labels of fleet.microservices.dev and kubernetes.io"),
        new("commonLabels", "{ 'a b': b }", "[a b]", "a key is letters, digits"),
        new("commonLabels", "{ \"a\\n\": b }", "[a ]", "a key is letters, digits"),
        new("commonAnnotations", "{ deployment.kubernetes.io/revision: b }", "[deployment.kubernetes.io/revision]", "annotations of fleet.microservices.dev and of app"),
        new("commonAnnotations", "{ a/b/c: b }", "[a/b/c]", "a key is letters, digits"),
        new("networkPolicy", "{ allowFrom: [{}] }", ".allowFrom[0]", "a peer has namespaceSelector, podSelector or both"),
        new("networkPolicy", "{ allowFrom: [{ podSelector: { matchLabels: { -a: b } } }] }", ".allowFrom[0].podSelector.matchLabels[-a]", "a key is letters, digits"),
        new("networkPolicy", "{ allowFrom: [{ ipBlock: { cidr: 10.0.0.300/8 } }] }", ".allowFrom[0].ipBlock.cidr", "must be a network"),
        new("networkPolicy", "{ allowFrom: [{ ipBlock: { cidr: 10.0.0.0/8, except: [10.0/9] } }] }", ".allowFrom[0].ipBlock.except[0]", "must be a network"),
        new("networkPolicy", "{ allowFrom: [{ ipBlock: { cidr: 10.0.0.0/8, except: [11.0.0.0/9] } }] }", ".allowFrom[0].ipBlock.except[0]", "must be a part of"),
        new("gateway", "{ port: 8081 }", ".port", "gateway.port 8081 is the management port"),
        new("gateway", "{ port: 443, tls: { secretName: t } }", ".port", "gateway.tls adds port 443"),
        new("gateway", "{ parentRef: { name: eg } }", ".parentRef", "parentRef goes with mode GatewayAPI"),
        new("gateway", "{ mode: GatewayAPI }", ".parentRef", "parentRef goes with mode GatewayAPI"),
        new("gateway", "{ mode: GatewayAPI, parentRef: { name: eg }, cors: { allowedOrigins: ['*'] } }", ".cors", "only the bundled gateway has this"),
        new("gateway", "{ auth: { jwksUri: 'https://login.example.com/keys' } }", ".auth.jwksUri", "jwksUri goes with issuer"),
        new("gateway", "{ replicas: 2, resources: { limits: { cpu: 1 } }, autoscaling: { maxReplicas: 3, cpuUtilization: 70 } }", ".replicas", "replicas and autoscaling exclude each other"),
        new("gateway", "{ autoscaling: { maxReplicas: 3, cpuUtilization: 70 } }", ".autoscaling.cpuUtilization", "needs the matching resources.requests"),
        new("gateway", "{ trustedProxies: [10.0.0.0/40] }", ".trustedProxies[0]", "must be a network"),
        new("gateway", "{ serviceAnnotations: { fleet.microservices.dev/applied: x } }", ".serviceAnnotations[fleet.microservices.dev/applied]", "annotations of fleet.microservices.dev and of app"),
        new("gateway", "{ resources: { requests: { cpu: -1 } } }", ".resources.requests[cpu]", "must not be negative"),
    ];

    /// <summary>What each kind of mistake is told by.</summary>
    public static IEnumerable<string> Messages => [.. Services.Concat(Users).Select(f => f.Says), .. Parts.Select(f => f.Says), .. Pairs];

    private static readonly string[] Pairs =
    [
        "no two services may have the same hostname and path", "services wait for each other in a circle", "route.auth Optional or Required needs an issuer", "a route of the Gateway API cannot carry this",
        "the name gateway is reserved", "the annotations of one object hold at most",
    ];

    /// <summary>Puts mistakes into a valid spec.</summary>
    internal static IReadOnlyList<Injected> Put(JsonObject spec, Dice dice, int count)
    {
        var injected = new List<Injected>();
        var services = spec["services"]!.AsArray();
        while (services.Count > 64 - 12)
            services.RemoveAt(services.Count - 1);
        foreach (var dependent in services)
            dependent!.AsObject().Remove("dependsOn"); // of one that was taken away
        // First, for it takes a service away, and places are counted.
        if (count > 0 && dice.Chance(0.2))
            injected.Add(Replace(services, dice.One(Users)));
        for (var i = 0; i < count; i++)
        {
            if (dice.Chance(0.6))
                injected.Add(Add(services, $"flaw-{i}", dice.One(Services)));
        }

        var paired = count > 0 && dice.Chance(0.2);
        if (paired)
            injected.Add(Pair(spec, services, dice));
        foreach (var flaw in dice.Shuffled(Parts).DistinctBy(p => p.Part).Where(p => (!paired || p.Part is not ("gateway" or "commonAnnotations")) && dice.Chance(count * 0.1)))
            injected.Add(Part(spec, flaw));
        return injected;
    }

    private static Injected Add(JsonArray services, string name, InService flaw)
    {
        services.Add(Yaml.ParseOne($"{{ name: {name}, {flaw.Spec.Replace("SELF", name, StringComparison.Ordinal)} }}"));
        return new($"spec.services[{services.Count - 1}].{flaw.Path}", flaw.Says.Replace("SELF", name, StringComparison.Ordinal));
    }

    private static Injected Replace(JsonArray services, InService flaw)
    {
        if (services.FirstOrDefault(s => (string?)s!["name"] == "users") is { } users)
            services.Remove(users);
        return Add(services, "users", flaw);
    }

    private static Injected Part(JsonObject spec, InPart flaw)
    {
        // A gateway that is another one changes what its routes may be.
        if (flaw.Part == "gateway")
            WithoutRoutes(spec["services"]!.AsArray());

        spec[flaw.Part] = Yaml.ParseOne(flaw.Spec);
        return new($"spec.{flaw.Part}{flaw.Path}", flaw.Says);
    }

    private static Injected Pair(JsonObject spec, JsonArray services, Dice dice)
    {
        var at = services.Count;
        switch (dice.Between(0, 5))
        {
            case 0:
                spec["gateway"] = new JsonObject();
                WithoutRoutes(services);
                services.Add(ValidSpecs.Plain("pair-a"));
                services.Add(With(ValidSpecs.Plain("pair-b"), "route", "{ pathPrefix: /pair-a }"));
                return new($"spec.services[{at + 1}].route", Pairs[0]);
            case 1:
                services.Add(With(ValidSpecs.Plain("pair-a"), "dependsOn", "[pair-b]"));
                services.Add(With(ValidSpecs.Plain("pair-b"), "dependsOn", "[pair-a]"));
                return new($"spec.services[{at}].dependsOn", Pairs[1]);
            case 2:
                spec.Remove("gateway");
                foreach (var issuer in services.Where(s => (string?)s!["name"] == "auth" || ((string?)s["image"])?.Contains("/fleet-auth", StringComparison.Ordinal) == true))
                    issuer!["image"] = "registry.example.com/login:1";
                WithoutRoutes(services);
                services.Add(With(ValidSpecs.Plain("pair-a"), "route", "{ auth: Required }"));
                return new($"spec.services[{at}].route.auth", Pairs[2]);
            case 3:
                spec["gateway"] = Yaml.ParseOne("{ mode: GatewayAPI, parentRef: { name: eg } }");
                WithoutRoutes(services);
                services.Add(With(ValidSpecs.Plain("pair-a"), "route", "{ auth: None, retries: 1 }"));
                return new($"spec.services[{at}].route.retries", Pairs[3]);
            case 4:
                services.Add(ValidSpecs.Plain("gateway"));
                return new($"spec.services[{at}].name", Pairs[4]);
            default:
                spec["commonAnnotations"] = new JsonObject(Enumerable.Range(0, 17).Select(i => KeyValuePair.Create($"large-{i}", (JsonNode?)string.Concat(Enumerable.Repeat("\ud83d\ude80", 4096)))));
                return new("spec.commonAnnotations", Pairs[5]);
        }
    }

    private static void WithoutRoutes(JsonArray services)
    {
        foreach (var service in services.Where(s => !((string)s!["name"]!).StartsWith("flaw-", StringComparison.Ordinal)))
            service!.AsObject().Remove("route");
    }

    private static JsonObject With(JsonObject service, string field, string value)
    {
        service[field] = Yaml.ParseOne(value);
        return service;
    }
}
