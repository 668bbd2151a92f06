using System.Collections.Immutable;
using Fleet.Apps;

namespace Fleet.Cli;

/// <summary>Why objects of the app are not as planned.</summary>
internal static class ObjectCauses
{
    /// <summary>The causes that ResourcesApplied tells, one for each object that is held back; at least one.</summary>
    internal static IEnumerable<Finding> Of(Facts facts, AppCondition condition)
    {
        // "service: what is wrong; service: what is wrong", the reason is that of the first.
        var first = Of(facts, condition, condition.Message.Split("; ")[0]);
        return [first with { Because = [.. first.Because, .. condition.Message.Split("; ").Skip(1).Where(m => !m.StartsWith("grant", StringComparison.Ordinal))], MayPass = condition.Status == ConditionStatus.Unknown }];
    }

    private static Finding Of(Facts facts, AppCondition condition, string message)
    {
        var (subject, what) = message.Split(": ", 2) is [var before, var after] && facts.Services.Any(s => s.Name == before) ? (before, after) : (Conditions.ResourcesApplied, message);
        var general = new Finding(condition.Reason, subject, condition.Reason == Reasons.ApplyFailed ? what : Words.WithoutAdvice(what), Diagnosis.FixOf(facts, condition.Reason));
        return condition.Reason switch
        {
            Reasons.Forbidden => general with { Next = AdmissionCauses.Grant(facts, condition.Message) ?? general.Next },
            Reasons.QuotaExceeded => general with { Next = AdmissionCauses.RaiseQuota(facts, what) ?? general.Next },
            Reasons.NameConflict => general with { Next = InTheWay(facts, what) ?? general.Next },
            Reasons.SecretNotFound => general with { Next = CreateSecret(facts, what) ?? general.Next },
            Reasons.ApplyFailed => AdmissionCauses.Of(facts, general),
            Reasons.Drifted => Drifted(facts, general),
            Reasons.WaitingForDeletion => Leaving(facts, general),
            _ => general,
        };
    }

    private static string? InTheWay(Facts facts, string message) => Words.InTheWay().Match(message) is { Success: true } m
        ? $"if nobody needs it: {facts.Kubectl} delete {m.Groups["kind"].Value.ToLowerInvariant()} {m.Groups["name"].Value}; to take it over give it the app's labels and set spec.adoption: IfLabelled"
        : null;

    private static string? CreateSecret(Facts facts, string message)
    {
        if (Words.Missing().Match(message) is not { Success: true } m)
            return null;
        var name = m.Groups["name"].Value;
        return facts.App.Spec.Defaults?.ImagePullSecrets?.Any(s => s.Name == name) == true
            ? PullSecret(facts, name, "REGISTRY")
            : $"{facts.Kubectl} create secret tls {name} --cert=tls.crt --key=tls.key";
    }

    /// <summary>The command that makes a pull secret.</summary>
    internal static string PullSecret(Facts facts, string name, string registry) =>
        $"{facts.Kubectl} create secret docker-registry {name} --docker-server={registry} --docker-username=USER --docker-password=PASSWORD";

    private static Finding Drifted(Facts facts, Finding general)
    {
        var last = facts.App.Status?.Drift?.Last;
        ImmutableArray<string> because = last is null ? [] : [$"{last.Object} {(last.Field is null ? "was deleted" : $"{last.Field} was changed{(last.Manager is null ? "" : $" by {last.Manager}")}")}"];
        return general with
        {
            Because = because,
            Next = $$$"""let the operator set it back: {{{facts.Kubectl}}} patch msa {{{facts.Name}}} --type=merge -p '{"spec":{"driftPolicy":"Repair"}}'; or write the wanted value into the spec""",
        };
    }

    private static Finding Leaving(Facts facts, Finding general)
    {
        if (facts.Objects.FirstOrDefault(o => o.Metadata.DeletionTimestamp is not null && o.Resource.Kind is not ("Pod" or "ReplicaSet")) is not { } leaving)
            return general;
        var finalizers = string.Join(", ", leaving.Json.Each("metadata", "finalizers").Select(f => f.GetString()));
        return general with
        {
            Because = [$"{leaving.Id} is being deleted{(finalizers.Length > 0 ? $" and held by {finalizers}" : "")}"],
            Next = finalizers.Length > 0
                ? $"whoever set the finalizer has to take it away: {facts.Kubectl} get {leaving.Resource.Kind.ToLowerInvariant()} {leaving.Metadata.Name} -o yaml" : general.Next,
        };
    }
}
