using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Local.Controllers;

/// <summary>The EndpointSlices of a Service: one for every set of ports that its pods have.</summary>
/// <param name="Create">Those to be made.</param>
/// <param name="Update">Those that change, each with its new content.</param>
/// <param name="Delete">Those that are no longer needed.</param>
internal sealed record EndpointSlicePlan(
    ImmutableArray<KubeObject> Create, ImmutableArray<(KubeObject Slice, JsonArray Patch)> Update, ImmutableArray<KubeObject> Delete)
{
    /// <summary>discovery.k8s.io/v1 EndpointSlice.</summary>
    public static readonly Resource Slices = new("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices");

    /// <summary>The label with the Service's name.</summary>
    public const string ServiceLabel = "kubernetes.io/service-name";

    private const string ManagerLabel = "endpointslice.kubernetes.io/managed-by";
    private const string Manager = "endpointslice-controller.k8s.io";
    private const string HeadlessLabel = "service.kubernetes.io/headless";
    private const int MostEndpoints = 1000; // the API's own limit

    /// <summary>Whether a slice is one of ours and not of someone who made it by hand.</summary>
    public static bool IsOurs(KubeObject slice) => slice.Metadata.Label(ManagerLabel) == Manager;

    /// <summary>Decides it.</summary>
    /// <param name="service">The Service.</param>
    /// <param name="endpoints">The pods behind it.</param>
    /// <param name="slices">The slices that are there, ours.</param>
    public static EndpointSlicePlan For(KubeObject service, ImmutableArray<ServiceEndpoint> endpoints, IEnumerable<KubeObject> slices)
    {
        var wanted = endpoints.GroupBy(e => string.Join('/', e.Ports), StringComparer.Ordinal)
            .Select(g => Content(service, g.First().Ports, g.Take(MostEndpoints))).ToList();
        // A Service without pods has an empty slice: whoever waits for one sees that it is known.
        if (wanted.Count == 0)
            wanted.Add(Content(service, [], []));

        var there = slices.OrderBy(s => s.Metadata.Name, StringComparer.Ordinal).ToList();
        var create = ImmutableArray.CreateBuilder<KubeObject>();
        var update = ImmutableArray.CreateBuilder<(KubeObject, JsonArray)>();
        foreach (var content in wanted)
        {
            var slice = there.FirstOrDefault(s => JsonNode.DeepEquals(s.At("ports").ToNode() ?? new JsonArray(), content["ports"])) ?? there.FirstOrDefault();
            if (slice is null)
            {
                create.Add(KubeObject.From(Slices, content));
                continue;
            }

            there.Remove(slice);
            if (Change(slice, content) is { } patch)
                update.Add((slice, patch));
        }

        return new(create.ToImmutable(), update.ToImmutable(), [.. there]);
    }

    private static JsonObject Content(KubeObject service, ImmutableArray<EndpointPort> ports, IEnumerable<ServiceEndpoint> endpoints)
    {
        var labels = new JsonObject();
        foreach (var (key, value) in service.Metadata.LabelsOrNone())
            labels[key] = value;
        labels[ServiceLabel] = service.Metadata.Name;
        labels[ManagerLabel] = Manager;
        if (service.At("spec", "clusterIP").Text() == "None")
            labels[HeadlessLabel] = "";
        return new()
        {
            ["metadata"] = new JsonObject
            {
                ["generateName"] = $"{service.Metadata.Name}-",
                ["namespace"] = service.Metadata.Namespace,
                ["labels"] = labels,
                ["ownerReferences"] = new JsonArray(Claims.Reference(service)),
            },
            ["addressType"] = "IPv4",
            ["endpoints"] = new JsonArray([.. endpoints.Select(Endpoint)]),
            ["ports"] = new JsonArray([.. ports.Select(Port)]),
        };
    }

    private static JsonObject Endpoint(ServiceEndpoint endpoint)
    {
        var json = new JsonObject
        {
            ["addresses"] = new JsonArray(endpoint.Address),
            ["conditions"] = new JsonObject { ["ready"] = endpoint.IsReady, ["serving"] = endpoint.IsServing, ["terminating"] = endpoint.Pod.IsEnding },
        };
        if (endpoint.Pod.Node is { } node)
            json["nodeName"] = node;
        json["targetRef"] = ServiceEndpoints.Target(endpoint.Pod);
        return json;
    }

    private static JsonObject Port(EndpointPort port)
    {
        var json = new JsonObject { ["name"] = port.Name, ["port"] = port.Port, ["protocol"] = port.Protocol };
        if (port.AppProtocol is { } spoken)
            json["appProtocol"] = spoken;
        return json;
    }

    private static JsonArray? Change(KubeObject slice, JsonObject content)
    {
        var patch = new JsonPatch().For(slice);
        var nothing = patch.Operations.Count;
        foreach (var part in (string[])["endpoints", "ports"])
        {
            if (!JsonNode.DeepEquals(slice.At(part).ToNode() ?? new JsonArray(), content[part]))
                patch.Set($"/{part}", content[part]!.DeepClone());
        }

        var labels = content["metadata"]!["labels"]!;
        if (!JsonNode.DeepEquals(slice.At("metadata", "labels").ToNode(), labels))
            patch.Set("/metadata/labels", labels.DeepClone());
        return patch.Operations.Count == nothing ? null : patch.Operations;
    }
}
