using System.Text.RegularExpressions;

namespace Fleet.Cli;

/// <summary>
/// The sentences of Kubernetes that are read for what they name. There is no other way: these answers are typed as Forbidden, ReplicaFailure or Unschedulable, and
/// the quota, the policy or the resource is in the text alone. A sentence of another wording is shown as it is.
/// </summary>
internal static partial class Words
{
    /// <summary>The message without its general advice, which the next step makes concrete.</summary>
    internal static string WithoutAdvice(string message) => Advice().Replace(message, "");

    [GeneratedRegex(": (?:check|kubectl|create|add|raise|lower|grant|use an image)\\b.*$", RegexOptions.Singleline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Advice();

    /// <summary>RBAC's refusal: user, verb, resource, group (empty for core), ns (missing for a cluster-wide request).</summary>
    [GeneratedRegex("User \"(?<user>[^\"]+)\" cannot (?<verb>\\w+) resource \"(?<resource>[^\"]+)\" in API group \"(?<group>[^\"]*)\"(?:.*? in the namespace \"(?<ns>[^\"]+)\")?",
        RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    internal static partial Regex Rights();

    /// <summary>A quota's refusal: quota, limited.</summary>
    [GeneratedRegex(@"exceeded quota: (?<quota>[^,\s]+)(?:,.*?limited: (?<limited>[^:;\s]+))?", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    internal static partial Regex Quota();

    /// <summary>A webhook said no: webhook, why.</summary>
    [GeneratedRegex("admission webhook \"(?<webhook>[^\"]+)\" denied the request(?:: (?<why>.*))?", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    internal static partial Regex WebhookDenied();

    /// <summary>A webhook did not answer: webhook, why.</summary>
    [GeneratedRegex("failed calling (?:admission )?webhook \"(?<webhook>[^\"]+)\"(?:: (?<why>.*))?", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    internal static partial Regex WebhookFailed();

    /// <summary>Pod Security's refusal: level, what.</summary>
    [GeneratedRegex("violates PodSecurity \"(?<level>[^\":]+)[^\"]*\": (?<what>.*)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    internal static partial Regex PodSecurity();

    /// <summary>A name that somebody else has: kind, name.</summary>
    [GeneratedRegex(@"(?<kind>[A-Za-z]+)/(?<name>[a-z0-9.-]+) is in the way", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    internal static partial Regex InTheWay();

    /// <summary>What does not exist, in our words or the kubelet's: kind, name.</summary>
    [GeneratedRegex("(?:(?<kind>Secret|ConfigMap)/(?<name>[a-z0-9.-]+) does not exist|(?<kind>secret|configmap) \"(?<name>[^\"]+)\" not found|(?<kind>Secret)/(?<name>[a-z0-9.-]+))",
        RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    internal static partial Regex Missing();

    /// <summary>A key that does not exist, in our words or the kubelet's: kind, name, key.</summary>
    [GeneratedRegex(@"(?:(?<kind>Secret|ConfigMap)/(?<name>[a-z0-9.-]+) has no key (?<key>[^:\s]+)|find key (?<key>\S+) in (?<kind>Secret|ConfigMap) (?:[a-z0-9-]+/)?(?<name>[a-z0-9.-]+))",
        RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    internal static partial Regex MissingKey();

    /// <summary>What the scheduler found too little of: resource.</summary>
    [GeneratedRegex(@"Insufficient (?<resource>[A-Za-z0-9./-]+?)(?=[,.\s)]|$)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    internal static partial Regex Insufficient();

    /// <summary>A taint in the way: key, value.</summary>
    [GeneratedRegex(@"taint \{(?<key>[^:}]+):? ?(?<value>[^}]*)\}", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    internal static partial Regex Taint();
}
