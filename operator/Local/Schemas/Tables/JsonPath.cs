using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Fleet.Local.Schemas;

/// <summary>
/// The simple JSONPath of printer columns: fields (<c>.a</c>, <c>.a\.b</c>, <c>['a']</c>), entries (<c>[0]</c>, <c>[-1]</c>, <c>[*]</c>), and entries by a field
/// (<c>[?(@.type=="Ready")]</c>). What it does not understand finds nothing.
/// </summary>
internal sealed class JsonPath
{
    private readonly ImmutableArray<Func<JsonNode, IEnumerable<JsonNode?>>> _steps;

    private JsonPath(ImmutableArray<Func<JsonNode, IEnumerable<JsonNode?>>> steps) => _steps = steps;

    /// <summary>Reads a path.</summary>
    internal static JsonPath Parse(string path)
    {
        var steps = ImmutableArray.CreateBuilder<Func<JsonNode, IEnumerable<JsonNode?>>>();
        for (var at = path.StartsWith('$') ? 1 : 0; at < path.Length;)
        {
            if (path[at] == '[')
            {
                var end = EndOfBracket(path, at);
                steps.Add(Bracket(path[(at + 1)..end].Trim()));
                at = end + 1;
            }
            else
            {
                var name = Name(path, path[at] == '.' ? at + 1 : at, out at);
                if (name.Length > 0)
                    steps.Add(name == "*" ? All : Field(name));
            }
        }

        return new(steps.ToImmutable());
    }

    /// <summary>The first value that it finds; null when there is none.</summary>
    internal JsonNode? First(JsonNode value) =>
        _steps.Aggregate<Func<JsonNode, IEnumerable<JsonNode?>>, IEnumerable<JsonNode>>([value], (found, step) => found.SelectMany(f => step(f).OfType<JsonNode>())).FirstOrDefault();

    private static string Name(string path, int at, out int end)
    {
        var name = new StringBuilder();
        for (end = at; end < path.Length && path[end] is not ('.' or '['); end++)
        {
            if (path[end] == '\\' && end + 1 < path.Length)
                end++;
            name.Append(path[end]);
        }

        return name.ToString();
    }

    private static int EndOfBracket(string path, int at)
    {
        var quote = '\0';
        for (var i = at; i < path.Length; i++)
        {
            if (quote != '\0')
                quote = path[i] == quote ? '\0' : quote;
            else if (path[i] is '"' or '\'')
                quote = path[i];
            else if (path[i] == ']')
                return i;
        }

        return path.Length;
    }

    private static Func<JsonNode, IEnumerable<JsonNode?>> Bracket(string inner)
    {
        if (inner == "*")
            return All;
        if (inner.Length > 1 && inner[0] is '\'' or '"')
            return Field(inner[1..^1]);
        if (int.TryParse(inner, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var index))
            return node => node is JsonArray list && (index < 0 ? list.Count + index : index) is var i && i >= 0 && i < list.Count ? [list[i]] : [];
        return inner.StartsWith("?(", StringComparison.Ordinal) && inner.EndsWith(')') ? Where(inner[2..^1]) : _ => [];
    }

    private static Func<JsonNode, IEnumerable<JsonNode?>> Where(string condition)
    {
        foreach (var sign in new[] { "==", "!=" })
        {
            if (condition.IndexOf(sign, StringComparison.Ordinal) is not (>= 0 and var at))
                continue;
            var (path, wanted) = (Parse(condition[..at].Trim().TrimStart('@')), condition[(at + 2)..].Trim().Trim('"', '\''));
            return node => node is JsonArray list ? list.Where(i => i is not null && (Text(path.First(i)) == wanted) == (sign == "==")) : [];
        }

        var field = Parse(condition.Trim().TrimStart('@'));
        return node => node is JsonArray list ? list.Where(i => i is not null && field.First(i) is not null) : [];
    }

    private static Func<JsonNode, IEnumerable<JsonNode?>> Field(string name) => node => node is JsonObject obj && obj[name] is { } value ? [value] : [];

    private static IEnumerable<JsonNode?> All(JsonNode node) => node switch
    {
        JsonArray list => list,
        JsonObject obj => obj.Select(f => f.Value),
        _ => [],
    };

    private static string? Text(JsonNode? value) => value?.GetValueKind() switch
    {
        null => null,
        JsonValueKind.String => value.GetValue<string>(),
        _ => value.ToJsonString(),
    };
}
