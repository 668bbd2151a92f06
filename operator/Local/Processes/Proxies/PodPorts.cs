using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Fleet.Local.Processes;

/// <summary>Which ports of this machine stand for those of a pod. With an address of its own a pod keeps its ports.</summary>
/// <param name="chosen">The port of this machine by the port of the pod.</param>
internal sealed class PodPorts(ImmutableDictionary<int, int> chosen)
{
    /// <summary>The variables that name a port to listen on.</summary>
    private static readonly string[] Variables = ["PORT", "MANAGEMENT_PORT"];

    /// <summary>Every port is itself.</summary>
    public static PodPorts Same { get; } = new(ImmutableDictionary<int, int>.Empty);

    /// <summary>Chooses a free port of 127.0.0.1 for each port that a pod declares.</summary>
    public static PodPorts Choose(LocalPod pod)
    {
        var containers = pod.Spec.Containers.Concat(pod.Spec.InitContainers).ToList();
        var ports = containers.SelectMany(c => c.Ports).Select(p => p.Number)
            .Concat(containers.SelectMany(c => c.Env).Where(v => Variables.Contains(v.Name, StringComparer.Ordinal)).Select(v => Number(v.Value)).OfType<int>())
            .Distinct().ToList();
        var sockets = ports.ConvertAll(_ => new TcpListener(IPAddress.Loopback, 0));
        try
        {
            sockets.ForEach(s => s.Start()); // all at once, so that no two are the same
            return new(ports.Zip(sockets).ToImmutableDictionary(p => p.First, p => ((IPEndPoint)p.Second.LocalEndpoint).Port));
        }
        finally
        {
            sockets.ForEach(s => s.Dispose());
        }
    }

    /// <summary>The port of this machine.</summary>
    public int ActualOf(int port) => chosen.GetValueOrDefault(port, port);

    /// <summary>Names the chosen ports to a process, where its variables name those of the pod.</summary>
    public void Apply(IDictionary<string, string> environment)
    {
        foreach (var name in Variables)
        {
            if (environment.TryGetValue(name, out var value) && Number(value) is { } port)
                environment[name] = ActualOf(port).ToString(CultureInfo.InvariantCulture);
        }
    }

    private static int? Number(string? text) => int.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number : null;
}
