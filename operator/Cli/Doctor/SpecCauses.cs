using System.Collections.Immutable;
using Fleet.Apps;

namespace Fleet.Cli;

/// <summary>What the spec itself says or gets wrong.</summary>
internal static class SpecCauses
{
    /// <summary>The spec was refused.</summary>
    internal static Finding Refused(Facts facts, AppCondition condition)
    {
        // "path: what is wrong; path: what is wrong": all of it, as the operator found it.
        ImmutableArray<string> problems = [.. condition.Message.Split("; ")];
        var (path, what) = problems[0].Split(": ", 2) is [var before, var after] && !before.Contains(' ', StringComparison.Ordinal) ? (before, after) : ("spec", problems[0]);
        var next = condition.Reason == Reasons.DependencyCycle
            ? $"take one dependsOn out of the cycle: {facts.Kubectl} edit msa {facts.Name}"
            : $"change {path}: {facts.Kubectl} edit msa {facts.Name}";
        return new(condition.Reason, path, what, next) { Because = [.. problems.Skip(1)] };
    }

    /// <summary>Somebody has suspended the app.</summary>
    internal static Finding Suspended(Facts facts) => new(Reasons.Suspended, facts.Name, "spec.suspend is true, so nothing is written, no repair and no change",
        $$$"""{{{facts.Kubectl}}} patch msa {{{facts.Name}}} --type=merge -p '{"spec":{"suspend":false}}'""");
}
