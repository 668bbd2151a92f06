using System.Text.RegularExpressions;
using Fleet.Apps;

namespace Fleet.Cli;

/// <summary>ConfigMaps, Secrets and keys that pods want and that do not exist.</summary>
internal static class ConfigCauses
{
    /// <summary>The command that makes what is missing, with the keys that the pods ask for.</summary>
    internal static Finding Of(Facts facts, Finding general) =>
        (Create(facts, general.Subject, general.Cause) ?? general.Because.Select(b => Create(facts, general.Subject, b)).FirstOrDefault(n => n is not null)) is { } next ? general with { Next = next } : general;

    /// <summary>The command, or null when the message names nothing.</summary>
    internal static string? Create(Facts facts, string service, string message)
    {
        if (Words.MissingKey().Match(message) is { Success: true } without)
        {
            var field = IsSecret(without) ? "stringData" : "data";
            return $$$"""{{{facts.Kubectl}}} patch {{{Kind(without)}}} {{{without.Groups["name"].Value}}} --type=merge -p '{"{{{field}}}":{"{{{without.Groups["key"].Value}}}":"VALUE"}}'""";
        }

        if (Words.Missing().Match(message) is not { Success: true } m)
            return null;
        var name = m.Groups["name"].Value;
        var target = new ConfigKey(IsSecret(m) ? "Secret" : "ConfigMap", name);
        var keys = ConfigReference.In(facts.TemplateOf(service)).Where(r => r.Target == target).Select(r => r.Key).OfType<string>().Distinct(StringComparer.Ordinal).ToList();
        var values = string.Concat((keys.Count > 0 ? keys : ["KEY"]).Select(k => $" --from-literal={k}=VALUE"));
        return $"{facts.Kubectl} create {(IsSecret(m) ? "secret generic" : "configmap")} {name}{values}";
    }

    private static bool IsSecret(Match m) => m.Groups["kind"].Value.Equals("secret", StringComparison.OrdinalIgnoreCase);

    private static string Kind(Match m) => IsSecret(m) ? "secret" : "configmap";
}
