using System.Text.RegularExpressions;

namespace Fleet.Local.Processes;

/// <summary>Where a cluster name leads on this machine.</summary>
/// <param name="Host">An address, or another name.</param>
/// <param name="Port">The port in place of the one asked for.</param>
internal readonly record struct Place(string Host, int? Port);

/// <summary>
/// Puts addresses of this machine in the place of the names that only a cluster's DNS knows, <c>shop-users.demo.svc:8002</c> for instance, wherever they
/// stand in a text.
/// </summary>
internal static partial class ClusterNames
{
    /// <summary>Rewrites a text.</summary>
    /// <param name="text">An environment value, an argument or a file.</param>
    /// <param name="find">Where a Service's port is, by namespace, name and port; the port is null when the text names none.</param>
    public static string Rewrite(string text, Func<string, string, int?, Place> find)
    {
        // Most texts hold none, and a file may be long.
        return text.Contains(".svc", StringComparison.Ordinal) ? Name().Replace(text, Resolve) : text;

        string Resolve(Match match)
        {
            int? port = match.Groups["port"].Success ? int.Parse(match.Groups["port"].ValueSpan) : Implied(text.AsSpan(0, match.Index));
            var place = find(match.Groups["namespace"].Value, match.Groups["service"].Value, port);
            // A URL without a port means its scheme's: said only where it is another here.
            var said = match.Groups["port"].Success ? place.Port ?? port : place.Port != port ? place.Port : null;
            return said is { } number ? $"{place.Host}:{number}" : place.Host;
        }
    }

    private static int? Implied(ReadOnlySpan<char> before) =>
        before.EndsWith("http://", StringComparison.OrdinalIgnoreCase) ? 80
        : before.EndsWith("https://", StringComparison.OrdinalIgnoreCase) ? 443
        : null;

    // The whole name only: neither the end of a longer one (a pod's of a StatefulSet) nor the beginning of one (svc.example.com).
    [GeneratedRegex(
        @"(?<![A-Za-z0-9_.-])(?<service>[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)\.(?<namespace>[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)\.svc(?:\.cluster\.local\.?)?(?![A-Za-z0-9_-]|\.[A-Za-z0-9])(?::(?<port>[0-9]{1,5})(?![0-9]))?",
        RegexOptions.CultureInvariant,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex Name();
}
