using System.Text.Json;

namespace Fleet.Local.Schemas;

/// <summary>Finds the fields that a JSON object says twice; the last one counts, and <c>fieldValidation</c> tells of the others.</summary>
public static class DuplicateFields
{
    /// <summary>A line for each: <c>duplicate field "spec.replicas"</c>.</summary>
    /// <param name="utf8">The JSON as it was sent.</param>
    /// <exception cref="JsonException">It is no JSON.</exception>
    public static IReadOnlyList<string> In(ReadOnlySpan<byte> utf8)
    {
        var found = new List<string>();
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = 512 });
        var levels = new Stack<Level>();
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    var name = reader.GetString()!;
                    var level = levels.Peek();
                    level.Field = level.Path.Length == 0 ? name : $"{level.Path}.{name}";
                    if (!level.Seen.Add(name))
                        found.Add($"duplicate field \"{level.Field}\"");
                    break;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    levels.Pop();
                    break;
                default:
                    var path = levels.TryPeek(out var around) ? around.Next() : "";
                    if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
                        levels.Push(new(path, reader.TokenType == JsonTokenType.StartArray));
                    break;
            }
        }

        return found;
    }

    private sealed class Level(string path, bool isList)
    {
        private int _index;

        internal string Path { get; } = path;

        internal string Field { get; set; } = "";

        internal HashSet<string> Seen { get; } = new(StringComparer.Ordinal);

        /// <summary>Where the next value stands.</summary>
        internal string Next() => isList ? $"{Path}[{_index++}]" : Field;
    }
}
