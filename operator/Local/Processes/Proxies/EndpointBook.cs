using System.Collections.Immutable;
using System.Net;
using Fleet.Kubernetes;

namespace Fleet.Local.Processes;

/// <summary>A pod as somebody can connect to it.</summary>
/// <param name="Pod">The pod.</param>
/// <param name="Address">Its address.</param>
/// <param name="Ports">Which port stands for a container's port, where it is another.</param>
/// <param name="IsReady">Whether it takes requests.</param>
internal sealed record PodEndpoint(LocalPod Pod, IPAddress Address, PodPorts Ports, bool IsReady);

/// <summary>The pods that run here, by UID, as they are at this moment: no way over the API server.</summary>
internal sealed class EndpointBook
{
    private ImmutableDictionary<string, PodEndpoint> _pods = ImmutableDictionary<string, PodEndpoint>.Empty;

    /// <summary>A pod is there, or has changed.</summary>
    public void Set(PodEndpoint endpoint) => ImmutableInterlocked.AddOrUpdate(ref _pods, endpoint.Pod.Uid, endpoint, (_, _) => endpoint);

    /// <summary>A pod is gone.</summary>
    public void Remove(string uid) => ImmutableInterlocked.TryRemove(ref _pods, uid, out _);

    /// <summary>Where connections to a Service's port may go: its ready pods, in a fixed order.</summary>
    public IReadOnlyList<IPEndPoint> Of(LocalService service, ServicePort port)
    {
        if (service.Spec.Selector is not { Count: > 0 } selector)
            return [];
        var ready = new List<(string Name, IPEndPoint Place)>();
        foreach (var (_, pod) in _pods)
        {
            if (pod.Pod.Metadata.Namespace != service.Metadata.Namespace || !(pod.IsReady || service.Spec.PublishNotReadyAddresses) || !Selects(selector, pod.Pod.Metadata.Labels))
                continue;
            if (TargetPort(port, pod.Pod) is { } number)
                ready.Add((pod.Pod.Metadata.Name, new IPEndPoint(pod.Address, pod.Ports.ActualOf(number))));
        }

        ready.Sort(static (a, b) => string.CompareOrdinal(a.Name, b.Name));
        return [.. ready.Select(r => r.Place)];
    }

    private static bool Selects(IReadOnlyDictionary<string, string> selector, IReadOnlyDictionary<string, string>? labels) =>
        selector.All(s => labels is not null && labels.TryGetValue(s.Key, out var value) && value == s.Value);

    private static int? TargetPort(ServicePort port, LocalPod pod)
    {
        if (port.TargetPort is not { } target || target is { Number: 0 } or { Number: null, Text: null or "" })
            return port.Port;
        return target.Number ?? pod.Spec.Containers.SelectMany(c => c.Ports).FirstOrDefault(p => p.Name == target.Text)?.Number;
    }
}
