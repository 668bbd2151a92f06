using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Local.Controllers;

/// <summary>The Endpoints of a Service: what older clients, and kubectl, read in place of slices.</summary>
internal static class EndpointsPlan
{
    /// <summary>core/v1 Endpoints.</summary>
    public static readonly Resource Endpoints = new("", "v1", "Endpoints", "endpoints");

    /// <summary>The object as it should be.</summary>
    public static KubeObject For(KubeObject service, ImmutableArray<ServiceEndpoint> endpoints)
    {
        var labels = service.Metadata.LabelsOrNone().ToNode();
        if (service.At("spec", "clusterIP").Text() == "None")
            labels["service.kubernetes.io/headless"] = "";
        var made = new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = service.Metadata.Name, ["namespace"] = service.Metadata.Namespace, ["labels"] = labels },
        };
        // Here a pod that is about to end is no endpoint at all, unless it is wanted ready or not.
        var known = endpoints.Where(e => e.IsReady || !e.Pod.IsEnding).ToList();
        if (known.Count > 0)
            made["subsets"] = new JsonArray([.. known.GroupBy(e => string.Join('/', e.Ports), StringComparer.Ordinal).Select(Subset)]);
        return KubeObject.From(Endpoints, made);
    }

    /// <summary>The patch from one to the other; null when they say the same.</summary>
    public static JsonArray? Change(KubeObject was, KubeObject wanted)
    {
        var patch = new JsonPatch().For(was);
        var nothing = patch.Operations.Count;
        var subsets = wanted.At("subsets").ToNode() ?? new JsonArray();
        if (!JsonNode.DeepEquals(was.At("subsets").ToNode() ?? new JsonArray(), subsets))
            patch.Set("/subsets", subsets);
        if (wanted.Metadata.LabelsOrNone().Any(l => was.Metadata.Label(l.Key) != l.Value))
            patch.Set("/metadata/labels", wanted.At("metadata", "labels").ToNode());
        return patch.Operations.Count == nothing ? null : patch.Operations;
    }

    private static JsonObject Subset(IGrouping<string, ServiceEndpoint> group)
    {
        var subset = new JsonObject();
        foreach (var (field, entries) in (ReadOnlySpan<(string, IEnumerable<ServiceEndpoint>)>)[("addresses", group.Where(e => e.IsReady)), ("notReadyAddresses", group.Where(e => !e.IsReady))])
        {
            if (entries.Any())
                subset[field] = new JsonArray([.. entries.Select(Address)]);
        }

        if (group.First().Ports is { IsEmpty: false } ports)
            subset["ports"] = new JsonArray([.. ports.Select(Port)]);
        return subset;
    }

    private static JsonObject Address(ServiceEndpoint endpoint)
    {
        var json = new JsonObject { ["ip"] = endpoint.Address };
        if (endpoint.Pod.Node is { } node)
            json["nodeName"] = node;
        json["targetRef"] = ServiceEndpoints.Target(endpoint.Pod);
        return json;
    }

    private static JsonObject Port(EndpointPort port)
    {
        var json = new JsonObject();
        if (port.Name.Length > 0)
            json["name"] = port.Name;
        json["port"] = port.Port;
        json["protocol"] = port.Protocol;
        if (port.AppProtocol is { } spoken)
            json["appProtocol"] = spoken;
        return json;
    }
}
