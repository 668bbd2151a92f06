using System.Text.Json.Nodes;
using Fleet.Apps;

namespace Fleet.Testing;

/// <summary>
/// Apps that are to be accepted, with every field that the schema has. What is drawn from the schema (<see cref="SchemaValues"/>) is made to agree with itself here:
/// the rules between fields are kept, and of what no schema says, such as the names of resources, the right ones are taken.
/// </summary>
internal sealed class ValidSpecs
{
    private static readonly string[] Bundled = ["auth", "users", "orders"];

    private readonly Dice _dice;
    private readonly SchemaValues _values;
    private readonly Queue<string> _names;
    private string _service = "";

    private ValidSpecs(Dice dice)
    {
        _dice = dice;
        _values = new(dice, density: dice.One(0.05, 0.2, 0.5, 1));
        _names = new(Names());
        foreach (var path in new[] { "commonLabels", "commonAnnotations", "gateway.serviceAnnotations", "networkPolicy.allowFrom[].namespaceSelector.matchLabels", "networkPolicy.allowFrom[].podSelector.matchLabels" })
            _values.Keys[path] = () => PatternText.Of(Key, 1, 80, dice);
        OfApp();
        OfServices();
        OfContainers();
    }

    // As the schema's rule for keys, whose prefix can be no longer than 253 characters.
    private const string Key = "^([a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$";

    /// <summary>An app.</summary>
    internal static JsonObject Document(Dice dice)
    {
        var spec = (JsonObject)new ValidSpecs(dice).Spec();
        return new()
        {
            ["apiVersion"] = MicroserviceApp.Resource.ApiVersion,
            ["kind"] = MicroserviceApp.Resource.Kind,
            ["metadata"] = new JsonObject { ["name"] = dice.Chance(0.5) ? "shop" : PatternText.Of("^[a-z]([-a-z0-9]*[a-z0-9])?$", 1, AppRules.LongestName, dice) },
            ["spec"] = spec,
        };
    }

    /// <summary>A service of a custom image that has no more than it needs.</summary>
    internal static JsonObject Plain(string name, string protocol = "HTTP") =>
        new() { ["name"] = name, ["protocol"] = protocol, ["port"] = 80, ["image"] = "registry.example.com/plain:1" };

    private JsonNode Spec()
    {
        var spec = (JsonObject)_values.Of(Crd.Schema.Properties["spec"], "");
        var services = spec["services"]!.AsArray().Select(s => s!.AsObject()).ToList();
        Depend(services);
        foreach (var service in services)
            Keep(service, (int?)spec["defaults"]?["replicas"] ?? 1);
        Ask(spec, services);
        Part(services);
        if (Text(spec["gateway"], "mode") == "GatewayAPI")
            Carry(spec, services);
        return spec;
    }

    private IEnumerable<string> Names()
    {
        var count = _dice.Chance(0.003) ? 64 : _dice.Between(1, 5);
        var some = _dice.Some(count, ["auth", "users", "orders", "web", "a", "catalog-of-everything-that-can-be-bought"]);
        var more = Enumerable.Repeat(0, count).Select(_ => PatternText.Of("^[a-z]([-a-z0-9]*[a-z0-9])?$", 1, 40, _dice)).Where(n => n is not ("gateway" or "routes"));
        return some.Concat(more).Distinct().Take(count);
    }

    private void OfApp()
    {
        _values.Instead["services"] = () =>
        {
            var services = new JsonArray();
            while (_names.Count > 0)
                services.Add(_values.Of(Crd.Schema.Properties["spec"].Properties["services"].Items!, "services[]"));
            return services;
        };
        _values.Mend["commonLabels"] = map => WithoutReserved(map);
        _values.Mend["commonAnnotations"] = map => WithoutReserved(map);
        _values.Mend["gateway.serviceAnnotations"] = map => WithoutReserved(map);
        _values.Mend["gateway"] = gateway =>
        {
            if (Text(gateway, "mode") == "GatewayAPI")
            {
                foreach (var name in gateway.Select(f => f.Key).Except(["mode", "parentRef", "hostnames", "auth"]).ToArray())
                    gateway.Remove(name);
                gateway["parentRef"] ??= _values.Field(Crd.Schema.Properties["spec"].Properties["gateway"], "gateway", "parentRef");
                return;
            }

            gateway.Remove("parentRef");
            if ((int?)gateway["port"] is 8081 or 443)
                gateway["port"] = 8080;
            Scale(gateway, "gateway");
        };
        _values.Mend["gateway.auth"] = auth =>
        {
            if (auth["issuer"] is null)
                auth.Remove("jwksUri");
        };
        _values.Instead["gateway.trustedProxies"] = () => Networks();
        _values.Mend["networkPolicy.allowFrom[]"] = peer =>
        {
            if (peer["podSelector"] is not null || peer["namespaceSelector"] is not null)
                peer.Remove("ipBlock");
            else
                peer["ipBlock"] ??= Block();
        };
        _values.Instead["networkPolicy.allowFrom[].ipBlock"] = Block;
    }

    private void OfServices()
    {
        _values.Instead["services[].name"] = () => _service = _names.Dequeue();
        _values.Instead["services[].port"] = () => Port();
        _values.Instead["services[].targetPort"] = () => Port();
        _values.Instead["services[].dependsOn"] = () => new JsonArray();
        _values.Instead["services[].podTemplate"] = () => PodTemplates.Draw(_dice, _service);
        _values.Instead["services[].image"] = () => _dice.Between(0, 9) switch
        {
            0 => PatternText.Of("^[!-~]+$", 1, 500, _dice),
            1 => $"{Given.Settings.BundledRegistry}/fleet-{_dice.One(Bundled)}{_dice.One(":1", "", "@sha256:0")}",
            _ => _dice.One("registry.example.com/web:1", "web", "localhost:5000/web:latest"),
        };
        _values.Instead["services[].extraPorts[].port"] = () => Port();
        _values.Instead["services[].grpc.services"] = () => new JsonArray([.. Enumerable.Range(1, _dice.Between(0, 3)).Select(i => (JsonNode)$"{_service.Replace('-', '_')}.v{i}.{_dice.One("A", "B_c")}")]);
        _values.Mend["services[].autoscaling"] = WithBounds;
        _values.Mend["gateway.autoscaling"] = WithBounds;
        _values.Mend["services[].strategy"] = strategy =>
        {
            if (IsZero(strategy["maxSurge"]) && (strategy["maxUnavailable"] is null || IsZero(strategy["maxUnavailable"])))
                strategy["maxSurge"] = 1;
        };
        _values.Mend["services[].disruption"] = disruption =>
        {
            if (IsZero(disruption["maxUnavailable"]))
                disruption["maxUnavailable"] = "1%";
        };
        _values.Mend["services[].probes"] = probes =>
        {
            if (Text(probes, "mode") == "HTTP")
                probes["path"] ??= "/up";
            else if (Text(probes, "mode") is not (null or "Auto"))
                probes.Remove("path");
        };
        _values.Mend["services[]"] = service =>
        {
            if (!Bundled.Contains(Text(service, "name")))
                service["image"] ??= _values.Field(Crd.Schema.Properties["spec"].Properties["services"].Items!, "services[]", "image");
            Speak(service, Text(service, "protocol") == "gRPC");
            Scale(service, "services[]");
            Listen(service);
            Mount(service);
        };
    }

    private void OfContainers()
    {
        _values.Mend["services[].env[]"] = variable =>
        {
            if (variable["value"] is not null)
                variable.Remove("valueFrom");
        };
        OneOf("services[].env[].valueFrom", "configMapKeyRef", "secretKeyRef", "fieldRef", "resourceFieldRef");
        OneOf("services[].envFrom[]", "configMapRef", "secretRef");
        OneOf("services[].volumes[]", "configMap", "secret", "emptyDir", "persistentVolumeClaim");
        // What every server knows; status.hostIPs came later.
        _values.Instead["services[].env[].valueFrom.fieldRef.fieldPath"] = () => _dice.One(
            "metadata.name", "metadata.namespace", "metadata.uid", "metadata.labels['app.kubernetes.io/name']", "metadata.annotations['a']", "spec.nodeName", "spec.serviceAccountName", "status.podIP", "status.podIPs", "status.hostIP");
        _values.Instead["services[].env[].valueFrom.resourceFieldRef"] = () => new JsonObject
        {
            ["resource"] = _dice.One("limits.cpu", "requests.cpu", "limits.memory", "requests.memory", "limits.ephemeral-storage", "requests.ephemeral-storage"),
            ["divisor"] = _dice.One<JsonNode?>(null, 1, "1", 0),
        };
        foreach (var path in new[] { "services[].resources", "gateway.resources" })
        {
            _values.Instead[$"{path}.requests"] = Resources;
            _values.Instead[$"{path}.limits"] = Resources;
            _values.Mend[path] = WithinLimits;
        }
    }

    /// <summary>Leaves one of the fields of an object, and draws it where there is none.</summary>
    private void OneOf(string path, params string[] names) => _values.Mend[path] = made =>
    {
        var kept = names.Where(n => made[n] is not null).ToArray() is { Length: > 0 } there ? _dice.One(there) : _dice.One(names);
        made[kept] ??= _values.Field(SchemaAt(path), path, kept);
        foreach (var name in names.Where(n => n != kept))
            made.Remove(name);
    };

    private static Schema SchemaAt(string path) => path.Split('.').Aggregate(Crd.Schema.Properties["spec"], (schema, step) =>
        step.EndsWith("[]", StringComparison.Ordinal) ? schema.Properties[step[..^2]].Items! : schema.Properties[step]);

    private static void Speak(JsonObject service, bool grpc)
    {
        if (!grpc)
        {
            service.Remove("grpc");
            return;
        }

        if (service["targetPort"] is not null)
            service["targetPort"] = (int)service["port"]!;
        (service["route"] as JsonObject)?.Remove("pathPrefix");
        (service["route"] as JsonObject)?.Remove("stripPrefix");
        if (Text(service["probes"], "mode") is null or "Auto")
            (service["probes"] as JsonObject)?.Remove("path");
    }

    private void Scale(JsonObject workload, string path)
    {
        if (workload["autoscaling"] is not JsonObject follows)
            return;
        workload.Remove("replicas");
        foreach (var (field, resource) in new[] { ("cpuUtilization", "cpu"), ("memoryUtilization", "memory") })
        {
            if (follows[field] is null || workload["podTemplate"] is not null)
                continue;
            workload["resources"] ??= new JsonObject();
            workload["resources"]!["requests"] ??= new JsonObject();
            if (workload["resources"]!["limits"]?[resource] is null)
                workload["resources"]!["requests"]![resource] = _dice.One<JsonNode>(1, "64Mi");
        }
    }

    private static void Listen(JsonObject service)
    {
        var taken = new HashSet<int> { (int)service["port"]!, (int?)service["targetPort"] ?? (int)service["port"]! };
        if (taken.Contains(8081)) // some image is bundled
            (service["port"], service["targetPort"], taken) = (80, 80, [80]);
        foreach (var port in service["extraPorts"] as JsonArray ?? [])
        {
            var number = (int)port!["port"]!;
            while (number == 8081 || !taken.Add(number))
                number = number % 65535 + 1;
            port["port"] = number;
            if (Text(port, "name") is "main" or "management")
                port["name"] = "metrics";
        }

        if (service["extraPorts"] is JsonArray ports)
            service["extraPorts"] = new JsonArray([.. ports.DistinctBy(p => Text(p, "name")).Select(p => p!.DeepClone())]);
    }

    private static void Mount(JsonObject service)
    {
        if (service["volumes"] is not JsonArray volumes)
            return;
        foreach (var volume in volumes)
        {
            if (Text(volume, "name") is "tmp" or "data")
                volume!["mountPath"] = $"/{Text(volume, "name")}";
        }

        service["volumes"] = new JsonArray([.. volumes.DistinctBy(v => Text(v, "mountPath")!.TrimEnd('/')).Select(v => v!.DeepClone())]);
    }

    /// <summary>Dependencies on those that stand before only, so that there is no circle; then any order will do.</summary>
    private void Depend(List<JsonObject> services)
    {
        for (var i = 0; i < services.Count; i++)
        {
            // The bundled orders depends on users where it says nothing.
            if (services[i]["dependsOn"] is not null || Text(services[i], "name") == "orders" || Text(services[i], "image")?.Contains("/fleet-orders", StringComparison.Ordinal) == true)
                services[i]["dependsOn"] = new JsonArray([.. _dice.Some(_dice.Between(0, 4), services.Take(i).Select(s => Text(s, "name")!)).Select(n => (JsonNode)n)]);
        }

        if (services.FindIndex(s => Text(s, "name") == "users") is var users and >= 0 &&
            services.FindIndex(s => Text(s, "name") == "orders") is var orders && orders > users && _dice.Chance(0.5))
            services[orders].Remove("dependsOn");
    }

    /// <summary>More than one pod of a bundled service needs a database.</summary>
    private void Keep(JsonObject service, int usual)
    {
        var most = Text(service, "state") == "Inactive" ? 0 : (int?)service["autoscaling"]?["maxReplicas"] ?? (int?)service["replicas"] ?? usual;
        if (most < 2 || service["podTemplate"] is not null || service["envFrom"] is JsonArray { Count: > 0 })
            return;
        if (_dice.Chance(0.5) && service["autoscaling"] is null && service["image"] is null)
        {
            service["replicas"] = 1;
            return;
        }

        var env = service["env"] as JsonArray ?? [];
        if (env.Count == 128)
            env.RemoveAt(0);
        if (!env.Any(e => Text(e, "name") == "ConnectionStrings__Default"))
            env.Add(new JsonObject { ["name"] = "ConnectionStrings__Default", ["value"] = "Host=db" });
        if (env.Parent is null)
            service["env"] = env;
    }

    /// <summary>Nobody asks for tokens that nobody issues.</summary>
    private static void Ask(JsonObject spec, List<JsonObject> services)
    {
        if (spec["gateway"]?["auth"]?["issuer"] is not null || services.Any(IsIssuer))
            return;
        foreach (var route in services.Select(s => s["route"]).OfType<JsonObject>())
            route.Remove("auth");
    }

    private static bool IsIssuer(JsonObject service) =>
        Text(service, "image") is { } image ? image.StartsWith($"{Given.Settings.BundledRegistry}/fleet-auth", StringComparison.Ordinal) : Text(service, "name") == "auth";

    /// <summary>No two services at one path.</summary>
    private static void Part(List<JsonObject> services)
    {
        var taken = services.Select(s => $"/{Text(s, "name")}").ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var service in services)
        {
            if (Text(service["route"], "pathPrefix") is { } path && path != $"/{Text(service, "name")}" && !taken.Add(path))
                service["route"]!.AsObject().Remove("pathPrefix");
        }

        // Of several that are the bundled orders one has its default.
        foreach (var twin in services.Where(s => Text(s, "protocol") == "gRPC" && s["grpc"]?["services"] is null && IsOrders(s)).Skip(1))
            twin["grpc"] = new JsonObject { ["services"] = new JsonArray() };
    }

    private static bool IsOrders(JsonObject service) => Text(service, "image") is { } image ? image.Contains("/fleet-orders", StringComparison.Ordinal) : Text(service, "name") == "orders";

    /// <summary>A route of the Gateway API carries neither tokens nor limits.</summary>
    private static void Carry(JsonObject spec, List<JsonObject> services)
    {
        var issued = spec["gateway"]!["auth"]?["issuer"] is not null || services.Any(IsIssuer);
        foreach (var service in services)
        {
            if (issued)
                service["route"] ??= new JsonObject();
            if (service["route"] is not JsonObject route)
                continue;
            route.Remove("rateLimit");
            route.Remove("retries");
            route.Remove("auth");
            if (issued)
                route["auth"] = "None";
        }
    }

    private void WithBounds(JsonObject follows)
    {
        if ((int?)follows["minReplicas"] > (int)follows["maxReplicas"]!)
            follows["minReplicas"] = (int)follows["maxReplicas"]!;
        if (follows["memoryUtilization"] is null)
            follows["cpuUtilization"] ??= 70;
    }

    private JsonObject Resources()
    {
        var made = new JsonObject();
        foreach (var name in _dice.Some(_dice.Between(0, 4), ["cpu", "memory", "ephemeral-storage", "hugepages-2Mi", "vendor.example/gpu"]))
        {
            made[name] = name switch
            {
                "hugepages-2Mi" => "4Mi",
                "vendor.example/gpu" => _dice.One<JsonNode>(2, "2", "2k"),
                _ => _dice.One<JsonNode>("100m", "0.5", "1", 2, 0, "2k", "1e3", "64Mi", ".5Gi", "1.", "+1", "1E", "12e6", "3.000001"),
            };
        }

        return made;
    }

    // What cannot be shared has a limit that is its request; huge pages come with memory.
    private static void WithinLimits(JsonObject resources)
    {
        foreach (var (name, amount) in (resources["requests"] as JsonObject)?.ToArray() ?? [])
        {
            var whole = name.Contains('/', StringComparison.Ordinal) || name.StartsWith("hugepages-", StringComparison.Ordinal);
            if (whole && resources["limits"] is null)
                resources["limits"] = new JsonObject();
            if (whole || resources["limits"]?[name] is not null)
                resources["limits"]![name] = amount!.DeepClone();
        }

        if (resources["limits"] is JsonObject limits && limits.ContainsKey("hugepages-2Mi"))
            limits["memory"] ??= resources["requests"]?["memory"]?.DeepClone() ?? "1Gi";
    }

    private JsonObject Block()
    {
        var (cidr, within) = _dice.One(("10.0.0.0/8", "10.1.0.0/16"), ("0.0.0.0/0", "192.168.0.0/24"), ("fd00::/8", "fd01::/16"), ("::/0", "2001:db8::/32"));
        return _dice.Chance(0.5) ? new() { ["cidr"] = cidr } : new() { ["cidr"] = cidr, ["except"] = new JsonArray(within) };
    }

    private JsonArray Networks() => new([.. _dice.Some(_dice.Between(0, 3), ["10.0.0.0/8", "0.0.0.0/0", "192.168.1.1/32", "fd00::/8", "::/0", "::1/128"]).Select(n => (JsonNode)n)]);

    private int Port() => (int)_dice.Bounded(1, 65535);

    private static void WithoutReserved(JsonObject map)
    {
        foreach (var key in map.Select(f => f.Key).Where(k => k.Contains("kubernetes.io/", StringComparison.Ordinal) || k.Contains("fleet.microservices.dev/", StringComparison.Ordinal) || k == "pod-template-hash").ToArray())
            map.Remove(key);
    }

    private static bool IsZero(JsonNode? amount) => amount is not null && amount.ToString().TrimEnd('%').All(c => c == '0');

    internal static string? Text(JsonNode? parent, string field) => (string?)(parent as JsonObject)?[field];
}
