using System.Globalization;

namespace Fleet.Kubernetes;

/// <summary>The API server's version.</summary>
/// <param name="Major">1.</param>
/// <param name="Minor">20 for Kubernetes 1.20.</param>
/// <param name="GitVersion">The whole of it, <c>v1.20.2</c> or <c>v1.30.4-eks-a18cd3a</c> for instance.</param>
public sealed record ServerVersion(int Major, int Minor, string GitVersion) : IComparable<ServerVersion>
{
    /// <summary>Whether the server is of this minor version or a later one.</summary>
    public bool AtLeast(int major, int minor) => Major > major || (Major == major && Minor >= minor);

    /// <summary>Orders by major and minor version; the text decides between equals.</summary>
    public int CompareTo(ServerVersion? other) => other is null ? 1
        : Major != other.Major ? Major.CompareTo(other.Major)
        : Minor != other.Minor ? Minor.CompareTo(other.Minor)
        : string.CompareOrdinal(GitVersion, other.GitVersion);

    /// <summary>Before.</summary>
    public static bool operator <(ServerVersion left, ServerVersion right) => left.CompareTo(right) < 0;

    /// <summary>Before or equal.</summary>
    public static bool operator <=(ServerVersion left, ServerVersion right) => left.CompareTo(right) <= 0;

    /// <summary>After.</summary>
    public static bool operator >(ServerVersion left, ServerVersion right) => left.CompareTo(right) > 0;

    /// <summary>After or equal.</summary>
    public static bool operator >=(ServerVersion left, ServerVersion right) => left.CompareTo(right) >= 0;

    /// <inheritdoc/>
    public override string ToString() => GitVersion;

    /// <summary>Reads the leading digits of <c>20+</c>, as managed clusters report their minor version.</summary>
    internal static int Number(string? text)
    {
        var digits = text.AsSpan().TrimStart('v');
        var end = digits.IndexOfAnyExceptInRange('0', '9');
        return int.TryParse(end < 0 ? digits : digits[..end], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
    }
}
