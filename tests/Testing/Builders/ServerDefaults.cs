using System.Globalization;
using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Testing;

/// <summary>What an API server makes of a manifest: defaults filled in, quantities spelled its own way, empty fields left out.</summary>
internal static class ServerDefaults
{
    private static int s_addresses;

    /// <summary>Fills in what decoding fills in.</summary>
    public static void Fill(Resource resource, JsonObject obj)
    {
        if (resource == Resources.Services)
            OfService((JsonObject)obj["spec"]!);
        else if (resource == Resources.Deployments)
            OfDeployment((JsonObject)obj["spec"]!);
    }

    /// <summary>Gives out what is given out when an object is stored.</summary>
    public static void Allocate(Resource resource, JsonObject obj)
    {
        if (resource == Resources.Services && obj["spec"] is JsonObject { } spec && spec["clusterIP"] is null && (string?)spec["type"] != "ExternalName")
            spec["clusterIP"] = $"10.96.0.{Interlocked.Increment(ref s_addresses) % 250}";
    }

    private static void OfService(JsonObject spec)
    {
        Default(spec, "type", "ClusterIP");
        Default(spec, "sessionAffinity", "None");
        foreach (var port in Each(spec, "ports"))
            Default(port, "protocol", "TCP");
    }

    private static void OfDeployment(JsonObject spec)
    {
        Default(spec, "replicas", 1);
        if (spec["template"]?["spec"] is not JsonObject pod)
            return;
        Default(pod, "restartPolicy", "Always");
        Default(pod, "terminationGracePeriodSeconds", 30);
        Default(pod, "dnsPolicy", "ClusterFirst");
        Default(pod, "schedulerName", "default-scheduler");
        foreach (var empty in pod.Where(f => f is { Key: "nodeSelector", Value: JsonObject { Count: 0 } }).Select(f => f.Key).ToList())
            pod.Remove(empty);
        foreach (var container in Each(pod, "containers").Concat(Each(pod, "initContainers")))
            OfContainer(container);
    }

    private static void OfContainer(JsonObject container)
    {
        Default(container, "terminationMessagePath", "/dev/termination-log");
        Default(container, "terminationMessagePolicy", "File");
        Default(container, "imagePullPolicy", "IfNotPresent");
        foreach (var probe in new[] { "startupProbe", "livenessProbe", "readinessProbe" }.Select(p => container[p]).OfType<JsonObject>())
        {
            Default(probe, "successThreshold", 1);
            if (probe["httpGet"] is JsonObject http)
                Default(http, "scheme", "HTTP");
            if (probe["initialDelaySeconds"] is JsonValue delay && delay.ToString() == "0")
                probe.Remove("initialDelaySeconds");
        }

        foreach (var amounts in new[] { "requests", "limits" }.Select(l => container["resources"]?[l]).OfType<JsonObject>())
        {
            foreach (var (name, amount) in amounts.ToList())
                amounts[name] = Canonical(amount!.ToString());
        }

        foreach (var variable in Each(container, "env").Where(v => v["value"]?.ToString() == ""))
            variable.Remove("value");
    }

    // Enough for the quantities in tests: whole numbers, or thousandths.
    private static string Canonical(string amount)
    {
        var value = Quantity.Parse(amount).Value;
        if (amount.EndsWith('i'))
            return amount;
        return value == decimal.Truncate(value)
            ? value.ToString("0", CultureInfo.InvariantCulture)
            : (value * 1000).ToString("0", CultureInfo.InvariantCulture) + "m";
    }

    private static void Default(JsonObject fields, string name, JsonNode value)
    {
        if (!fields.ContainsKey(name))
            fields[name] = value;
    }

    private static IEnumerable<JsonObject> Each(JsonObject parent, string list) => (parent[list] as JsonArray)?.OfType<JsonObject>() ?? [];
}
