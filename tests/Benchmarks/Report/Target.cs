using System.Globalization;

namespace Fleet.Benchmarks.Report;

/// <summary>What a row is to reach.</summary>
/// <param name="Bound">The bound, in the row's unit, or of its ratio.</param>
/// <param name="OfRatio">Whether the ratio is meant, and not the figure.</param>
/// <param name="AtLeast">Whether more is better.</param>
internal readonly record struct Target(double Bound, bool OfRatio = false, bool AtLeast = false)
{
    /// <summary>At most so many times what it is compared with.</summary>
    public static Target RatioAtMost(double bound) => new(bound, OfRatio: true);

    /// <summary>At least so many times what it is compared with.</summary>
    public static Target RatioAtLeast(double bound) => new(bound, OfRatio: true, AtLeast: true);

    /// <summary>At most so much, in the row's unit.</summary>
    public static Target AtMost(double bound) => new(bound);

    /// <summary>Whether a value reaches it.</summary>
    public bool IsMetBy(double value) => AtLeast ? value >= Bound : value <= Bound;

    /// <summary>As the table says it: <c>≤ 1.25 ×</c>.</summary>
    public string Text(string unit) => string.Create(CultureInfo.InvariantCulture, $"{(AtLeast ? "≥" : "≤")} {Bound:0.###} {(OfRatio ? "×" : unit)}");
}
