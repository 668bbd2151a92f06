using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Fleet.Gateway;

/// <summary>The texts of timestamps (RFC 3339), durations and field masks, as ProtoJSON writes them. Every method is total: null means that there is no such text or value.</summary>
internal static partial class WellKnownText
{
    private const long MinSeconds = -62_135_596_800; // 0001-01-01T00:00:00Z
    private const long MaxSeconds = 253_402_300_799; // 9999-12-31T23:59:59Z
    private const long MaxDuration = 315_576_000_000; // about 10,000 years
    private const int Second = 1_000_000_000;

    public static string? Timestamp(long seconds, long nanos)
    {
        if (seconds is < MinSeconds or > MaxSeconds || nanos is < 0 or >= Second)
            return null;
        return DateTimeOffset.FromUnixTimeSeconds(seconds).ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture) + Fraction(nanos) + "Z";
    }

    public static (long Seconds, int Nanos)? ParseTimestamp(string text)
    {
        var match = Rfc3339().Match(text);
        if (!match.Success || !DateTime.TryParseExact(
            match.Groups["time"].Value, "yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time))
            return null;
        var offset = match.Groups["hours"] is { Success: true } hours
            ? (int.Parse(hours.Value) * 3600 + int.Parse(match.Groups["minutes"].Value) * 60) * (match.Groups["sign"].Value == "-" ? -1 : 1)
            : 0;
        var seconds = new DateTimeOffset(time, TimeSpan.Zero).ToUnixTimeSeconds() - offset;
        return seconds is < MinSeconds or > MaxSeconds ? null : (seconds, Nanos(match.Groups["fraction"].Value));
    }

    public static string? Duration(long seconds, long nanos)
    {
        if (Math.Abs((decimal)seconds) > MaxDuration || nanos is <= -Second or >= Second || (seconds < 0 && nanos > 0) || (seconds > 0 && nanos < 0))
            return null;
        var sign = seconds < 0 || nanos < 0 ? "-" : "";
        return $"{sign}{Math.Abs(seconds)}{Fraction(Math.Abs(nanos))}s";
    }

    public static (long Seconds, int Nanos)? ParseDuration(string text)
    {
        var match = Seconds().Match(text);
        if (!match.Success)
            return null;
        var seconds = long.Parse(match.Groups["seconds"].Value);
        var nanos = Nanos(match.Groups["fraction"].Value);
        if (seconds > MaxDuration)
            return null;
        return match.Groups["sign"].Success ? (-seconds, -nanos) : (seconds, nanos);
    }

    /// <summary><c>user.display_name</c> to <c>user.displayName</c>; null when the way back would give another path.</summary>
    public static string? CamelCase(string path)
    {
        var text = new StringBuilder(path.Length);
        for (var i = 0; i < path.Length; i++)
        {
            if (char.IsAsciiLetterUpper(path[i]))
                return null;
            if (path[i] != '_')
                text.Append(path[i]);
            else if (++i < path.Length && char.IsAsciiLetterLower(path[i]))
                text.Append(char.ToUpperInvariant(path[i]));
            else
                return null;
        }

        return text.ToString();
    }

    /// <summary><c>user.displayName</c> to <c>user.display_name</c>.</summary>
    public static string? SnakeCase(string path)
    {
        if (path.Contains('_', StringComparison.Ordinal))
            return null;
        var text = new StringBuilder(path.Length + 4);
        foreach (var c in path)
        {
            if (char.IsAsciiLetterUpper(c))
                text.Append('_').Append(char.ToLowerInvariant(c));
            else
                text.Append(c);
        }

        return text.ToString();
    }

    /// <summary>None, three, six or nine digits.</summary>
    private static string Fraction(long nanos) => nanos switch
    {
        0 => "",
        _ when nanos % 1_000_000 == 0 => $".{nanos / 1_000_000:000}",
        _ when nanos % 1_000 == 0 => $".{nanos / 1_000:000000}",
        _ => $".{nanos:000000000}",
    };

    private static int Nanos(string digits) => digits.Length == 0 ? 0 : int.Parse(digits.PadRight(9, '0'));

    [GeneratedRegex(@"^(?<time>[0-9]{4}-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9])(\.(?<fraction>[0-9]{1,9}))?(Z|(?<sign>[+-])(?<hours>[01][0-9]|2[0-3]):(?<minutes>[0-5][0-9]))\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Rfc3339();

    [GeneratedRegex(@"^(?<sign>-)?(?<seconds>[0-9]{1,12})(\.(?<fraction>[0-9]{1,9}))?s\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Seconds();
}
