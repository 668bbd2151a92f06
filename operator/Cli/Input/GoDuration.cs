using System.Buffers;
using System.Globalization;

namespace Fleet.Cli;

/// <summary>Durations as kubectl takes them: <c>90s</c>, <c>1h30m</c>, <c>1.5m</c>, <c>250ms</c>, <c>0</c> (the syntax of Go's time.ParseDuration, not below zero).</summary>
internal static class GoDuration
{
    // The longer name first: "ms" is not "m".
    private static readonly (string Name, double Seconds)[] Units = [("ns", 1e-9), ("us", 1e-6), ("µs", 1e-6), ("ms", 1e-3), ("s", 1), ("m", 60), ("h", 3600)];

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789.");

    /// <summary>Reads one; false when it is none, or longer than a timer can wait (24 days).</summary>
    internal static bool TryParse(string text, out TimeSpan duration)
    {
        duration = default;
        if (text == "0")
            return true;
        var rest = text.AsSpan();
        var seconds = 0.0;
        while (!rest.IsEmpty)
        {
            var digits = rest.IndexOfAnyExcept(Digits);
            if (digits <= 0 || !double.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
                return false;
            rest = rest[digits..];
            var unit = UnitOf(rest);
            if (unit.Name is null)
                return false;
            seconds += number * unit.Seconds;
            rest = rest[unit.Name.Length..];
        }

        if (text.Length == 0 || seconds > int.MaxValue / 1000.0)
            return false;
        duration = TimeSpan.FromSeconds(seconds);
        return true;
    }

    private static (string Name, double Seconds) UnitOf(ReadOnlySpan<char> text)
    {
        foreach (var unit in Units)
        {
            if (text.StartsWith(unit.Name, StringComparison.Ordinal))
                return unit;
        }

        return default;
    }
}
