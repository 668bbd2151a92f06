using System.Text;

namespace Fleet.Apps;

/// <summary>What labels and annotations for all children may be called.</summary>
internal static class MetadataRules
{
    internal static IEnumerable<Problem> Check(AppSpec spec) =>
    [
        .. OfKeys(spec.CommonLabels?.Keys, "spec.commonLabels", IsReservedLabel, Says.LabelReserved),
        .. OfKeys(spec.CommonAnnotations?.Keys, "spec.commonAnnotations", IsReservedAnnotation, Says.AnnotationReserved),
        .. OfKeys(spec.Gateway?.ServiceAnnotations?.Keys, "spec.gateway.serviceAnnotations", IsReservedAnnotation, Says.AnnotationReserved),
        .. OfSize(spec),
    ];

    // The Service of the gateway has both.
    private static IEnumerable<Problem> OfSize(AppSpec spec)
    {
        var (common, own) = (SizeOf(spec.CommonAnnotations), SizeOf(spec.Gateway?.ServiceAnnotations));
        if (common > LargestAnnotations)
            yield return new("spec.commonAnnotations", Says.AnnotationsTooLarge);
        else if (common + own > LargestAnnotations)
            yield return new("spec.gateway.serviceAnnotations", Says.AnnotationsTooLarge);
    }

    private static int SizeOf(IReadOnlyDictionary<string, string>? map) => (map ?? new Dictionary<string, string>(StringComparer.Ordinal)).Sum(p => Encoding.UTF8.GetByteCount(p.Key) + Encoding.UTF8.GetByteCount(p.Value));

    /// <summary>Those of the keys that no label and no annotation could have.</summary>
    internal static IEnumerable<string> Malformed(IEnumerable<string>? keys) => (keys ?? []).Where(IsMalformed).Order(StringComparer.Ordinal);

    private static IEnumerable<Problem> OfKeys(IEnumerable<string>? keys, string path, Func<string, bool> isReserved, string reserved)
    {
        foreach (var key in (keys ?? []).Order(StringComparer.Ordinal))
        {
            if (IsMalformed(key))
                yield return new($"{path}[{Excerpt.Line(key)}]", Says.KeyMalformed);
            else if (isReserved(key))
                yield return new($"{path}[{key}]", reserved);
        }
    }

    private static bool IsMalformed(string key) => !Re2.Matches(Patterns.MetadataKeyInCel, key) || key.IndexOf('/') > LongestPrefix;

    // Kubernetes keeps kubernetes.io with all below it for itself (labels-annotations-taints reference); the hash tells one ReplicaSet's pods from another's.
    private static bool IsReservedLabel(string key) => key == "pod-template-hash" || IsUnder(key, Keys.Family) || IsUnder(key, "kubernetes.io");

    // Many annotations of kubernetes.io are meant for users (cluster-autoscaler.kubernetes.io/safe-to-evict). These are not: controllers and kubectl write them.
    private static bool IsReservedAnnotation(string key) =>
        IsUnder(key, Keys.Family) || Prefix(key) is "app.kubernetes.io" or "deployment.kubernetes.io" or "kubectl.kubernetes.io";

    private static bool IsUnder(string key, string domain) =>
        Prefix(key) is { } prefix && (prefix == domain || prefix.EndsWith($".{domain}", StringComparison.Ordinal));

    private static string? Prefix(string key) => key.IndexOf('/') is var slash and >= 0 ? key[..slash] : null;

    // RFC 1123, section 2.1.
    private const int LongestPrefix = 253;

    // Kubernetes allows 256 KiB for all annotations of an object, in bytes; the operator's own and a Deployment's revision need some of it.
    private const int LargestAnnotations = (256 - 4) * 1024;
}
