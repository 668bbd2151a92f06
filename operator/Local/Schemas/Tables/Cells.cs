using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Fleet.Local.Schemas;

/// <summary>What stands in the cells of a table.</summary>
internal static class Cells
{
    /// <summary>What kubectl shows where there is no time.</summary>
    internal const string Unknown = "<unknown>";

    /// <summary>What kubectl shows where there is nothing.</summary>
    internal const string None = "<none>";

    /// <summary>The column that comes first.</summary>
    internal static Column Name { get; } = new("Name", "string", (obj, _) => obj["metadata"]?["name"]?.DeepClone(), Description: "The name of the object.");

    /// <summary>The column that every kind has when it says nothing else.</summary>
    internal static Column Age { get; } = new("Age", "date", (obj, now) => AgeOf(obj["metadata"]?["creationTimestamp"], now), Description: "How long the object exists.");

    /// <summary>A value as a column of a type shows it; null for nothing.</summary>
    internal static JsonNode? Of(string type, JsonNode? value, DateTimeOffset now)
    {
        if (value is null)
            return null;
        if (type == "date")
            return AgeOf(value, now);
        return (type, value.GetValueKind()) switch
        {
            ("string", JsonValueKind.String) => value.GetValue<string>(),
            ("string", _) => value.ToJsonString(),
            ("integer", JsonValueKind.Number) => (long)value.GetValue<double>(),
            ("number", JsonValueKind.Number) => value.DeepClone(),
            ("boolean", JsonValueKind.True or JsonValueKind.False) => value.DeepClone(),
            _ => null,
        };
    }

    /// <summary>How long ago a time was.</summary>
    internal static string AgeOf(JsonNode? time, DateTimeOffset now) =>
        DateTimeOffset.TryParse(time?.Text(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var then) ? Duration(now - then) : Unknown;

    /// <summary>A length of time as kubectl writes it: two units while they matter, one after that.</summary>
    internal static string Duration(TimeSpan length)
    {
        var seconds = (long)Math.Truncate(length.TotalSeconds);
        if (seconds < -1)
            return "<invalid>";
        if (seconds < 0)
            return "0s";
        var (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86400);
        return seconds switch
        {
            < 120 => $"{seconds}s",
            < 600 => Two(minutes, "m", seconds % 60, "s"),
            < 3 * 3600 => $"{minutes}m",
            < 8 * 3600 => Two(hours, "h", minutes % 60, "m"),
            < 48 * 3600 => $"{hours}h",
            < 8 * 86400 => Two(days, "d", hours % 24, "h"),
            < 2 * 365 * 86400 => $"{days}d",
            < 8 * 365 * 86400L => Two(days / 365, "y", days % 365, "d"),
            _ => $"{days / 365}y",
        };
    }

    private static string Two(long larger, string largerUnit, long smaller, string smallerUnit) =>
        smaller == 0 ? $"{larger}{largerUnit}" : $"{larger}{largerUnit}{smaller}{smallerUnit}";
}
