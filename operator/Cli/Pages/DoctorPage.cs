using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace Fleet.Cli;

/// <summary>What <c>fleet doctor</c> shows of one app: the cause, what shows it, and the one next step. Each line begins with one word in capitals, so that it can be looked for.</summary>
/// <param name="Namespace">The app's namespace.</param>
/// <param name="Name">The app's name.</param>
/// <param name="Findings">The causes, the one to begin with first; none when it is Ready.</param>
/// <param name="Notes">What could not be read, and what else one should know.</param>
internal sealed record DoctorPage(string Namespace, string Name, ImmutableArray<Finding> Findings, ImmutableArray<string> Notes)
{
    /// <summary>For people.</summary>
    internal IEnumerable<Line> Lines => Findings is [var first, .. var others]
        ?
        [
            Line.Of(Name, " is not Ready: ", new Span(first.Reason, ToneOf(first))),
            Remark("CAUSE", $"{first.Subject}: {first.Cause}", ToneOf(first)),
            .. first.Because.Select(b => Remark("SHOWN BY", b, Tone.Quiet)),
            .. first.Waiting.IsEmpty ? Array.Empty<Line>() : [Remark("HOLDS UP", $"{string.Join(" -> ", first.Waiting)} -> {first.Subject}", Tone.Quiet)],
            Remark("NEXT", first.Next, Tone.Good),
            .. others.Select(o => Remark("ALSO", $"{o.Reason}: {o.Subject}: {o.Cause}", ToneOf(o))),
            .. Remarks,
        ]
        : [Line.Of(Name, " is ", new Span("Ready", Tone.Good)), .. Remarks];

    /// <summary>For programs.</summary>
    internal JsonObject Document => new()
    {
        ["namespace"] = Namespace,
        ["name"] = Name,
        ["ready"] = Findings.IsEmpty,
        ["findings"] = new JsonArray([.. Findings.Select(OfFinding)]),
        ["notes"] = Strings(Notes),
    };

    private IEnumerable<Line> Remarks => Notes.Select(n => Remark("NOTE", n, Tone.Quiet));

    private static JsonObject OfFinding(Finding f) => new()
    {
        ["reason"] = f.Reason, ["subject"] = f.Subject, ["cause"] = f.Cause, ["because"] = Strings(f.Because), ["waiting"] = Strings(f.Waiting), ["next"] = f.Next,
    };

    private static JsonArray Strings(ImmutableArray<string> texts) => new([.. texts.Select(t => JsonValue.Create(t))]);

    private static Tone ToneOf(Finding f) => f.MayPass ? Tone.Busy : Tone.Bad;

    private static Line Remark(string word, string text, Tone tone) => Line.Of(new Span(word.PadRight(10), tone), text);
}
