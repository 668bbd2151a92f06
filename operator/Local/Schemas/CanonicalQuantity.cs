using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Local.Schemas;

/// <summary>
/// The one spelling in which a server gives a quantity back: no fraction, the largest suffix of the family in which it was written.
/// Rule: Kubernetes API reference, Quantity, canonical form.
/// </summary>
internal static class CanonicalQuantity
{
    private static readonly string[] Binary = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    private static readonly string[] Metric = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];

    /// <summary>The canonical spelling; what is no quantity stays as it is, to be refused by a check.</summary>
    internal static JsonNode? Of(JsonNode? value)
    {
        if (value?.GetValueKind() is not (JsonValueKind.String or JsonValueKind.Number))
            return value?.DeepClone();
        var text = value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : value.ToJsonString();
        return Quantity.TryParse(text, out var quantity) ? Of(text, quantity.Value) : value.DeepClone();
    }

    private static string Of(string text, decimal amount)
    {
        // Below 1024 the binary suffixes have nothing to say.
        if (text.EndsWith('i') && Math.Abs(amount) >= 1024 && amount == decimal.Truncate(amount))
            return Largest(amount, 1024, Binary);
        if (amount == 0)
            return "0";
        if (IsExponential(text))
            return Exponential(amount);
        return Largest(amount * 1_000_000_000, 1000, Metric);
    }

    private static bool IsExponential(string text) => text.IndexOfAny(['e', 'E']) is >= 0 and var at && at < text.Length - 1;

    private static string Exponential(decimal amount)
    {
        var (units, power) = (amount * 1_000_000_000, -9);
        for (; units % 1000 == 0; units /= 1000)
            power += 3;
        return Plain(units) + (power == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"e{power}"));
    }

    private static string Largest(decimal units, int step, string[] suffixes)
    {
        var at = 0;
        for (; at < suffixes.Length - 1 && units % step == 0; at++)
            units /= step;
        return Plain(units) + suffixes[at];
    }

    private static string Plain(decimal units) => units.ToString("0", CultureInfo.InvariantCulture);
}
