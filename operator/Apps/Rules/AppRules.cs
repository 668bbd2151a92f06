namespace Fleet.Apps;

/// <summary>
/// The rules that a schema cannot express. Those of the CRD's CEL are among them, with the same words (<see cref="Says"/>), because servers before 1.25 ignore
/// CEL; the others need more than one object's fields, or more time than CEL is given. All are about the spec alone: a rule never asks the cluster.
/// </summary>
public static class AppRules
{
    /// <summary>The longest name of an app, in characters: with it most children's names fit into 63.</summary>
    public const int LongestName = 50;

    /// <summary>Checks an app whose defaults are filled in.</summary>
    /// <returns>All that is wrong, always in the same order; empty when the spec is accepted. An app that could not be read has that one problem.</returns>
    public static IReadOnlyList<Problem> Check(EffectiveApp app) => app.App.Unreadable is { } why ? [new("", why)] :
    [
        .. OfMetadata(app),
        .. MetadataRules.Check(app.App.Spec),
        .. app.Services.SelectMany((service, i) => ServiceRules.Check(service, ServicePath(i))),
        .. OfNames(app),
        .. DependencyRules.Check(app),
        .. RouteRules.Check(app),
        .. GatewayRules.Check(app),
        .. OfNetworks(app),
    ];

    internal static string ServicePath(int index) => $"spec.services[{index}]";

    private static IEnumerable<Problem> OfMetadata(EffectiveApp app)
    {
        if (app.Name.Length > LongestName || !Re2.Matches(Patterns.DnsLabel, app.Name))
            yield return new("metadata.name", Says.AppName);
    }

    // The server holds a list-map's entries apart; a file has nobody who does.
    private static IEnumerable<Problem> OfNames(EffectiveApp app)
    {
        var first = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < app.Services.Length; i++)
        {
            if (!first.TryAdd(app.Services[i].Name, i))
                yield return new($"{ServicePath(i)}.name", Says.Taken($"\"{app.Services[i].Name}\"", ServicePath(first[app.Services[i].Name])));
        }
    }

    // The schema's pattern lets more pass than a network: 10.0.0.300/8, for instance.
    private static IEnumerable<Problem> OfNetworks(EffectiveApp app)
    {
        foreach (var (i, peer) in (app.App.Spec.NetworkPolicy?.AllowFrom ?? []).Index())
        {
            var path = $"spec.networkPolicy.allowFrom[{i}]";
            if (peer.IpBlock is null == (peer.PodSelector is null && peer.NamespaceSelector is null))
                yield return new(path, Says.PeerKind);
            foreach (var (field, choice) in new[] { ("namespaceSelector", peer.NamespaceSelector), ("podSelector", peer.PodSelector) })
            {
                foreach (var key in MetadataRules.Malformed(choice?.MatchLabels?.Keys))
                    yield return new($"{path}.{field}.matchLabels[{Excerpt.Line(key)}]", Says.KeyMalformed);
            }

            foreach (var (at, network) in new[] { ($"{path}.ipBlock.cidr", peer.IpBlock?.Cidr) }.Concat((peer.IpBlock?.Except ?? []).Index().Select(e => ($"{path}.ipBlock.except[{e.Index}]", (string?)e.Item))))
            {
                if (network is not null && !Networks.TryParse(network, out _))
                    yield return new(at, $"{Says.NetworkMalformed}, is {network}");
            }

            foreach (var (j, except) in (peer.IpBlock?.Except ?? []).Index())
            {
                if (Networks.TryParse(peer.IpBlock!.Cidr, out var whole) && Networks.TryParse(except, out var part) && !Networks.IsWithin(part, whole))
                    yield return new($"{path}.ipBlock.except[{j}]", $"must be a part of {peer.IpBlock.Cidr}, is {except}");
            }
        }
    }
}
