using System.Globalization;
using System.Text.Json;

namespace Fleet.Gateway;

/// <summary>Reads numbers, booleans and bytes as ProtoJSON allows them to be written. Null means that the JSON is no such value.</summary>
internal static class JsonScalars
{
    public static long? Int64(JsonElement json, long min, long max) =>
        Integer(json) is { } number && number >= min && number <= max ? (long)number : null;

    public static ulong? UInt64(JsonElement json, ulong max) =>
        Integer(json) is { } number && number >= 0 && number <= max ? (ulong)number : null;

    public static double? Double(JsonElement json)
    {
        if (Text(json) is not { } text)
            return null;
        if (json.ValueKind == JsonValueKind.String)
        {
            switch (text)
            {
                case "NaN": return double.NaN;
                case "Infinity": return double.PositiveInfinity;
                case "-Infinity": return double.NegativeInfinity;
            }
        }

        return IsNumber(text) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null;
    }

    public static float? Single(JsonElement json)
    {
        if (Double(json) is not { } number)
            return null;
        var single = (float)number;
        return float.IsInfinity(single) && double.IsFinite(number) ? null : single;
    }

    /// <summary>Standard or URL-safe alphabet, with or without padding.</summary>
    public static byte[]? Base64(string text)
    {
        var standard = text.Replace('-', '+').Replace('_', '/').TrimEnd('=');
        if (standard.Length % 4 == 1 || text.Length - standard.Length > 2)
            return null;
        standard += new string('=', (4 - standard.Length % 4) % 4);
        var bytes = new byte[standard.Length / 4 * 3];
        return Convert.TryFromBase64String(standard, bytes, out var written) ? bytes[..written] : null;
    }

    private static decimal? Integer(JsonElement json)
    {
        if (Text(json) is not { } text || !IsNumber(text))
            return null;
        // 1.0 and 1e3 are whole numbers too. A fraction too small for a decimal would be lost in it, so the double has to agree.
        return decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number == decimal.Truncate(number)
            && double.Parse(text, CultureInfo.InvariantCulture) is var check && (number != 0 || check == 0)
            ? number
            : null;
    }

    private static string? Text(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Number => json.GetRawText(),
        JsonValueKind.String => json.GetString(),
        _ => null,
    };

    /// <summary>JSON's own grammar begins a number with a minus or a digit; in a string nothing else is allowed either.</summary>
    private static bool IsNumber(string text) => text.Length is > 0 and <= 400 && (text[0] == '-' || char.IsAsciiDigit(text[0])) && char.IsAsciiDigit(text[^1]);
}
