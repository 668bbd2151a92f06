using Fleet.Apps;
using Fleet.Kubernetes;

namespace Fleet.Cli;

/// <summary>How objects are, each kind in its own words.</summary>
internal static class ObjectStates
{
    /// <summary>The app itself.</summary>
    internal static TreeNode OfApp(MicroserviceApp app)
    {
        var ready = app.Status?.Conditions.FirstOrDefault(c => c.Type == Conditions.Ready);
        return new(MicroserviceApp.Resource.Kind, app.Metadata.Name)
        {
            Ready = app.Status?.Ready, State = ready?.Reason, Tone = StatusPage.ToneOf(ready?.Status), Created = app.Metadata.CreationTimestamp,
            Message = ready?.Status == ConditionStatus.True ? null : ready?.Message,
        };
    }

    /// <summary>A service of the table.</summary>
    internal static TreeNode OfService(ServiceState s) => new(null, s.Name)
    {
        Ready = $"{s.Replicas.Ready}/{s.Replicas.Desired}", Tone = StatusPage.ToneOf(s.State), Message = s.Message,
        State = s.Reason is null ? $"{s.State}" : $"{s.State}: {s.Reason}",
    };

    /// <summary>Any other object.</summary>
    internal static TreeNode Of(KubeObject o)
    {
        var node = new TreeNode(o.Resource.Kind, o.Metadata.Name) { Created = o.Metadata.CreationTimestamp };
        node = o.Resource.Kind switch
        {
            "Deployment" => OfDeployment(node, o),
            "ReplicaSet" => OfReplicaSet(node, o),
            "Pod" => OfPod(node, o),
            "Service" => node with { State = OfPorts(o) },
            "HorizontalPodAutoscaler" => OfAutoscaler(node, o),
            "PodDisruptionBudget" => OfBudget(node, o),
            "HTTPRoute" or "GRPCRoute" => OfRoute(node, o),
            _ => node,
        };
        return o.Metadata.DeletionTimestamp is null ? node : node with { State = "Terminating", Tone = Tone.Busy };
    }

    private static TreeNode OfDeployment(TreeNode node, KubeObject o)
    {
        var rollout = Rollout.Of(o);
        var (state, tone) = rollout switch
        {
            { IsOverdue: true } => (Reasons.ProgressDeadlineExceeded, Tone.Bad),
            { Desired: 0, IsComplete: true } => ("ScaledToZero", Tone.Quiet),
            { IsComplete: true } => ("Complete", Tone.Good),
            _ => (Reasons.RollingOut, Tone.Busy),
        };
        return node with { Ready = $"{rollout.Status.ReadyReplicas}/{rollout.Desired}", State = state, Tone = tone };
    }

    private static TreeNode OfReplicaSet(TreeNode node, KubeObject o)
    {
        var (ready, wanted) = (o.Json.Number("status", "readyReplicas") ?? 0, o.Json.Number("spec", "replicas") ?? 1);
        var failure = o.Json.Condition("ReplicaFailure");
        var failed = failure.Text("status") == "True";
        return node with
        {
            Ready = $"{ready}/{wanted}", State = failed ? failure.Text("reason") ?? "ReplicaFailure" : null, Tone = failed ? Tone.Bad : Tone.Plain,
            Message = failed ? failure.Text("message") : null,
        };
    }

    private static TreeNode OfPod(TreeNode node, KubeObject o)
    {
        var state = PodState.Of(o);
        return node with
        {
            Ready = $"{state.Ready}/{state.Containers}", State = state.Status, Restarts = state.Restarts,
            Tone = state.IsReady ? Tone.Good : state.Status is "Pending" or "ContainerCreating" or "PodInitializing" or "Running" or "Terminating" ? Tone.Busy : Tone.Bad,
        };
    }

    private static string OfPorts(KubeObject o)
    {
        var type = o.Json.Text("spec", "clusterIP") == "None" ? "Headless" : o.Json.Text("spec", "type") ?? "ClusterIP";
        var ports = string.Join(',', o.Json.Each("spec", "ports").Select(p => p.Number("port")));
        return $"{type} {ports}";
    }

    private static TreeNode OfAutoscaler(TreeNode node, KubeObject o)
    {
        var active = o.Json.Condition("ScalingActive");
        var stuck = active.Text("status") == "False";
        return node with
        {
            Ready = $"{o.Json.Number("status", "currentReplicas") ?? 0}/{o.Json.Number("status", "desiredReplicas") ?? 0}",
            State = stuck ? active.Text("reason") : $"{o.Json.Number("spec", "minReplicas") ?? 1} to {o.Json.Number("spec", "maxReplicas") ?? 1}",
            Tone = stuck ? Tone.Bad : Tone.Plain, Message = stuck ? active.Text("message") : null,
        };
    }

    private static TreeNode OfBudget(TreeNode node, KubeObject o)
    {
        var allowed = o.Json.Number("status", "disruptionsAllowed");
        return node with
        {
            Ready = $"{o.Json.Number("status", "currentHealthy") ?? 0}/{o.Json.Number("status", "expectedPods") ?? 0}",
            State = allowed is null ? null : $"allows {allowed}", Tone = allowed == 0 ? Tone.Busy : Tone.Plain,
        };
    }

    // A route tells of every parent; the worst is what counts.
    private static TreeNode OfRoute(TreeNode node, KubeObject o)
    {
        var conditions = o.Json.Each("status", "parents").SelectMany(p => p.Each("conditions")).Where(c => c.Text("type") is "Accepted" or "ResolvedRefs").ToList();
        if (conditions.Count == 0)
            return node with { State = Reasons.Pending, Tone = Tone.Busy };
        var bad = conditions.FirstOrDefault(c => c.Text("status") != "True");
        return bad.ValueKind == System.Text.Json.JsonValueKind.Undefined
            ? node with { State = "Accepted", Tone = Tone.Good }
            : node with { State = bad.Text("reason"), Tone = Tone.Bad, Message = bad.Text("message") };
    }
}
