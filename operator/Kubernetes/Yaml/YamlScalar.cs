using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Fleet.Kubernetes;

/// <summary>What a scalar means: null, a boolean, a number or text.</summary>
internal static class YamlScalar
{
    private const string Core = "tag:yaml.org,2002:";

    /// <summary>Resolves a scalar by its tag, else by its style and text.</summary>
    /// <exception cref="FormatException">The tag is unknown or the text does not fit it, or the number is none in JSON.</exception>
    public static JsonValue? Resolve(Scalar scalar)
    {
        var text = scalar.Value;
        if (!IsWhole(text))
            throw new FormatException("there is half of a character in it: an escape of a surrogate without its other half");
        if (scalar.Tag.IsEmpty)
            return scalar.Style == ScalarStyle.Plain ? ResolvePlain(text) : JsonValue.Create(text);
        if (scalar.Tag.IsNonSpecific || scalar.Tag.Value == Core + "str")
            return JsonValue.Create(text);

        var node = ResolvePlain(text);
        var fits = scalar.Tag.Value switch
        {
            Core + "null" => node is null,
            Core + "bool" => node?.GetValueKind() is JsonValueKind.True or JsonValueKind.False,
            Core + "int" => node?.GetValueKind() is JsonValueKind.Number && !IsFloat(text),
            Core + "float" => node?.GetValueKind() is JsonValueKind.Number,
            _ => throw new FormatException($"the tag {scalar.Tag.Value} has no meaning in JSON"),
        };
        return fits ? node : throw new FormatException($"\"{text}\" is no {scalar.Tag.Value[Core.Length..]}");
    }

    /// <summary>Whether a text, written without quotes, reads back as itself under YAML 1.1 and 1.2 alike.</summary>
    public static bool IsText(string text)
    {
        // 1.1 has more that is not text: times in base 60 and dates. Some readers still honour them.
        if (text.Length > 0 && (char.IsAsciiDigit(text[0]) || text[0] is '+' or '-' or '.') && text.All(c => char.IsAsciiDigit(c) || "+-_:.TtZz ".Contains(c)))
            return false;
        if (text is "=" or "<<")
            return false;
        try
        {
            return ResolvePlain(text)?.GetValueKind() == JsonValueKind.String;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private static bool IsWhole(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsSurrogate(text[i]) && !char.IsSurrogatePair(text, i++))
                return false;
        }

        return true;
    }

    private static JsonValue? ResolvePlain(string text)
    {
        switch (text)
        {
            case "" or "~" or "null" or "Null" or "NULL":
                return null;
            case "true" or "True" or "TRUE" or "y" or "Y" or "yes" or "Yes" or "YES" or "on" or "On" or "ON":
                return JsonValue.Create(true);
            case "false" or "False" or "FALSE" or "n" or "N" or "no" or "No" or "NO" or "off" or "Off" or "OFF":
                return JsonValue.Create(false);
            case ".nan" or ".NaN" or ".NAN" or ".inf" or ".Inf" or ".INF" or "+.inf" or "+.Inf" or "+.INF" or "-.inf" or "-.Inf" or "-.INF":
                throw new FormatException($"{text} is no number in JSON; quote it when it is text");
        }

        if (!char.IsAsciiDigit(text[0]) && text[0] is not ('+' or '-' or '.'))
            return JsonValue.Create(text);
        var digits = text.Replace("_", "", StringComparison.Ordinal);
        return Integer(digits) ?? Float(digits) ?? JsonValue.Create(text);
    }

    private static JsonValue? Integer(string text)
    {
        var negative = text is ['-', ..];
        var digits = text.AsSpan(text is ['-' or '+', ..] ? 1 : 0);
        ulong magnitude;
        bool known;
        if (digits is ['0', 'x' or 'X', .. var hex])
            known = ulong.TryParse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out magnitude);
        else if (digits is ['0', 'b' or 'B', .. var bits])
            known = ulong.TryParse(bits, NumberStyles.AllowBinarySpecifier, CultureInfo.InvariantCulture, out magnitude);
        else if (digits is ['0', 'o' or 'O', .. var octal])
            known = TryOctal(octal, out magnitude);
        else if (digits is ['0', _, ..])
            known = TryOctal(digits[1..], out magnitude); // a file mode such as 0644; 089 is none and goes on to Float
        else
            known = ulong.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out magnitude);
        return known ? Number(negative && magnitude != 0 ? $"-{magnitude}" : $"{magnitude}") : null;
    }

    private static bool TryOctal(ReadOnlySpan<char> digits, out ulong value)
    {
        value = 0;
        if (digits.IsEmpty || digits.Length > 21 || digits.ContainsAnyExceptInRange('0', '7'))
            return false;
        foreach (var digit in digits)
            value = (value << 3) | (uint)(digit - '0');
        return true;
    }

    private static JsonValue? Float(string text)
    {
        const NumberStyles style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        if (!text.Any(char.IsAsciiDigit) || !double.TryParse(text, style, CultureInfo.InvariantCulture, out var value))
            return null;
        if (!double.IsFinite(value))
            throw new FormatException($"{text} is too large for a number; quote it when it is text");
        var plain = Math.Abs(value) < 1e21 && value == Math.Truncate(value);
        return Number(value.ToString(plain ? "F0" : "R", CultureInfo.InvariantCulture));
    }

    /// <summary>Made from JSON text because such a value converts to any numeric type, which one made from a long does not.</summary>
    private static JsonValue Number(string json) => JsonValue.Create(JsonElement.Parse(json))!;

    private static bool IsFloat(string text) => Integer(text.Replace("_", "", StringComparison.Ordinal)) is null;
}
