using System.Buffers;
using System.Globalization;

namespace Fleet.Kubernetes;

/// <summary>
/// resource.Quantity (<c>500m</c>, <c>1Gi</c>, <c>1e3</c>) by its value, so that two spellings of one amount are equal. The server rewrites quantities
/// to a canonical spelling, so comparing texts would see drift where there is none.
/// </summary>
/// <param name="Value">The amount in base units: bytes, cores.</param>
public readonly record struct Quantity(decimal Value) : IComparable<Quantity>
{
    private const int MaxLength = 64;
    private static readonly SearchValues<char> NumberEnds = SearchValues.Create("0123456789.");

    /// <summary>Reads one.</summary>
    /// <returns>False when the text is no quantity. As in the server, amounts end at 2^63 - 1 and what is finer than nano is rounded away from zero.</returns>
    public static bool TryParse(string? text, out Quantity quantity)
    {
        quantity = default;
        if (text is not { Length: > 0 and <= MaxLength })
            return false;

        var end = text.AsSpan().LastIndexOfAny(NumberEnds) + 1;
        var number = text.AsSpan(0, end);
        var suffix = text.AsSpan(end);
        var exponent = number.IndexOfAny('e', 'E'); // 12e6, but not 12E, whose suffix is exa
        if (exponent >= 0)
        {
            if (suffix.Length > 0 || !int.TryParse(number[(exponent + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var power) || power is < -999 or > 999)
                return false;
            if (!TryNumber(number[..exponent], out var mantissa))
                return false;
            quantity = Rounded(Shifted(mantissa, power));
            return true;
        }

        if (ScaleOf(suffix) is not { } factor || !TryNumber(number, out var value))
            return false;
        quantity = Rounded(factor > 1 && Math.Abs(value) > long.MaxValue / factor ? Math.Sign(value) * (decimal)long.MaxValue : value * factor);
        return true;
    }

    /// <summary>Reads one.</summary>
    /// <exception cref="FormatException">The text is no quantity.</exception>
    public static Quantity Parse(string text) =>
        TryParse(text, out var quantity) ? quantity : throw new FormatException($"\"{text}\" is no quantity; write a number with one of n u m k M G T P E Ki Mi Gi Ti Pi Ei");

    /// <inheritdoc/>
    public int CompareTo(Quantity other) => Value.CompareTo(other.Value);

    /// <summary>Less.</summary>
    public static bool operator <(Quantity left, Quantity right) => left.Value < right.Value;

    /// <summary>Less or equal.</summary>
    public static bool operator <=(Quantity left, Quantity right) => left.Value <= right.Value;

    /// <summary>More.</summary>
    public static bool operator >(Quantity left, Quantity right) => left.Value > right.Value;

    /// <summary>More or equal.</summary>
    public static bool operator >=(Quantity left, Quantity right) => left.Value >= right.Value;

    /// <summary>The plain decimal: <c>1Gi</c> is <c>1073741824</c>, <c>500m</c> is <c>0.5</c>.</summary>
    public override string ToString() => Value.ToString("0.#########", CultureInfo.InvariantCulture);

    // More digits than a decimal holds are far beyond the largest amount.
    private static bool TryNumber(ReadOnlySpan<char> text, out decimal number)
    {
        const NumberStyles style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint;
        if (decimal.TryParse(text, style, CultureInfo.InvariantCulture, out number))
            return true;
        if (!double.TryParse(text, style, CultureInfo.InvariantCulture, out var large))
            return false;
        number = Math.Sign(large) * (decimal)long.MaxValue;
        return true;
    }

    // Stops where nothing can change any more: above the largest amount, and far below the finest.
    private static decimal Shifted(decimal value, int power)
    {
        for (var i = power; i > 0 && value != 0 && Math.Abs(value) <= long.MaxValue; i--)
            value *= 10;
        for (var i = power; i < 0 && Math.Abs(value) > 1e-20m; i++)
            value /= 10;
        return value;
    }

    private static Quantity Rounded(decimal value)
    {
        var amount = Math.Clamp(value, -long.MaxValue, long.MaxValue);
        return new(Math.Round(amount, 9, amount < 0 ? MidpointRounding.ToNegativeInfinity : MidpointRounding.ToPositiveInfinity));
    }

    private static decimal? ScaleOf(ReadOnlySpan<char> suffix) => suffix switch
    {
        "" => 1m,
        "n" => 1e-9m,
        "u" => 1e-6m,
        "m" => 1e-3m,
        "k" => 1e3m,
        "M" => 1e6m,
        "G" => 1e9m,
        "T" => 1e12m,
        "P" => 1e15m,
        "E" => 1e18m,
        "Ki" => 1024m,
        "Mi" => 1024m * 1024,
        "Gi" => 1024m * 1024 * 1024,
        "Ti" => 1024m * 1024 * 1024 * 1024,
        "Pi" => 1024m * 1024 * 1024 * 1024 * 1024,
        "Ei" => 1024m * 1024 * 1024 * 1024 * 1024 * 1024,
        _ => null,
    };
}
