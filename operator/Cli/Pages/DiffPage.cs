using System.Text.Json;
using Fleet.Apps;
using Fleet.Kubernetes;

namespace Fleet.Cli;

/// <summary>What <c>fleet diff</c> shows: an object per heading, and below it the fields, each from what is there to what is wanted.</summary>
internal static class DiffPage
{
    private const string NoValue = "(none)";
    private const int LongestValue = 120;

    /// <summary>The lines of all actions that change something, in the order in which they would be carried out.</summary>
    internal static IEnumerable<Line> Of(IEnumerable<ObjectAction> actions) => actions.SelectMany(Of);

    private static IEnumerable<Line> Of(ObjectAction action) => action switch
    {
        ObjectAction.Create a => [Heading("+", a, a.IsDrift ? "somebody deleted it" : null, Tone.Good)],
        ObjectAction.Apply a => [Heading("~", a, null, Tone.Busy), .. Changes(a)],
        ObjectAction.Replace a => [Heading("-/+", a, $"deleted and made again: {a.Field} cannot be changed in place", Tone.Bad)],
        ObjectAction.Delete a => [Heading("-", a, null, Tone.Bad)],
        ObjectAction.Hold a => [Heading("!", a, $"{a.Refusal.Reason}: {a.Refusal.Message}", Tone.Bad), .. a.Drift.SelectMany(d => Field(d, a.Live))],
        _ => [], // kept as it is
    };

    private static Line Heading(string sign, ObjectAction action, string? remark, Tone tone) =>
        Line.Of(new Span($"{sign} {action.Object.Id}", tone), remark is null ? "" : $"  ({remark})");

    private static IEnumerable<Line> Changes(ObjectAction.Apply apply)
    {
        var drifted = apply.Drift.Select(d => d.Path.ToString()).ToHashSet(StringComparer.Ordinal);
        // An entry of a list that is ours whole is found both as one too many and as one that is not wanted any more.
        IReadOnlyList<Line> lines =
        [
            .. FieldDiff.Between(apply.Desired.Object, apply.Live).Concat(Left(apply)).Where(d => !IsFingerprint(d))
                .DistinctBy(d => d.Path.ToString(), StringComparer.Ordinal)
                .SelectMany(d => Field(d, drifted.Contains(d.Path.ToString()) ? apply.Live : null)),
        ];
        return lines.Count > 0 ? lines : [Line.Of(new Span("  only the record of what was applied", Tone.Quiet))];
    }

    private static IEnumerable<Difference> Left(ObjectAction.Apply apply) =>
        LeftFields.Of(apply.Desired.Object, apply.Live).Where(d => !ServerDefaults.Are(d.Path.Steps[^1].Field, d.Live));

    // It changes whenever anything does, and says nothing of its own.
    private static bool IsFingerprint(Difference d) => d.Path.Steps is [.., { Field: Keys.Applied }];

    private static IEnumerable<Line> Field(Difference d, KubeObject? drifted)
    {
        var manager = drifted is null ? "" : ManagedFields.OtherOwner(drifted.Metadata, d.Path);
        var remark = new Span(manager.Length > 0 ? $"  (set by {manager})" : "", Tone.Quiet);
        return d is { Desired.ValueKind: JsonValueKind.String, Live.ValueKind: JsonValueKind.String } && d.Desired.GetString()!.Contains('\n', StringComparison.Ordinal)
            ? [Line.Of($"  {d.Path}:", remark), .. TextDiff.Between(d.Live.GetString()!, d.Desired.GetString()!)]
            : [Line.Of($"  {d.Path}: ", new(Text(d.Live), Tone.Bad), " -> ", new(Text(d.Desired), Tone.Good), remark)];
    }

    private static string Text(JsonElement value)
    {
        var text = value.ValueKind switch
        {
            JsonValueKind.Undefined => NoValue,
            JsonValueKind.String when value.GetString() is { Length: > 0 } plain => plain,
            _ => value.GetRawText(),
        };
        return text.Length <= LongestValue ? text : $"{text[..LongestValue]}...";
    }
}
