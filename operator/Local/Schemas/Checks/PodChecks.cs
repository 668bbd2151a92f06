using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Kubernetes;

namespace Fleet.Local.Schemas;

/// <summary>What holds for pods and for the templates they are made from.</summary>
internal static class PodChecks
{
    private static readonly string[] Changeable = ["activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds", "schedulingGates"];
    private static readonly string[] Counts = ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"];
    private static readonly string[] Handlers = ["exec", "httpGet", "tcpSocket", "grpc", "sleep"];
    private static readonly string[] Probes = ["livenessProbe", "readinessProbe", "startupProbe"];
    private static readonly string[] ContainerLists = ["initContainers", "containers"];

    private static readonly string[] FieldPaths =
        ["metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"];

    private static readonly string[] KeyedFieldPaths = ["metadata.labels['", "metadata.annotations['"];

    /// <summary>Of a pod.</summary>
    internal static IEnumerable<Violation> OfPod(JsonObject pod, JsonObject? old)
    {
        var spec = pod.Object("spec") ?? [];
        IEnumerable<Violation> changed = old?["spec"] is JsonObject before && !JsonNode.DeepEquals(Unchangeable(spec), Unchangeable(before))
            ? [Violation.Forbidden("spec", "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)")]
            : [];
        return Spec(spec, "spec").Concat(changed);
    }

    /// <summary>Of the template of a spec.</summary>
    internal static IEnumerable<Violation> OfTemplate(JsonObject owner)
    {
        var spec = owner.Object("template", "spec") ?? [];
        var policy = spec.Text("restartPolicy");
        return Spec(spec, "spec.template.spec").Concat(policy is null or "Always" ? [] : [Violation.NotSupported("spec.template.spec.restartPolicy", policy, ["Always"])]);
    }

    /// <summary>What is wrong with a number of pods or a share of them.</summary>
    internal static IEnumerable<Violation> CountOrPercent(JsonNode? value, string path)
    {
        if (value?.Text() is { } text)
        {
            if (!Re2.Matches("^[0-9]+%$", text))
                yield return Violation.Invalid(path, value, "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')");
            else if (text.Length > 4 || int.Parse(text[..^1], System.Globalization.CultureInfo.InvariantCulture) > 100)
                yield return Violation.Invalid(path, value, "must not be greater than 100%");
        }
        else if (value is not null && value.ToJsonString().StartsWith('-'))
        {
            yield return Violation.Invalid(path, value, "must be greater than or equal to 0");
        }
    }

    private static JsonObject Unchangeable(JsonObject spec)
    {
        var kept = spec.DeepClone().AsObject();
        foreach (var field in Changeable)
            kept.Remove(field);
        foreach (var container in ContainerLists.SelectMany(l => kept.List(l)))
            container.Remove("image");
        return kept;
    }

    private static IEnumerable<Violation> Spec(JsonObject spec, string path)
    {
        HashSet<string> volumes = new(StringComparer.Ordinal), names = new(StringComparer.Ordinal);
        foreach (var violation in spec.List("volumes").SelectMany((v, i) => Volume(v, $"{path}.volumes[{i}]", volumes)))
            yield return violation;
        foreach (var violation in ContainerLists.SelectMany(l => spec.List(l).SelectMany((c, i) => Container(c, $"{path}.{l}[{i}]", names, volumes))))
            yield return violation;
        foreach (var violation in KindChecks.AtLeast(spec, "terminationGracePeriodSeconds", path))
            yield return violation;
        foreach (var violation in MetadataChecks.Labels(spec["nodeSelector"] as JsonObject, $"{path}.nodeSelector"))
            yield return violation;
        foreach (var problem in spec.Text("serviceAccountName") is { Length: > 0 } account ? Formats.DnsSubdomain(account) : [])
            yield return Violation.Invalid($"{path}.serviceAccountName", spec["serviceAccountName"], problem);
    }

    private static IEnumerable<Violation> Volume(JsonObject volume, string path, HashSet<string> names)
    {
        foreach (var second in BuiltInKinds.Types["io.k8s.api.core.v1.Volume"].Fields.Keys.Where(k => k != "name" && volume.ContainsKey(k)).Skip(1))
            yield return Violation.Forbidden($"{path}.{second}", "may not specify more than 1 volume type");
        if (volume.Object("secret") is { } secret && secret.Text("secretName") is not { Length: > 0 })
            yield return Violation.Required($"{path}.secret.secretName");
        if (volume.Object("configMap") is { } configMap && configMap.Text("name") is not { Length: > 0 })
            yield return Violation.Required($"{path}.configMap.name");
        foreach (var violation in Named(volume, path, names))
            yield return violation;
    }

    /// <summary>A name that is a DNS label and nobody else's; that it is there is said by the shape.</summary>
    private static IEnumerable<Violation> Named(JsonObject obj, string path, HashSet<string> taken)
    {
        if (obj.Text("name") is not { Length: > 0 } name)
            yield break;
        foreach (var problem in Formats.DnsLabel(name))
            yield return Violation.Invalid($"{path}.name", name, problem);
        if (!taken.Add(name))
            yield return Violation.Duplicate($"{path}.name", name);
    }

    private static IEnumerable<Violation> Container(JsonObject container, string path, HashSet<string> names, HashSet<string> volumes)
    {
        var image = container.Text("image");
        if (image is not { Length: > 0 })
            yield return Violation.Required($"{path}.image");
        else if (image.Trim().Length != image.Length)
            yield return Violation.Invalid($"{path}.image", image, "must not have leading or trailing whitespace");
        IEnumerable<Violation>[] parts =
        [
            Named(container, path, names),
            Ports(container, path),
            container.List("env").SelectMany((e, i) => Env(e, $"{path}.env[{i}]")),
            Mounts(container, path, volumes),
            Probes.SelectMany(p => container.Object(p) is { } probe ? Probe(probe, p, $"{path}.{p}") : []),
            Resources(container, $"{path}.resources"),
        ];
        foreach (var violation in parts.SelectMany(p => p))
            yield return violation;
    }

    private static IEnumerable<Violation> Ports(JsonObject container, string path)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (port, i) in container.List("ports").Select((p, i) => (p, i)))
        {
            if (port.Text("name") is { Length: > 0 } name)
            {
                foreach (var problem in Formats.PortName(name))
                    yield return Violation.Invalid($"{path}.ports[{i}].name", name, problem);
                if (!names.Add(name))
                    yield return Violation.Duplicate($"{path}.ports[{i}].name", name);
            }

            foreach (var problem in port["containerPort"] is { } number ? Formats.Port(number) : [])
                yield return Violation.Invalid($"{path}.ports[{i}].containerPort", port["containerPort"], problem);
        }
    }

    private static IEnumerable<Violation> Env(JsonObject variable, string path)
    {
        foreach (var problem in variable.Text("name") is { Length: > 0 } name ? Formats.EnvName(name) : [])
            yield return Violation.Invalid($"{path}.name", variable["name"], problem);
        if (variable.Object("valueFrom") is not { } source)
            yield break;
        if (source.Object("fieldRef")?.Text("fieldPath") is { Length: > 0 } field && !FieldPaths.Contains(field) && !KeyedFieldPaths.Any(p => field.StartsWith(p, StringComparison.Ordinal)))
            yield return Violation.Invalid($"{path}.valueFrom.fieldRef.fieldPath", field, $"error converting fieldPath: field label not supported: {field}");
        if (source.Count == 0)
            yield return Violation.Invalid($"{path}.valueFrom", "", "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`");
        else if (variable.Text("value") is { Length: > 0 })
            yield return Violation.Invalid($"{path}.valueFrom", "", "may not be specified when `value` is not empty");
        else if (source.Count > 1)
            yield return Violation.Invalid($"{path}.valueFrom", "", "may not have more than one field specified at a time");
    }

    private static IEnumerable<Violation> Mounts(JsonObject container, string path, HashSet<string> volumes)
    {
        var paths = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (mount, i) in container.List("volumeMounts").Select((m, i) => (m, i)))
        {
            if (mount.Text("name") is { Length: > 0 } name && !volumes.Contains(name))
                yield return Violation.NotFound($"{path}.volumeMounts[{i}].name", name);
            if (mount.Text("mountPath") is { Length: > 0 } at && !paths.Add(at))
                yield return Violation.Invalid($"{path}.volumeMounts[{i}].mountPath", at, "must be unique");
        }
    }

    private static IEnumerable<Violation> Probe(JsonObject probe, string name, string path)
    {
        string[] handlers = [.. Handlers.Where(probe.ContainsKey)];
        if (handlers.Length == 0)
            yield return Violation.Required(path, "must specify a handler type");
        foreach (var handler in handlers.Skip(1))
            yield return Violation.Forbidden($"{path}.{handler}", "may not specify more than 1 handler type");
        foreach (var handler in handlers.Where(h => probe.Object(h)?["port"] is not null))
        {
            foreach (var problem in Formats.Port(probe[handler]!["port"]))
                yield return Violation.Invalid($"{path}.{handler}.port", probe[handler]!["port"], problem);
        }

        foreach (var violation in Counts.SelectMany(c => KindChecks.AtLeast(probe, c, path)))
            yield return violation;
        if (name != "readinessProbe" && probe.Whole("successThreshold") > 1)
            yield return Violation.Invalid($"{path}.successThreshold", probe["successThreshold"], "must be 1");
    }

    private static IEnumerable<Violation> Resources(JsonObject container, string path)
    {
        var (limits, requests) = (container.Object("resources", "limits") ?? [], container.Object("resources", "requests") ?? []);
        foreach (var (kind, amounts) in new[] { ("limits", limits), ("requests", requests) })
        {
            foreach (var (name, amount) in amounts.Where(a => Amount(a.Value) is { } q && q.Value < 0))
                yield return Violation.Invalid($"{path}.{kind}[{name}]", amount, "must be greater than or equal to 0");
        }

        foreach (var (name, amount) in requests)
        {
            if (Amount(amount) is { } wanted && Amount(limits[name]) is { } most && wanted > most)
                yield return Violation.Invalid($"{path}.requests", amount, $"must be less than or equal to {name} limit of {limits[name]}");
        }
    }

    private static Quantity? Amount(JsonNode? amount) => Quantity.TryParse(amount?.Text(), out var quantity) ? quantity : null;
}
