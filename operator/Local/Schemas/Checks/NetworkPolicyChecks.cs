using System.Text.Json.Nodes;

namespace Fleet.Local.Schemas;

/// <summary>What holds for NetworkPolicies, which are kept and shown; nothing filters traffic here.</summary>
internal static class NetworkPolicyChecks
{
    internal static IEnumerable<Violation> Of(JsonObject policy)
    {
        var spec = policy.Object("spec") ?? [];
        return
        [
            .. KindChecks.Selector(spec["podSelector"] as JsonObject, "spec.podSelector"),
            .. spec.List("ingress").SelectMany((r, i) => Rule(r, "from", $"spec.ingress[{i}]")),
            .. spec.List("egress").SelectMany((r, i) => Rule(r, "to", $"spec.egress[{i}]")),
        ];
    }

    private static IEnumerable<Violation> Rule(JsonObject rule, string peers, string path) =>
        rule.List("ports").SelectMany((p, i) => Port(p, $"{path}.ports[{i}]")).Concat(rule.List(peers).SelectMany((p, i) => Peer(p, $"{path}.{peers}[{i}]")));

    private static IEnumerable<Violation> Port(JsonObject port, string path)
    {
        foreach (var problem in Formats.Port(port["port"]))
            yield return Violation.Invalid($"{path}.port", port["port"], problem);
        if (port.Whole("endPort") < port.Whole("port"))
            yield return Violation.Invalid($"{path}.endPort", port["port"], "must be greater than or equal to `port`");
    }

    private static IEnumerable<Violation> Peer(JsonObject peer, string path)
    {
        if (peer.Count == 0)
            yield return Violation.Required(path, "must specify a peer");
        if (peer.Object("ipBlock")?.Text("cidr") is { } network && !Formats.Fits("cidr", network))
            yield return Violation.Invalid($"{path}.ipBlock.cidr", network, "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)");
        if (peer.Count > 1 && peer.ContainsKey("ipBlock"))
            yield return Violation.Forbidden(path, "may not specify both ipBlock and another peer");
    }
}
