using System.Collections.Immutable;

namespace Fleet.Cli;

/// <summary>What a piece of text says about its matter; a terminal shows it as a colour.</summary>
internal enum Tone
{
    Plain,

    /// <summary>Headings, and what does not matter much.</summary>
    Quiet,

    /// <summary>As it should be.</summary>
    Good,

    /// <summary>On its way.</summary>
    Busy,

    /// <summary>Somebody should look at it.</summary>
    Bad,
}

/// <summary>A piece of a line.</summary>
internal readonly record struct Span
{
    /// <summary>Takes a text over; one that comes from a cluster may hold anything, and must not command the terminal.</summary>
    internal Span(string text, Tone tone = Tone.Plain) => (Text, Tone) = (text.Any(char.IsControl) ? string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c)) : text, tone);

    internal string Text { get; }

    internal Tone Tone { get; }

    public static implicit operator Span(string text) => new(text);
}

/// <summary>A line of output.</summary>
internal sealed record Line(ImmutableArray<Span> Spans)
{
    internal static readonly Line Empty = Of();

    /// <summary>A line of these pieces.</summary>
    internal static Line Of(params ImmutableArray<Span> spans) => new(spans);

    /// <summary>The text alone, without blanks at its end.</summary>
    public override string ToString() => string.Concat(Spans.Select(s => s.Text)).TrimEnd();
}
