using System.Globalization;
using System.Text.RegularExpressions;

namespace Fleet.Local.Schemas;

/// <summary>The preferred version first: v2, v1, v1beta2, v1alpha1, then anything else. Rule: kubernetes.io, "Versions in CustomResourceDefinitions", version priority.</summary>
internal sealed partial class VersionPriority : IComparer<string>
{
    internal static VersionPriority Instance { get; } = new();

    public int Compare(string? x, string? y)
    {
        var ((rankX, majorX, minorX), (rankY, majorY, minorY)) = (Parts(x ?? ""), Parts(y ?? ""));
        if (rankX != rankY)
            return rankX - rankY;
        if (majorX != majorY)
            return majorY.CompareTo(majorX);
        return minorX != minorY ? minorY.CompareTo(minorX) : string.CompareOrdinal(x, y);
    }

    private static (int Rank, int Major, int Minor) Parts(string version)
    {
        if (Pattern().Match(version) is not { Success: true } match)
            return (3, 0, 0);
        var rank = match.Groups["stage"].Value switch { "" => 0, "beta" => 1, _ => 2 };
        return (rank, Number(match.Groups["major"].Value), Number(match.Groups["minor"].Value));
    }

    private static int Number(string digits) => int.TryParse(digits, CultureInfo.InvariantCulture, out var number) ? number : 0;

    [GeneratedRegex("^v(?<major>[0-9]{1,6})((?<stage>alpha|beta)(?<minor>[0-9]{1,6}))?$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Pattern();
}
