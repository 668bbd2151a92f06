using System.Net;

namespace Fleet.Local.Processes;

/// <summary>A pod on this node: what its containers share.</summary>
internal sealed class PodScene : IDisposable
{
    private volatile LocalPod _pod;
    private string? _failure;

    /// <summary>Gives the pod an address and folders.</summary>
    public PodScene(LocalPod pod, NodeContext node)
    {
        (_pod, Node) = (pod, node);
        Address = node.Options.Addresses.Take();
        Ports = node.Options.Addresses.IsSingle ? PodPorts.Choose(pod) : PodPorts.Same;
        Ending = new PodEnding(node.Time);
        Volumes = new PodVolumes(this);
        Directory.CreateDirectory(node.Folders.Pod(pod), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>The node.</summary>
    public NodeContext Node { get; }

    /// <summary>The pod as it was last seen.</summary>
    public LocalPod Pod
    {
        get => _pod;
        set => _pod = value;
    }

    /// <summary>Its address.</summary>
    public IPAddress Address { get; }

    /// <summary>Its ports on this machine.</summary>
    public PodPorts Ports { get; }

    /// <summary>Its volumes.</summary>
    public PodVolumes Volumes { get; }

    /// <summary>Its end.</summary>
    public PodEnding Ending { get; }

    /// <summary>Beats when the pod, or something that it refers to, has changed at the server.</summary>
    public Pulse News { get; } = new();

    /// <summary>Beats when one of its containers fares differently.</summary>
    public Pulse Moved { get; } = new();

    /// <summary>What it can be told of itself.</summary>
    public PodFacts Facts => new(Pod, Address.ToString(), Node.Options.Name, Node.Options.Addresses.Node.ToString());

    /// <summary>Puts addresses of this machine in the place of cluster names.</summary>
    public string RewriteNames(string text) => ClusterNames.Rewrite(text, Node.Proxies.PlaceOf);

    /// <summary>The file that stands for a container's termination message.</summary>
    public string TerminationLog(Container container) => Path.Combine(Node.Folders.Pod(Pod), $"{container.Name}.termination-log");

    /// <summary>Whether a failure is another than the one told before: what is tried every second is not told every second.</summary>
    public bool IsNews(string failure) => Interlocked.Exchange(ref _failure, failure) != failure;

    /// <summary>Waits for news, but not longer than this; false when the pod is to end.</summary>
    /// <param name="news">Taken before the world was looked at.</param>
    /// <param name="longest">After which it is looked at again anyhow.</param>
    public async Task<bool> WaitAsync(Task news, TimeSpan longest)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(Ending.Begun);
        await Task.WhenAny(news, Task.Delay(longest, Node.Time, over.Token));
        await over.CancelAsync();
        return !Ending.HasBegun;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Node.Options.Addresses.Return(Address);
        Ending.Dispose();
    }
}
