using System.Text;
using Fleet.Kubernetes;

namespace Fleet.Local.Processes;

/// <summary>A ConfigMap or a Secret that a pod refers to.</summary>
/// <param name="IsSecret">Which of the two.</param>
/// <param name="Name">Its name, in the pod's namespace.</param>
internal readonly record struct ConfigSource(bool IsSecret, string Name)
{
    /// <summary>Its kind.</summary>
    public Resource Resource => IsSecret ? Resources.Secrets : Resources.ConfigMaps;

    /// <summary>What the kubelet says when there is none.</summary>
    public string NotFound => IsSecret ? $"secret \"{Name}\" not found" : $"configmap \"{Name}\" not found";

    /// <summary>What the kubelet says when it has no such key.</summary>
    public string NoKey(string ns, string key) => $"couldn't find key {key} in {(IsSecret ? "Secret" : "ConfigMap")} {ns}/{Name}";

    /// <summary>The bytes by key.</summary>
    public IReadOnlyDictionary<string, byte[]> Read(ConfigData data)
    {
        var secret = IsSecret;
        var values = (data.Data ?? new Dictionary<string, string>()).ToDictionary(
            e => e.Key, e => secret ? Convert.FromBase64String(e.Value ?? "") : Encoding.UTF8.GetBytes(e.Value ?? ""), StringComparer.Ordinal);
        foreach (var (key, value) in data.BinaryData ?? new Dictionary<string, string>())
            values[key] = Convert.FromBase64String(value);
        return values;
    }

    /// <summary>What a pod refers to in env and volumes, each once.</summary>
    public static IEnumerable<ConfigSource> Of(LocalPod pod) => OfVolumes(pod.Spec.Volumes)
        .Concat(pod.Spec.InitContainers.Concat(pod.Spec.Containers).SelectMany(OfEnvironment)).Distinct();

    /// <summary>What a container's environment refers to.</summary>
    public static IEnumerable<ConfigSource> OfEnvironment(Container container) =>
    [
        .. container.EnvFrom.SelectMany(from => new[] { (from.ConfigMapRef, false), (from.SecretRef, true) })
            .Where(r => r.Item1 is not null).Select(r => new ConfigSource(r.Item2, r.Item1!.Name)),
        .. container.Env.SelectMany(v => new[] { (v.ValueFrom?.ConfigMapKeyRef, false), (v.ValueFrom?.SecretKeyRef, true) })
            .Where(r => r.Item1 is not null).Select(r => new ConfigSource(r.Item2, r.Item1!.Name)),
    ];

    /// <summary>What volumes refer to.</summary>
    public static IEnumerable<ConfigSource> OfVolumes(IEnumerable<Volume> volumes)
    {
        foreach (var volume in volumes)
        {
            ProjectedPart[] parts = [new() { ConfigMap = volume.ConfigMap, Secret = volume.Secret }, .. volume.Projected?.Sources ?? []];
            foreach (var part in parts)
            {
                if (part.ConfigMap is { } map)
                    yield return new(false, map.ObjectName);
                if (part.Secret is { } secret)
                    yield return new(true, secret.ObjectName);
            }
        }
    }
}

/// <summary>ConfigMaps and Secrets as they were read; null for one that is not there.</summary>
internal delegate IReadOnlyDictionary<string, byte[]>? ConfigLookup(ConfigSource source);

/// <summary>A container cannot be made from what it refers to; the message is the kubelet's.</summary>
internal sealed class ConfigErrorException(string message) : Exception(message);
