using System.Collections.Immutable;
using Fleet.Apps;
using Fleet.Kubernetes;

namespace Fleet.Cli;

/// <summary>Why one service is not Active: what the operator found, made concrete by what pods, events and nodes say.</summary>
internal static class ServiceCauses
{
    /// <summary>The cause.</summary>
    /// <param name="facts">What is known.</param>
    /// <param name="row">The service.</param>
    /// <param name="overdue">Whether another has waited for it for too long: then it does not help to wait any more.</param>
    internal static Finding Of(Facts facts, ServiceState row, bool overdue)
    {
        var reason = row.Reason is null or Reasons.RollingOut ? overdue ? Reasons.ProgressDeadlineExceeded : Reasons.RollingOut : row.Reason;
        var general = new Finding(reason, row.Name, reason == Reasons.PodRefused ? row.Message! : Words.WithoutAdvice(row.Message ?? "it is not Active"), Diagnosis.FixOf(facts, reason))
        {
            MayPass = !overdue && row.State is (ServicePhase.Waiting or ServicePhase.Progressing), Because = Evidence(facts, row.Name),
        };
        // A node that is gone leaves the pods' last words as they were: whatever they say, it is about another time.
        if (NodeCauses.Of(facts, general) is { } node)
            return node;
        return reason switch
        {
            Reasons.ImagePullFailed => ImageCauses.Of(facts, general),
            Reasons.CrashLooping => ContainerCauses.Crash(facts, general),
            Reasons.ProbeFailing => ContainerCauses.Probe(facts, general),
            Reasons.RunsAsRoot => RunsAsRoot(general),
            Reasons.ConfigMissing => ConfigCauses.Of(facts, general),
            Reasons.Unschedulable => SchedulingCauses.Of(facts, general),
            Reasons.PodRefused => AdmissionCauses.Of(facts, general),
            Reasons.RollingOut or Reasons.ProgressDeadlineExceeded => Underway(facts, general),
            _ => general,
        };
    }

    /// <summary>What the pods' newest warnings say, and the ReplicaSet's when there is no pod.</summary>
    private static ImmutableArray<string> Evidence(Facts facts, string service)
    {
        var pod = facts.PodsOf(service).FirstOrDefault(p => !PodState.Of(p).IsReady);
        var about = pod ?? facts.Objects.FirstOrDefault(o => o.Resource.Kind == "ReplicaSet" && o.Metadata.Label(Keys.Service) == service && facts.Warnings(o).Any());
        return about is null ? [] : [.. facts.Warnings(about).Take(2).Select(e => $"{about.Id}: {e.Reason}: {e.Note}{(e.Count > 1 ? $" ({e.Count} times)" : "")}")];
    }

    private static Finding RunsAsRoot(Finding general) => general with
    {
        Next = general.Subject == Names.Gateway ? general.Next
            : $"use an image with a numeric USER that is not 0 as {Facts.PathOf(general.Subject)}.image; or allow it: {Facts.PathOf(general.Subject)}.podTemplate: {{spec: {{securityContext: {{runAsNonRoot: false}}}}}}",
    };

    // Nothing that a container's state shows: what the events tell, else the pods themselves.
    private static Finding Underway(Facts facts, Finding general)
    {
        if (facts.PodsOf(general.Subject).FirstOrDefault(p => !PodState.Of(p).IsReady) is not { } pod)
            return general.MayPass ? general : general with { Next = $"see whether it has pods, and why not: {facts.Kubectl} describe replicaset -l {Keys.Service}={general.Subject},{Keys.App}={facts.Name}" };
        if (facts.Warnings(pod).FirstOrDefault(e => e.Reason is "FailedMount" or "FailedAttachVolume") is { } mount)
        {
            return general with
            {
                Reason = Causes.VolumeNotMounted, Cause = "a volume of its pod cannot be mounted", MayPass = false,
                Because = [$"{pod.Id}: {mount.Reason}: {mount.Note}"],
                Next = ConfigCauses.Create(facts, general.Subject, mount.Note) ?? $"see what it needs: {facts.Kubectl} describe pod {pod.Metadata.Name}",
            };
        }

        return general.MayPass ? general with { Next = $"wait for it: {facts.Program} wait {facts.Name} -n {facts.Namespace} --timeout 5m" }
            : general with { Next = $"see what its pod waits for: {facts.Kubectl} describe pod {pod.Metadata.Name}" };
    }
}
