using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Fleet.Local.ApiServer;

/// <summary>Which objects of a kind a list, a watch or a deletion is about: a label selector and a field selector.</summary>
internal sealed partial class Selection
{
    // Whatever the kind: these, and the fields of Pods and Events that clients select by.
    private static readonly HashSet<string> Fields = new(StringComparer.Ordinal)
    {
        "metadata.name", "metadata.namespace", "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.unschedulable", "status.phase", "status.podIP", "type",
        "involvedObject.kind", "involvedObject.name", "involvedObject.namespace", "involvedObject.uid", "involvedObject.fieldPath", "involvedObject.apiVersion", "involvedObject.resourceVersion",
        "reason", "reportingComponent", "source", "regarding.kind", "regarding.name", "regarding.namespace", "regarding.uid", "reportingController", "status.replicas",
    };

    private readonly List<Func<JsonObject, bool>> _tests = [];

    /// <summary>Whether it takes every object.</summary>
    internal bool IsAll => _tests.Count == 0;

    /// <summary>Reads the two selectors of a query.</summary>
    /// <exception cref="ApiError">One cannot be read.</exception>
    internal static Selection Of(string? labels, string? fields)
    {
        var selection = new Selection();
        foreach (var term in Terms(labels))
            selection._tests.Add(LabelTest(term));
        foreach (var term in Terms(fields))
            selection._tests.Add(FieldTest(term));
        return selection;
    }

    /// <summary>Whether an object is meant.</summary>
    internal bool Takes(StoredObject? stored) => stored is not null && Takes(stored.Json);

    /// <inheritdoc cref="Takes(StoredObject?)"/>
    internal bool Takes(JsonObject json) => _tests.TrueForAll(test => test(json));

    private static Func<JsonObject, bool> LabelTest(string term)
    {
        if (SetTerm().Match(term) is { Success: true } set)
        {
            var values = set.Groups["values"].Value.Split(',', StringSplitOptions.TrimEntries).ToHashSet(StringComparer.Ordinal);
            var (key, isIn) = (set.Groups["key"].Value, set.Groups["op"].Value == "in");
            return json => Label(json, key) is { } value ? values.Contains(value) == isIn : !isIn;
        }

        if (EqualTerm().Match(term) is { Success: true } equal)
        {
            var (key, value, same) = (equal.Groups["key"].Value, equal.Groups["value"].Value, equal.Groups["op"].Value != "!=");
            return json => (Label(json, key) == value) == same;
        }

        if (KeyTerm().Match(term) is { Success: true } exists)
        {
            var (key, there) = (exists.Groups["key"].Value, exists.Groups["not"].Length == 0);
            return json => Label(json, key) is not null == there;
        }

        throw ApiError.BadRequest($"unable to parse requirement: \"{term}\" is no label selector");
    }

    private static Func<JsonObject, bool> FieldTest(string term)
    {
        if (EqualTerm().Match(term) is not { Success: true } match)
            throw ApiError.BadRequest($"invalid selector: '{term}'; can't understand '{term}'");
        var (key, value, same) = (match.Groups["key"].Value, match.Groups["value"].Value, match.Groups["op"].Value != "!=");
        if (!Fields.Contains(key))
            throw ApiError.BadRequest($"field label not supported: {key}");
        // A field of one group's Events is asked of the other's objects as they are stored: as core Events.
        string[] path = (key.StartsWith("regarding.", StringComparison.Ordinal) ? $"involvedObject{key[9..]}" : key == "reportingController" ? "reportingComponent" : key).Split('.');
        return json => (Value(json, path) == value) == same;
    }

    private static string Value(JsonObject json, string[] path)
    {
        JsonNode? node = json;
        foreach (var step in path)
            node = (node as JsonObject)?[step];
        return node is JsonValue value ? value.ToString() : "";
    }

    private static string? Label(JsonObject json, string key) => (json["metadata"]?["labels"] as JsonObject)?.Text(key);

    // Commas inside parentheses belong to a set.
    private static IEnumerable<string> Terms(string? selector)
    {
        if (string.IsNullOrWhiteSpace(selector))
            yield break;
        var (start, depth) = (0, 0);
        for (var i = 0; i <= selector.Length; i++)
        {
            if (i == selector.Length || (selector[i] == ',' && depth == 0))
            {
                if (selector[start..i].Trim() is { Length: > 0 } term)
                    yield return term;
                start = i + 1;
            }
            else
                depth += selector[i] switch { '(' => 1, ')' => -1, _ => 0 };
        }
    }

    [GeneratedRegex(@"^(?<key>[\w./-]+)\s+(?<op>in|notin)\s*\((?<values>[^()]*)\)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex SetTerm();

    [GeneratedRegex(@"^(?<key>[\w./-]+)\s*(?<op>==|!=|=)\s*(?<value>[^=!,()]*)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex EqualTerm();

    [GeneratedRegex(@"^(?<not>!?)\s*(?<key>[\w./-]+)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex KeyTerm();
}
