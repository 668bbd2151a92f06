using Fleet.Apps;
using Fleet.Kubernetes;

namespace Fleet.Cli;

/// <summary>What the API server refuses: quotas, rights, Pod Security, webhooks.</summary>
internal static class AdmissionCauses
{
    /// <summary>Names who refuses, as far as the message tells.</summary>
    internal static Finding Of(Facts facts, Finding general)
    {
        if (RaiseQuota(facts, general.Cause) is { } raise)
            return general with { Next = raise };
        if (Words.WebhookDenied().Match(general.Cause) is { Success: true } denied)
        {
            return general with
            {
                Next = $"meet what it asks for, or let it leave this namespace alone: {Configuration(facts, denied.Groups["webhook"].Value)}",
                Because = [.. general.Because, $"admission webhook {denied.Groups["webhook"].Value} refuses it"],
            };
        }

        if (Words.WebhookFailed().Match(general.Cause) is { Success: true } failed)
        {
            return general with
            {
                Reason = Causes.WebhookInTheWay,
                Next = $"bring the server behind it up, or take it out: {Configuration(facts, failed.Groups["webhook"].Value)}",
                Because = [.. general.Because, $"admission webhook {failed.Groups["webhook"].Value} does not answer, and its failurePolicy is Fail"],
            };
        }

        if (Words.PodSecurity().Match(general.Cause) is { Success: true } policy)
        {
            return general with
            {
                Next = $"take what it names out of the podTemplate; or allow it in this namespace: kubectl label namespace {facts.Namespace} pod-security.kubernetes.io/enforce={Weaker(policy.Groups["level"].Value)} --overwrite",
            };
        }

        return general;
    }

    /// <summary>The command that raises the quota that a message names, or null when it names none.</summary>
    internal static string? RaiseQuota(Facts facts, string message)
    {
        if (Words.Quota().Match(message) is not { Success: true } m)
            return null;
        var limited = m.Groups["limited"] is { Success: true, Value: var what } ? what.Split('=')[0] : null;
        return $"raise {(limited is null ? "spec.hard" : $"spec.hard[{limited}]")}: {facts.Kubectl} edit resourcequota {m.Groups["quota"].Value}; or free some of it";
    }

    /// <summary>The commands that grant what a message says is missing, or null when it does not say.</summary>
    internal static string? Grant(Facts facts, string message) => Grant(message, "fleet-operator-more", facts.Namespace);

    /// <inheritdoc cref="Grant(Facts, string)"/>
    /// <param name="message">What the server said.</param>
    /// <param name="name">A name for the Role.</param>
    /// <param name="usual">The namespace, where the request was for all of them and one is enough.</param>
    internal static string? Grant(string message, string name, string usual)
    {
        if (Words.Rights().Match(message) is not { Success: true } m)
            return null;
        var (user, group) = (m.Groups["user"].Value, m.Groups["group"].Value);
        var resource = group.Length == 0 ? m.Groups["resource"].Value : $"{m.Groups["resource"].Value}.{group}";
        // Who lists to watch needs both; asking for one at a time would take several rounds.
        var verbs = m.Groups["verb"].Value is "get" or "list" or "watch" ? "get,list,watch" : m.Groups["verb"].Value;
        var ns = m.Groups["ns"] is { Success: true, Value: var named } ? named : usual;
        var whom = user.Split(':') is ["system", "serviceaccount", var accountsNamespace, var account] ? $"--serviceaccount={accountsNamespace}:{account}" : $"--user={user}";
        return $"kubectl -n {ns} create role {name} --verb={verbs} --resource={resource} && kubectl -n {ns} create rolebinding {name} --role={name} {whom}";
    }

    // A webhook's name need not be that of the object that configures it.
    private static string Configuration(Facts facts, string webhook) =>
        facts.Webhooks.FirstOrDefault(c => c.Json.Each("webhooks").Any(w => w.Text("name") == webhook)) is { } found
            ? $"kubectl get {found.Resource.Kind.ToLowerInvariant()} {found.Metadata.Name} -o yaml"
            : $"kubectl get validatingwebhookconfigurations,mutatingwebhookconfigurations -o yaml, the one with {webhook}";

    private static string Weaker(string level) => level == "restricted" ? "baseline" : "privileged";
}
