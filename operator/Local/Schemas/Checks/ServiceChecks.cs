using System.Text.Json.Nodes;

namespace Fleet.Local.Schemas;

/// <summary>What holds for Services.</summary>
internal static class ServiceChecks
{
    internal static IEnumerable<Violation> Of(JsonObject service, JsonObject? old)
    {
        var spec = service.Object("spec") ?? [];
        var type = spec.Text("type");
        return
        [
            .. type == "ExternalName" ? ExternalName(spec) : Ports(spec, type),
            .. MetadataChecks.Labels(spec["selector"] as JsonObject, "spec.selector"),
            .. type is "ClusterIP" && spec.Text("externalTrafficPolicy") is { Length: > 0 } policy
                ? [Violation.Invalid("spec.externalTrafficPolicy", policy, "may only be set for externally-accessible services")]
                : Array.Empty<Violation>(),
            .. Address(spec, old?.Object("spec")),
        ];
    }

    private static IEnumerable<Violation> ExternalName(JsonObject spec)
    {
        if (spec.Text("externalName") is not { Length: > 0 } name)
            return [Violation.Required("spec.externalName")];
        return Formats.DnsSubdomain(name.TrimEnd('.')).Select(p => Violation.Invalid("spec.externalName", name, p));
    }

    private static IEnumerable<Violation> Ports(JsonObject spec, string? type)
    {
        JsonObject[] ports = [.. spec.List("ports")];
        if (ports.Length == 0 && spec.Text("clusterIP") != "None")
            yield return Violation.Required("spec.ports");
        HashSet<string> names = new(StringComparer.Ordinal), numbers = new(StringComparer.Ordinal);
        for (var i = 0; i < ports.Length; i++)
        {
            foreach (var violation in Port(ports[i], $"spec.ports[{i}]", ports.Length > 1, type, names))
                yield return violation;
            var key = new JsonObject { ["port"] = ports[i]["port"]?.DeepClone(), ["protocol"] = ports[i]["protocol"]?.DeepClone() };
            if (!numbers.Add(key.ToJsonString()))
                yield return Violation.Duplicate($"spec.ports[{i}]", key);
        }
    }

    private static IEnumerable<Violation> Port(JsonObject port, string path, bool named, string? type, HashSet<string> names)
    {
        if (port.Text("name") is { Length: > 0 } name)
        {
            foreach (var problem in Formats.DnsLabel(name))
                yield return Violation.Invalid($"{path}.name", name, problem);
            if (!names.Add(name))
                yield return Violation.Duplicate($"{path}.name", name);
        }
        else if (named)
        {
            yield return Violation.Required($"{path}.name");
        }

        foreach (var field in new[] { "port", "targetPort" })
        {
            foreach (var problem in Formats.Port(port[field]))
                yield return Violation.Invalid($"{path}.{field}", port[field], problem);
        }

        if (type == "ClusterIP" && port.Whole("nodePort") is > 0)
            yield return Violation.Forbidden($"{path}.nodePort", "may not be used when `type` is 'ClusterIP'");
    }

    // Once given, an address stays as long as the Service needs one.
    private static IEnumerable<Violation> Address(JsonObject spec, JsonObject? before)
    {
        var (address, was) = (spec.Text("clusterIP"), before?.Text("clusterIP"));
        if (address is { Length: > 0 } and not "None" && !Formats.IsAddress(address))
            yield return Violation.Invalid("spec.clusterIPs[0]", address, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
        if (was is { Length: > 0 } && address != was && spec.Text("type") != "ExternalName" && before!.Text("type") != "ExternalName")
            yield return Violation.Invalid("spec.clusterIPs[0]", new JsonArray(address), "may not change once set");
    }
}
