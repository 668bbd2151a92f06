using System.Text.RegularExpressions;

namespace Fleet.Apps;

/// <summary>What labels and annotations for all children may be called.</summary>
internal static partial class MetadataRules
{
    internal static IEnumerable<Problem> Check(AppSpec spec) =>
    [
        .. OfKeys(spec.CommonLabels?.Keys, "spec.commonLabels", IsReservedLabel, Says.LabelReserved),
        .. OfKeys(spec.CommonAnnotations?.Keys, "spec.commonAnnotations", IsReservedAnnotation, Says.AnnotationReserved),
        .. OfKeys(spec.Gateway?.ServiceAnnotations?.Keys, "spec.gateway.serviceAnnotations", IsReservedAnnotation, Says.AnnotationReserved),
    ];

    /// <summary>Those of the keys that no label and no annotation could have.</summary>
    internal static IEnumerable<string> Malformed(IEnumerable<string>? keys) => (keys ?? []).Where(IsMalformed).Order(StringComparer.Ordinal);

    private static IEnumerable<Problem> OfKeys(IEnumerable<string>? keys, string path, Func<string, bool> isReserved, string reserved)
    {
        foreach (var key in (keys ?? []).Order(StringComparer.Ordinal))
        {
            if (IsMalformed(key))
                yield return new($"{path}[{key}]", Says.KeyMalformed);
            else if (isReserved(key))
                yield return new($"{path}[{key}]", reserved);
        }
    }

    private static bool IsMalformed(string key) => !Key().IsMatch(key) || key.IndexOf('/') > LongestPrefix;

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

    [GeneratedRegex(Patterns.MetadataKeyInCel, RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex Key();
}
