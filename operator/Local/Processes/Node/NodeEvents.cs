using Fleet.Runtime;

namespace Fleet.Local.Processes;

/// <summary>What a kubelet tells of pods, in its words.</summary>
internal sealed class NodeEvents(EventRecorder recorder)
{
    /// <summary>Something went as it should.</summary>
    public void Normal(LocalPod pod, string reason, string note) => recorder.Record(pod.Reference with { ResourceVersion = null }, "Normal", reason, reason, note);

    /// <summary>Something did not.</summary>
    public void Warning(LocalPod pod, string reason, string note) => recorder.Record(pod.Reference with { ResourceVersion = null }, "Warning", reason, reason, note);
}
