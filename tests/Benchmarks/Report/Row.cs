using System.Text.Json.Serialization;

namespace Fleet.Benchmarks.Report;

/// <summary>One line of the report: a figure of ours, and beside it the same figure of what it is compared with, measured in the same run.</summary>
internal sealed record Row
{
    /// <summary>The family that measured it: operator, gateway or services.</summary>
    public required string Family { get; init; }

    /// <summary>The group within the family: rows of one group stand in one plot.</summary>
    public required string Group { get; init; }

    /// <summary>What was measured; unique within its group and <see cref="OtherName"/>.</summary>
    public required string What { get; init; }

    /// <summary>The unit of both figures.</summary>
    public required string Unit { get; init; }

    /// <summary>Ours.</summary>
    public required double Ours { get; init; }

    /// <summary>That of the other; null when it is compared with nothing.</summary>
    public double? Other { get; init; }

    /// <summary>The other's name: <c>bare client</c>, <c>nginx</c>.</summary>
    public string? OtherName { get; init; }

    /// <summary>What is to be reached, or null.</summary>
    public Target? Target { get; init; }

    /// <summary>Whether more is better, of the figure and of the ratio.</summary>
    public bool MoreIsBetter { get; init; }

    /// <summary>Ours divided by the other's.</summary>
    public double? Ratio => Other is > 0 ? Ours / Other : null;

    /// <summary>Whether the target is reached; null without one.</summary>
    public bool? Met => Target is not { } target ? null : target.IsMetBy(target.OfRatio ? Ratio ?? double.NaN : Ours);

    /// <summary>By which a row is found again in another run.</summary>
    [JsonIgnore]
    public string Key => $"{Family}: {Group}: {What}{(OtherName is null ? "" : $" / {OtherName}")}";
}
