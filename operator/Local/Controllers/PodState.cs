using Fleet.Kubernetes;

namespace Fleet.Local.Controllers;

/// <summary>What controllers ask of a pod.</summary>
internal sealed record PodState(KubeObject Object)
{
    /// <summary>Its name.</summary>
    public string Name => Object.Metadata.Name;

    /// <summary>Pending, Running, Succeeded, Failed or Unknown.</summary>
    public string Phase { get; } = Object.At("status", "phase").Text() ?? "";

    /// <summary>Its node; null before it is bound.</summary>
    public string? Node { get; } = Object.At("spec", "nodeName").Text() is { Length: > 0 } node ? node : null;

    /// <summary>Its address; null before it has one.</summary>
    public string? Address { get; } = Object.At("status", "podIP").Text() is { Length: > 0 } address ? address : null;

    /// <summary>Whether its deletion was asked for.</summary>
    public bool IsEnding => Object.Metadata.DeletionTimestamp is not null;

    /// <summary>Whether it has run its course.</summary>
    public bool IsOver => Phase is "Succeeded" or "Failed";

    /// <summary>Whether it counts as a replica.</summary>
    public bool IsActive => !IsEnding && !IsOver;

    /// <summary>Since when it is ready; null when it is not.</summary>
    public DateTimeOffset? ReadySince { get; } = Object.At("status", "conditions").Items()
        .Where(c => c.At("type").Text() == "Ready" && c.At("status").Text() == "True").Select(c => (DateTimeOffset?)(c.At("lastTransitionTime").Time() ?? default(DateTimeOffset))).FirstOrDefault();

    /// <summary>Whether it is ready.</summary>
    public bool IsReady => ReadySince is not null;

    /// <summary>How often its containers were restarted; of the one that was most often.</summary>
    public int Restarts => Object.At("status", "containerStatuses").Items().Select(c => c.At("restartCount").Int() ?? 0).DefaultIfEmpty().Max();

    /// <summary>Whether it is ready for long enough.</summary>
    public bool IsAvailable(int minReadySeconds, DateTimeOffset now) =>
        ReadySince is { } since && (minReadySeconds == 0 || since.AddSeconds(minReadySeconds) <= now);
}
