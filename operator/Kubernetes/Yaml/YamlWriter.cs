using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Fleet.Kubernetes;

/// <summary>Writes JSON nodes as kubectl prints objects: block style, lists at the indentation of their key, quotes only where they are needed.</summary>
internal static class YamlWriter
{
    private const int Step = 2;

    public static void WriteDocument(StringBuilder text, JsonNode? node)
    {
        switch (node)
        {
            case JsonObject { Count: > 0 } map:
                WriteMap(text, map, 0, firstIsPlaced: false);
                break;
            case JsonArray { Count: > 0 } list:
                WriteList(text, list, 0, firstIsPlaced: false);
                break;
            default:
                WriteInline(text, node, Step);
                break;
        }
    }

    /// <param name="text">Where it goes.</param>
    /// <param name="map">What is written.</param>
    /// <param name="indent">The column of the keys.</param>
    /// <param name="firstIsPlaced">Whether the first key stands behind a dash already.</param>
    private static void WriteMap(StringBuilder text, JsonObject map, int indent, bool firstIsPlaced)
    {
        foreach (var (key, value) in map)
        {
            if (!firstIsPlaced)
                text.Append(' ', indent);
            firstIsPlaced = false;
            text.Append(YamlText.Key(key)).Append(':');
            switch (value)
            {
                case JsonObject { Count: > 0 } inner:
                    text.Append('\n');
                    WriteMap(text, inner, indent + Step, firstIsPlaced: false);
                    break;
                case JsonArray { Count: > 0 } inner:
                    text.Append('\n');
                    WriteList(text, inner, indent, firstIsPlaced: false);
                    break;
                default:
                    text.Append(' ');
                    WriteInline(text, value, indent + Step);
                    break;
            }
        }
    }

    private static void WriteList(StringBuilder text, JsonArray list, int indent, bool firstIsPlaced)
    {
        foreach (var item in list)
        {
            if (!firstIsPlaced)
                text.Append(' ', indent);
            firstIsPlaced = false;
            text.Append("- ");
            switch (item)
            {
                case JsonObject { Count: > 0 } inner:
                    WriteMap(text, inner, indent + Step, firstIsPlaced: true);
                    break;
                case JsonArray { Count: > 0 } inner:
                    WriteList(text, inner, indent + Step, firstIsPlaced: true);
                    break;
                default:
                    WriteInline(text, item, indent + Step);
                    break;
            }
        }
    }

    private static void WriteInline(StringBuilder text, JsonNode? node, int indent)
    {
        switch (node)
        {
            case null:
                text.Append("null\n");
                break;
            case JsonObject:
                text.Append("{}\n");
                break;
            case JsonArray:
                text.Append("[]\n");
                break;
            case var value when value.GetValueKind() == JsonValueKind.String:
                YamlText.Write(text, value.ToString(), indent);
                break;
            default:
                text.Append(node.ToJsonString()).Append('\n');
                break;
        }
    }
}

/// <summary>How a text stands in YAML: plain, quoted, or as a literal block.</summary>
internal static class YamlText
{
    public static void Write(StringBuilder text, string value, int indent)
    {
        if (!FitsBlock(value))
        {
            text.Append(OnOneLine(value)).Append('\n');
            return;
        }

        var lines = value.TrimEnd('\n');
        var trailing = value.Length - lines.Length;
        text.Append('|');
        if (value[0] == ' ')
            text.Append(2); // else the reader would take the first line's own spaces for the indentation
        text.Append(trailing switch { 0 => "-", 1 => "", _ => "+" }).Append('\n');
        foreach (var line in lines.Split('\n'))
        {
            if (line.Length > 0)
                text.Append(' ', indent).Append(line);
            text.Append('\n');
        }

        text.Append('\n', Math.Max(0, trailing - 1));
    }

    public static string OnOneLine(string value)
    {
        if (value.Any(NeedsEscape))
            return DoubleQuoted(value);
        if (!YamlScalar.IsText(value))
            return DoubleQuoted(value);
        return IsPlain(value) ? value : $"'{value.Replace("'", "''", StringComparison.Ordinal)}'";
    }

    /// <summary>A key is plain only where it is a word: readers differ in what else they take for one before a colon.</summary>
    public static string Key(string key) =>
        key.Length > 0 && char.IsAsciiLetterOrDigit(key[0]) && YamlScalar.IsText(key)
        && key.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '/' or '_' or '-')
            ? key
            : DoubleQuoted(key);

    /// <summary>A block keeps every character as it is; its first line tells the indentation, so there must be something on it.</summary>
    private static bool FitsBlock(string value) =>
        value.IndexOf('\n') is > 0 and var end && value[0] != '\t' && value.AsSpan(0, end).ContainsAnyExcept(' ', '\t')
        && !value.Any(c => c is not ('\n' or '\t') && NeedsEscape(c));

    private static bool IsPlain(string value)
    {
        if (value[0] == ' ' || value[^1] is ' ' or ':' || "-?:,[]{}#&*!|>'\"%@`".Contains(value[0]) && !StartsLikeWord(value))
            return false;
        return !value.Contains(": ", StringComparison.Ordinal) && !value.Contains(" #", StringComparison.Ordinal)
            && !value.StartsWith("---", StringComparison.Ordinal) && !value.StartsWith("...", StringComparison.Ordinal);
    }

    /// <summary><c>-x</c>, <c>?x</c> and <c>:x</c> are text, with a space behind they are not.</summary>
    private static bool StartsLikeWord(string value) => value is ['-' or '?' or ':', not ' ', ..];

    private static bool NeedsEscape(char c) =>
        char.IsControl(c) || c is '\u2028' or '\u2029' or '\uFEFF' or '\uFFFE' or '\uFFFF';

    private static string DoubleQuoted(string value)
    {
        var text = new StringBuilder(value.Length + 8).Append('"');
        foreach (var c in value)
        {
            _ = c switch
            {
                '"' => text.Append("\\\""),
                '\\' => text.Append("\\\\"),
                '\n' => text.Append("\\n"),
                '\r' => text.Append("\\r"),
                '\t' => text.Append("\\t"),
                _ when NeedsEscape(c) => text.Append("\\u").Append(((int)c).ToString("X4", CultureInfo.InvariantCulture)),
                _ => text.Append(c),
            };
        }

        return text.Append('"').ToString();
    }
}
