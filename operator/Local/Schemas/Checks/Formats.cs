using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Fleet.Apps;

namespace Fleet.Local.Schemas;

/// <summary>How names, labels, ports and the like are written. Rule: kubernetes.io, "Object Names and IDs" and "Labels and Selectors".</summary>
internal static class Formats
{
    private const string LabelPattern = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
    private const string SubdomainPattern = $@"{LabelPattern}(\.{LabelPattern})*";
    private const string NamePattern = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
    private const string NameExamples = "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '" + NamePattern + "')";

    private static readonly string[] NotInPaths = ["/", "%"];

    /// <summary>What is wrong with a DNS label.</summary>
    internal static IEnumerable<string> DnsLabel(string text)
    {
        if (text.Length > 63)
            yield return "must be no more than 63 characters";
        if (!Re2.Matches($"^{LabelPattern}$", text))
            yield return $"a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '{LabelPattern}')";
    }

    /// <summary>What is wrong with a DNS subdomain.</summary>
    internal static IEnumerable<string> DnsSubdomain(string text)
    {
        if (text.Length > 253)
            yield return "must be no more than 253 characters";
        if (!Re2.Matches($"^{SubdomainPattern}$", text))
            yield return $"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '{SubdomainPattern}')";
    }

    /// <summary>What is wrong with a name that only has to stand in a path.</summary>
    internal static IEnumerable<string> PathSegment(string text)
    {
        if (text is "." or "..")
            yield return $"may not be '{text}'";
        foreach (var part in NotInPaths.Where(p => text.Contains(p, StringComparison.Ordinal)))
            yield return $"may not contain '{part}'";
    }

    /// <summary>What is wrong with the key of a label or an annotation.</summary>
    internal static IEnumerable<string> QualifiedName(string text)
    {
        var parts = text.Split('/');
        if (parts.Length > 2)
        {
            yield return $"a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character {NameExamples} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
            yield break;
        }

        if (parts.Length == 2 && parts[0].Length == 0)
            yield return "prefix part must be non-empty";
        else if (parts.Length == 2)
        {
            foreach (var problem in DnsSubdomain(parts[0]))
                yield return $"prefix part {problem}";
        }

        var name = parts[^1];
        if (name.Length == 0)
            yield return "name part must be non-empty";
        else if (name.Length > 63)
            yield return "name part must be no more than 63 characters";
        if (!Re2.Matches($"^{NamePattern}$", name))
            yield return $"name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character {NameExamples}";
    }

    /// <summary>What is wrong with the value of a label.</summary>
    internal static IEnumerable<string> LabelValue(string text)
    {
        if (text.Length > 63)
            yield return "must be no more than 63 characters";
        if (!Re2.Matches($"^({NamePattern})?$", text))
            yield return $"a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '({NamePattern})?')";
    }

    /// <summary>What is wrong with the key of a ConfigMap's or Secret's data.</summary>
    internal static IEnumerable<string> DataKey(string text)
    {
        if (text.Length > 253)
            yield return "must be no more than 253 characters";
        if (!Re2.Matches("^[-._a-zA-Z0-9]+$", text))
            yield return "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
        foreach (var problem in text is "." or ".." ? PathSegment(text) : [])
            yield return problem;
    }

    /// <summary>What is wrong with the name of a variable.</summary>
    internal static IEnumerable<string> EnvName(string text)
    {
        if (text.Any(c => c is '=' or < ' ' or > '~'))
            yield return "a valid environment variable name must consist only of printable ASCII characters other than '='";
    }

    /// <summary>What is wrong with the name of a port. Rule: RFC 6335, section 5.1.</summary>
    internal static IEnumerable<string> PortName(string text)
    {
        if (text.Length > 15)
            yield return "must be no more than 15 characters";
        if (!Re2.Matches("^[-a-z0-9]+$", text))
            yield return "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)";
        if (!text.Any(char.IsAsciiLetterLower))
            yield return "must contain at least one letter (a-z)";
        if (text.Contains("--", StringComparison.Ordinal))
            yield return "must not contain consecutive hyphens";
        if (text.StartsWith('-') || text.EndsWith('-'))
            yield return "must not begin or end with a hyphen";
    }

    /// <summary>What is wrong with a port, a number or a name.</summary>
    internal static IEnumerable<string> Port(JsonNode? port) => port switch
    {
        null => [],
        _ when port.Text() is { } name => PortName(name),
        _ => long.TryParse(port.ToJsonString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number is > 0 and <= 65535 ? [] : ["must be between 1 and 65535, inclusive"],
    };

    /// <summary>Whether a text is of a format that structural schemas name; what is not known here always is.</summary>
    internal static bool Fits(string format, string text) => format switch
    {
        "date-time" => Re2.Matches(@"^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$", text) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out _),
        "date" => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
        "byte" => IsBase64(text),
        "ipv4" => IsAddress(text) && text.Contains('.', StringComparison.Ordinal),
        "ipv6" => IsAddress(text) && text.Contains(':', StringComparison.Ordinal),
        "cidr" => IPNetwork.TryParse(text, out _),
        "uri" => Uri.TryCreate(text, UriKind.Absolute, out _) || text.StartsWith('/'),
        "uuid" => Re2.Matches("^(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$", text),
        "hostname" => Re2.Matches(@"^[a-zA-Z0-9]([-a-zA-Z0-9]{0,61}[a-zA-Z0-9])?(\.[a-zA-Z0-9]([-a-zA-Z0-9]{0,61}[a-zA-Z0-9])?)*\.?$", text),
        _ => true,
    };

    /// <summary>Whether a text is base64, as servers read it.</summary>
    internal static bool IsBase64(string text) => Convert.TryFromBase64String(text, new byte[(text.Length / 4 * 3) + 3], out _);

    /// <summary>Where base64 ends in a text that is none.</summary>
    internal static int EndOfBase64(string text) =>
        text.TakeWhile(c => char.IsAsciiLetterOrDigit(c) || c is '+' or '/').Count();

    /// <summary>Whether a text is an IP address in full.</summary>
    internal static bool IsAddress(string text) => IPAddress.TryParse(text, out _) && (text.Contains(':', StringComparison.Ordinal) || text.Count(c => c == '.') == 3);
}
