using System.Collections.Immutable;
using System.Text.Json;
using Fleet.Kubernetes;

namespace Fleet.Apps;

/// <summary>
/// Compares field by field what is desired with what is there. Only desired fields count: what others set beside them is theirs, but for the lists
/// and NetworkPolicies that are ours whole. Values are compared in canonical form, since the server writes <c>1</c> for <c>1000m</c>.
/// </summary>
public static class FieldDiff
{
    // The server does not keep these when they are false, 0 or {}, so missing says the same.
    private static readonly HashSet<string> FalseWhenMissing = new(StringComparer.Ordinal) { "readOnly", "hostNetwork", "hostPID", "hostIPC", "stdin", "stdinOnce", "tty" };
    private static readonly HashSet<string> ZeroWhenMissing = new(StringComparer.Ordinal) { "initialDelaySeconds", "minReadySeconds", "hostPort" };
    private static readonly HashSet<string> EmptyWhenMissing = new(StringComparer.Ordinal) { "labels", "annotations", "matchLabels", "nodeSelector", "requests", "limits", "overhead" };

    // Where the server keeps quantities. Elsewhere 1000m and 1 are two texts: an environment variable's values, for instance.
    private static readonly HashSet<string> QuantityMaps = new(StringComparer.Ordinal) { "requests", "limits", "overhead" };
    private static readonly HashSet<string> Quantities = new(StringComparer.Ordinal) { "sizeLimit", "divisor" };

    /// <summary>All differences, in the order of the desired object.</summary>
    public static ImmutableArray<Difference> Between(KubeObject desired, KubeObject live)
    {
        var walk = new Walk();
        foreach (var part in desired.Json.EnumerateObject())
        {
            if (part.NameEquals("apiVersion"u8) || part.NameEquals("kind"u8))
                continue;
            walk.OursWhole = desired.Resource == Resources.NetworkPolicies && part.NameEquals("spec"u8);
            walk.Field(part.Name, part.Value, live.Json, inPod: false);
        }

        return walk.Found.ToImmutable();
    }

    private sealed class Walk
    {
        private readonly List<PathStep> _path = [];

        /// <summary>Whether fields that we did not set are drift: one more label deselects pods, one more selector admits a cluster.</summary>
        internal bool OursWhole { get; set; }

        internal ImmutableArray<Difference>.Builder Found { get; } = ImmutableArray.CreateBuilder<Difference>();

        internal void Field(string name, JsonElement desired, JsonElement parent, bool inPod)
        {
            _path.Add(PathStep.To(name));
            if (!parent.TryGetProperty(name, out var live))
                live = default;
            Value(name, desired, live, inPod || name == "template");
            _path.RemoveAt(_path.Count - 1);
        }

        private void Value(string name, JsonElement desired, JsonElement live, bool inPod)
        {
            switch (desired.ValueKind)
            {
                case JsonValueKind.Null:
                    break; // no opinion
                case JsonValueKind.Object when live.ValueKind == JsonValueKind.Object:
                    foreach (var field in desired.EnumerateObject())
                        Field(field.Name, field.Value, live, inPod);
                    if (OursWhole)
                        Extras(desired, live);
                    break;
                case JsonValueKind.Array when live.ValueKind == JsonValueKind.Array && ListKeys.MapKeys(name, inPod) is { } keys:
                    Entries(name, keys, desired, live, inPod);
                    break;
                case JsonValueKind.Array when live.ValueKind == JsonValueKind.Array && desired.GetArrayLength() == live.GetArrayLength():
                    var at = 0;
                    foreach (var (wanted, there) in desired.EnumerateArray().Zip(live.EnumerateArray()))
                    {
                        _path.Add(new(null, [], at++));
                        Value(name, wanted, there, inPod);
                        _path.RemoveAt(_path.Count - 1);
                    }

                    break;
                default:
                    if (!SameScalar(desired, live, IsQuantity(name)) && !(live.ValueKind == JsonValueKind.Undefined && IsZero(name, desired)))
                        Report(desired, live);
                    break;
            }
        }

        private void Extras(JsonElement desired, JsonElement live)
        {
            foreach (var extra in live.EnumerateObject().Where(field => !desired.TryGetProperty(field.Name, out _)))
            {
                _path.Add(PathStep.To(extra.Name));
                Report(default, extra.Value);
                _path.RemoveAt(_path.Count - 1);
            }
        }

        private void Entries(string name, string[] keys, JsonElement desired, JsonElement live, bool inPod)
        {
            var there = live.EnumerateArray().Select((entry, index) => (Entry: entry, Index: index, Key: KeyOf(entry, keys))).ToList();
            foreach (var wanted in desired.EnumerateArray())
            {
                var key = KeyOf(wanted, keys);
                var match = there.FindIndex(t => SameKey(t.Key, key));
                _path.Add(new(null, key, match < 0 ? -1 : there[match].Index));
                if (match < 0)
                    Report(wanted, default);
                else
                    Value("", wanted, there[match].Entry, inPod);
                _path.RemoveAt(_path.Count - 1);
                if (match >= 0)
                    there.RemoveAt(match);
            }

            if (!ListKeys.IsOursWhole(name))
                return;
            foreach (var (entry, index, key) in there)
            {
                _path.Add(new(null, key, index));
                Report(default, entry);
                _path.RemoveAt(_path.Count - 1);
            }
        }

        private bool IsQuantity(string name) => Quantities.Contains(name) || (_path.Count > 1 && _path[^2].Field is { } parent && QuantityMaps.Contains(parent));

        private void Report(JsonElement desired, JsonElement live) => Found.Add(new(new([.. _path]), desired, live));
    }

    // protocol is TCP when it is not said: the server fills it in before it compares keys.
    private static ImmutableArray<(string Name, string Value)> KeyOf(JsonElement entry, string[] keys) =>
        entry.ValueKind != JsonValueKind.Object ? [("", Text(entry))] // podTemplate may hold anything; the server refuses it
        : [.. keys.Select(k => (k, entry.TryGetProperty(k, out var value) ? Text(value) : k == "protocol" ? "TCP" : ""))];

    private static bool SameKey(ImmutableArray<(string Name, string Value)> one, ImmutableArray<(string Name, string Value)> other) =>
        one.AsSpan().SequenceEqual(other.AsSpan());

    private static string Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();

    private static bool SameScalar(JsonElement one, JsonElement other, bool isQuantity)
    {
        if (one.ValueKind is JsonValueKind.True or JsonValueKind.False)
            return one.ValueKind == other.ValueKind;
        if (one.ValueKind is not (JsonValueKind.String or JsonValueKind.Number) || other.ValueKind is not (JsonValueKind.String or JsonValueKind.Number))
            return false;
        // A number may be written as 1 or 1.0, a quantity as "1", 1 or "1000m".
        return isQuantity
            ? Text(one) == Text(other) || (Quantity.TryParse(Text(one), out var x) && Quantity.TryParse(Text(other), out var y) && x.Equals(y))
            : one.ValueKind == other.ValueKind && JsonElement.DeepEquals(one, other);
    }

    private static bool IsZero(string name, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.False => FalseWhenMissing.Contains(name),
        JsonValueKind.Number => ZeroWhenMissing.Contains(name) && value.TryGetInt32(out var number) && number == 0,
        JsonValueKind.Object => EmptyWhenMissing.Contains(name) && value.GetPropertyCount() == 0,
        JsonValueKind.String => value.ValueEquals(""u8),
        JsonValueKind.Array => value.GetArrayLength() == 0,
        _ => false,
    };
}
