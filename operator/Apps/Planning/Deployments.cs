using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Apps;

/// <summary>Builds Deployments.</summary>
internal static class Deployments
{
    // How long after a pod's end has begun others may still send to it: kube-proxy and gateways learn of it with a delay.
    private const int SleepSeconds = 5;

    /// <summary>The Deployment of a workload.</summary>
    /// <param name="w">What to build.</param>
    /// <param name="world">Features of the cluster, and the ConfigMaps and Secrets whose content the pods depend on.</param>
    /// <param name="started">Whether the start gate is open; a closed one means no pods.</param>
    internal static PlannedObject Of(Workload w, Observed world, bool started)
    {
        var template = Template(w, world.Features);
        var references = w.Name == Names.Gateway ? [] : ConfigReference.In(template);
        if (RestartsOnConfigChange(w) && Fingerprint(w, references, world) is { } fingerprint)
            Annotate(template, Keys.ConfigHash, fingerprint);

        var first = started ? Scaling.FirstReplicas(w, world) : null;
        var spec = Json.Of(
            ("replicas", !started ? 0 : first is null ? w.Scale.Replicas : null),
            ("progressDeadlineSeconds", w.App.ProgressDeadlineSeconds),
            ("revisionHistoryLimit", 3),
            ("selector", Json.Of(("matchLabels", Json.Map(Metadata.SelectorLabels(w.App, w.Name))))),
            ("strategy", Strategy(w)),
            ("template", template));
        var metadata = Metadata.Of(w.App, w.Name, Names.Child(w.App.Name, w.Name),
            [.. started ? [new(Keys.Started, "true")] : None, .. first is null ? None : [new(Keys.Autoscaled, "true")]]);
        return PlannedObject.Of(Resources.Deployments, w.Name, Json.Of(("metadata", metadata), ("spec", spec))) with { References = references, FirstReplicas = first };
    }

    private static KeyValuePair<string, string>[] None => [];

    private static bool RestartsOnConfigChange(Workload w) => w.App.Services.FirstOrDefault(s => s.Name == w.Name)?.RestartOnConfigChange == true;

    /// <summary>The pod template with the user's overlay, without the fingerprint of its configuration.</summary>
    internal static JsonObject Template(Workload w, ClusterFeatures features)
    {
        var template = Json.Of(
            ("metadata", Json.Of(
                ("labels", Json.Map(Metadata.Labels(w.App, w.Name))),
                ("annotations", Json.Map(w.App.App.Spec.CommonAnnotations)))),
            ("spec", Json.Of(
                ("serviceAccountName", Names.Child(w.App.Name, w.Name)),
                ("automountServiceAccountToken", false),
                ("securityContext", Json.Of(
                    ("runAsNonRoot", true),
                    ("fsGroup", w is { Bundled: not null, HasClaim: true } ? Bundled.Group : null),
                    ("seccompProfile", Json.Of(("type", "RuntimeDefault"))))),
                ("imagePullSecrets", Json.ListOf((w.App.App.Spec.Defaults?.ImagePullSecrets ?? []).Select(s => Json.Of(("name", s.Name))))),
                ("affinity", ScalingObjects.Apart(w.App, w.Name)),
                ("topologySpreadConstraints", ScalingObjects.Spread(w.App, w.Name)),
                ("containers", new JsonArray(Container(w, features))),
                ("volumes", Json.ListOf(w.Volumes.Select(v => v.Volume))))));
        if (w.Overlay is not { } overlay)
            return template;

        // The overlay has the last word on all but the labels by which the pods are found.
        var merged = StrategicMerge.Apply(template, overlay);
        var labels = (merged["metadata"] as JsonObject)?["labels"] as JsonObject ?? [];
        foreach (var (key, value) in Metadata.SelectorLabels(w.App, w.Name))
            labels[key] = value;
        if (labels.Parent is null)
            (merged["metadata"] as JsonObject ?? (JsonObject)(merged["metadata"] = new JsonObject()))["labels"] = labels;
        return merged;
    }

    private static JsonObject Container(Workload w, ClusterFeatures features)
    {
        var (startup, liveness, readiness) = Probes.Of(w, features);
        return Json.Of(
            ("name", w.Name),
            ("image", w.Image),
            ("imagePullPolicy", w.ImagePullPolicy),
            ("command", w.Command),
            ("args", w.Args),
            ("ports", Json.ListOf(w.Ports.Select(p => Port(p.Name, p.Port)).Append(w.Bundled is null ? null : Port(Names.ManagementPort, Bundled.ManagementPort)))),
            ("env", Env(w, features)),
            ("envFrom", w.EnvFrom),
            ("resources", w.Resources),
            ("startupProbe", startup),
            ("livenessProbe", liveness),
            ("readinessProbe", readiness),
            ("lifecycle", features.SleepHook ? Json.Of(("preStop", Json.Of(("sleep", Json.Of(("seconds", SleepSeconds)))))) : null),
            ("securityContext", Json.Of(
                ("allowPrivilegeEscalation", false),
                ("capabilities", Json.Of(("drop", new JsonArray("ALL")))),
                ("readOnlyRootFilesystem", w.Bundled is null ? null : true))),
            ("volumeMounts", Json.ListOf(w.Volumes.Select(v => v.Mount))));
    }

    private static JsonObject Port(string name, int port) => Json.Of(("name", name), ("containerPort", port), ("protocol", "TCP"));

    // The user's value takes the place of ours, and keeps ours's position, so that later variables can refer to it.
    private static JsonArray? Env(Workload w, ClusterFeatures features)
    {
        // Where the container cannot sleep before SIGTERM, the bundled programs go on for as long after it: Services route to a pod for a while after its end has begun.
        IEnumerable<(string Name, string Value)> variables = features.SleepHook || w.Bundled is null ? w.Variables : w.Variables.Append(("DRAIN_DELAY_SECONDS", SleepSeconds.ToString(CultureInfo.InvariantCulture)));
        var users = new Dictionary<string, EnvVar>(StringComparer.Ordinal);
        foreach (var variable in w.UserVariables)
            users[variable.Name] = variable;
        var ours = variables.Select(v => users.Remove(v.Name, out var user) ? Variable(user) : Json.Of(("name", v.Name), ("value", v.Value)));
        return Json.ListOf([.. ours, .. w.UserVariables.Where(v => users.ContainsKey(v.Name)).Select(Variable)]);
    }

    private static JsonObject Variable(EnvVar variable) =>
        (JsonObject)System.Text.Json.JsonSerializer.SerializeToNode(variable, AppsJson.Default.EnvVar)!;

    private static JsonObject Strategy(Workload w) => w.Recreate
        ? Json.Of(("type", "Recreate"))
        : Json.Of(("type", "RollingUpdate"), ("rollingUpdate", Json.Of(
            ("maxSurge", Json.Of(w.Strategy?.MaxSurge ?? 1)),
            ("maxUnavailable", Json.Of(w.Strategy?.MaxUnavailable ?? 0)))));

    // A source that may not be read (null keys) has no part in the fingerprint. While a needed one is missing nothing rolls: the pods that run
    // still have its old content, new ones could not start.
    private static string? Fingerprint(Workload w, ImmutableArray<ConfigReference> references, Observed world)
    {
        if (references.Any(r => r.IsMissing(world)))
            return Live(w, world);
        var text = new StringBuilder();
        foreach (var (target, key, _) in references)
        {
            if (world.Config.GetValueOrDefault(target) is not { Exists: true, Keys: { } keys })
                continue;
            foreach (var (name, hash) in keys.Where(k => key is null || k.Key == key))
                text.Append(target.Kind).Append('/').Append(target.Name).Append('/').Append(name).Append('=').Append(hash).Append('\n');
        }

        return text.Length == 0 ? null : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())))[..8];
    }

    private static string? Live(Workload w, Observed world) =>
        world.Own(w.App.App, Resources.Deployments, Names.Child(w.App.Name, w.Name))
            ?.ToJsonObject()["spec"]?["template"]?["metadata"]?["annotations"]?[Keys.ConfigHash]?.GetValue<string>();

    private static void Annotate(JsonObject template, string key, string value)
    {
        var metadata = (JsonObject)template["metadata"]!;
        if (metadata["annotations"] is not JsonObject annotations)
            metadata["annotations"] = annotations = [];
        annotations[key] = value;
    }
}
