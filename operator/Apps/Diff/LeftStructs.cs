using System.Text.Json;
using Fleet.Kubernetes;

namespace Fleet.Apps;

/// <summary>
/// What a server-side apply before Kubernetes 1.21 leaves half behind when it takes a struct away: the structs in it, as null, and what the server filled in
/// (kubernetes/kubernetes issue 99037). A probe without its handler, or with two, is refused, and so is the whole apply.
/// </summary>
internal static class LeftStructs
{
    // Of the fields of these, or of an entry of these, one excludes the others: with the left one comes what takes its place.
    private static readonly HashSet<string> OneOf = new(StringComparer.Ordinal) { "livenessProbe", "postStart", "preStop", "readinessProbe", "startupProbe", "strategy", "volumes" };

    /// <summary>Where each is, by its JSON Pointer, and what is to stand there instead; null where nothing is.</summary>
    internal static IReadOnlyDictionary<string, (FieldPath Path, JsonElement? Becomes)> Of(KubeObject desired, KubeObject live)
    {
        var found = new Dictionary<string, (FieldPath, JsonElement?)>(StringComparer.Ordinal);
        foreach (var left in LeftFields.Of(desired, live))
        {
            if (left is not { Live.ValueKind: JsonValueKind.Object } || left.Path.Steps[^1].Field is null)
                continue;
            var holder = left.Path.Parent;
            (FieldPath Path, JsonElement? Becomes) half = IsOneOf(holder) ? (holder, holder.In(desired.Json)) : (left.Path, null);
            if ((half.Becomes is not null || IsHalfLeft(left, live.Metadata)) && ManagedFields.OtherOwner(live.Metadata, half.Path).Length == 0)
                found.TryAdd(half.Path.ToJsonPointer(), half);
        }

        return found;
    }

    private static bool IsOneOf(FieldPath path) => path.Steps.LastOrDefault(s => s.Field is not null).Field is { } field && OneOf.Contains(field);

    private static bool IsHalfLeft(Difference left, ObjectMeta live) => left.Live.EnumerateObject().Any(field =>
        field.Value.ValueKind == JsonValueKind.Object || ManagedFields.IsNobodys(live, new([.. left.Path.Steps, PathStep.To(field.Name)])));
}
