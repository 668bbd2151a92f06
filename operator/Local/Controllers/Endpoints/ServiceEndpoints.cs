using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Local.Controllers;

/// <summary>A port of a Service, as one pod has it.</summary>
/// <param name="Name">The port's name; empty for the only one.</param>
/// <param name="Protocol">TCP, UDP or SCTP.</param>
/// <param name="Port">The pod's port.</param>
/// <param name="AppProtocol">What is spoken on it; null when nobody has said.</param>
internal sealed record EndpointPort(string Name, string Protocol, int Port, string? AppProtocol);

/// <summary>A pod behind a Service.</summary>
/// <param name="Pod">The pod.</param>
/// <param name="Address">Its address.</param>
/// <param name="Ports">The Service's ports, as this pod has them.</param>
/// <param name="IsServing">Whether it answers.</param>
/// <param name="IsReady">Whether it is to be sent new connections.</param>
internal sealed record ServiceEndpoint(PodState Pod, string Address, ImmutableArray<EndpointPort> Ports, bool IsServing, bool IsReady);

/// <summary>Which pods are behind a Service. Rule: kubernetes.io, "EndpointSlices", conditions.</summary>
internal static class ServiceEndpoints
{
    /// <summary>Whether anyone but us keeps the Service's endpoints, or nobody: it selects nothing, or is only a name.</summary>
    public static bool AreForeign(KubeObject service) =>
        service.At("spec", "type").Text() == "ExternalName" || service.At("spec", "selector") is not { ValueKind: JsonValueKind.Object } selector || !selector.EnumerateObject().Any();

    /// <summary>The pods, in the order of their addresses.</summary>
    public static ImmutableArray<ServiceEndpoint> Of(KubeObject service, IEnumerable<PodState> pods)
    {
        var selector = LabelSelector.ReadMap(service.At("spec", "selector"));
        var always = service.At("spec", "publishNotReadyAddresses").IsTrue();
        return
        [
            .. from pod in pods
               where pod.Address is not null && !pod.IsOver && selector.Matches(pod.Object.Metadata.LabelsOrNone())
               let serves = pod.IsReady
               orderby pod.Address, pod.Name
               select new ServiceEndpoint(pod, pod.Address!, Ports(service, pod), serves, always || (serves && !pod.IsEnding)),
        ];
    }

    // A pod that does not have a named port is an endpoint for the others.
    private static ImmutableArray<EndpointPort> Ports(KubeObject service, PodState pod)
    {
        var ports = ImmutableArray.CreateBuilder<EndpointPort>();
        foreach (var port in service.At("spec", "ports").Items())
        {
            var protocol = port.At("protocol").Text() ?? "TCP";
            var target = port.At("targetPort");
            var number = target.Text() is { } name ? Named(pod, name, protocol) : target.Int() is { } given and not 0 ? given : port.At("port").Int();
            if (number is { } found)
                ports.Add(new(port.At("name").Text() ?? "", protocol, found, port.At("appProtocol").Text()));
        }

        return ports.ToImmutable();
    }

    private static int? Named(PodState pod, string name, string protocol) => pod.Object.At("spec", "containers").Items()
        .Concat(pod.Object.At("spec", "initContainers").Items().Where(c => c.At("restartPolicy").Text() == "Always"))
        .SelectMany(c => c.At("ports").Items())
        .Where(p => p.At("name").Text() == name && (p.At("protocol").Text() ?? "TCP") == protocol)
        .Select(p => p.At("containerPort").Int())
        .FirstOrDefault();

    /// <summary>The pod, as endpoints name it.</summary>
    public static JsonObject Target(PodState pod) => new()
    {
        ["kind"] = "Pod", ["name"] = pod.Name, ["namespace"] = pod.Object.Metadata.Namespace, ["uid"] = pod.Object.Metadata.Uid,
    };
}
