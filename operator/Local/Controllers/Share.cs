using System.Globalization;
using System.Text.Json;

namespace Fleet.Local.Controllers;

/// <summary>A number of replicas, or a percentage of them: <c>maxSurge</c>, <c>maxUnavailable</c>, <c>minAvailable</c>.</summary>
internal static class Share
{
    /// <summary>How many that are.</summary>
    /// <param name="value">A number, or a text such as <c>25%</c>.</param>
    /// <param name="total">Of how many.</param>
    /// <param name="up">Whether a part of one counts as one.</param>
    /// <returns>Null for what is neither.</returns>
    public static int? Of(JsonElement value, int total, bool up)
    {
        if (value.Int() is { } number)
            return number;
        if (value.Text() is not ['0' or '1' or '2' or '3' or '4' or '5' or '6' or '7' or '8' or '9', .., '%'] text
            || !int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var percent))
            return null;
        var part = (long)percent * total;
        return (int)(up ? (part + 99) / 100 : part / 100);
    }
}
