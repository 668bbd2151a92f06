using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Fleet.Testing;

/// <summary>One line of the operator's JSON log.</summary>
/// <param name="Level">Trace, Debug, Information, Warning, Error or Critical; Error for a line that is no JSON: a crash writes such.</param>
/// <param name="Category">The logger's name.</param>
/// <param name="Message">The text.</param>
/// <param name="Line">The whole line.</param>
public sealed record OperatorLogEntry(string Level, string Category, string Message, string Line)
{
    /// <summary>Whether it speaks of a failure that nothing else handles.</summary>
    public bool IsError => Level is "Error" or "Critical";

    /// <summary>When it was written, by the clock of whoever wrote it; the beginning of time for a line that is no JSON.</summary>
    public DateTimeOffset Time => Category.Length > 0 && JsonNode.Parse(Line)?["Timestamp"] is { } time ? DateTimeOffset.Parse(time.ToString(), CultureInfo.InvariantCulture) : default;

    /// <summary>One of the message's values, <c>Port</c> for instance; null when it has none of that name.</summary>
    public string? Value(string name)
    {
        if (Category.Length == 0)
            return null;
        using var json = JsonDocument.Parse(Line);
        return json.RootElement.TryGetProperty("State", out var state) && state.TryGetProperty(name, out var value) ? value.ToString() : null;
    }

    /// <summary>Reads a line.</summary>
    public static OperatorLogEntry Parse(string line)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            return json.RootElement.ValueKind == JsonValueKind.Object
                ? new OperatorLogEntry(Text(json.RootElement, "LogLevel"), Text(json.RootElement, "Category"), Text(json.RootElement, "Message"), line)
                : Unreadable(line);
        }
        catch (JsonException)
        {
            return Unreadable(line);
        }
    }

    /// <inheritdoc/>
    public override string ToString() => Line;

    private static OperatorLogEntry Unreadable(string line) => new("Error", "", line, line);

    private static string Text(JsonElement json, string name)
    {
        foreach (var property in json.EnumerateObject())
        {
            if (string.Equals(property.Name, name, StringComparison.OrdinalIgnoreCase))
                return property.Value.ToString();
        }

        return "";
    }
}

/// <summary>What an operator process has logged so far.</summary>
public sealed class OperatorLog
{
    private readonly ConcurrentQueue<OperatorLogEntry> _entries = new();
    private readonly ConcurrentBag<Func<OperatorLogEntry, bool>> _expected = [];

    /// <summary>All entries, oldest first.</summary>
    public IReadOnlyCollection<OperatorLogEntry> Entries => _entries;

    /// <summary>The errors that no test expects.</summary>
    public IReadOnlyList<OperatorLogEntry> UnexpectedErrors => [.. _entries.Where(e => e.IsError && !_expected.Any(expects => expects(e)))];

    /// <summary>Declares errors that a test provokes.</summary>
    public void Expect(Func<OperatorLogEntry, bool> error) => _expected.Add(error);

    /// <summary>Fails when there are unexpected errors.</summary>
    /// <exception cref="UnexpectedErrorLogException">There are; the message has them all.</exception>
    public void AssertNoUnexpectedErrors()
    {
        if (UnexpectedErrors is { Count: > 0 } errors)
            throw new UnexpectedErrorLogException(errors);
    }

    internal void Add(string? line)
    {
        if (!string.IsNullOrWhiteSpace(line))
            _entries.Enqueue(OperatorLogEntry.Parse(line));
    }
}

/// <summary>The operator logged errors that the test did not provoke.</summary>
/// <param name="errors">Which.</param>
public sealed class UnexpectedErrorLogException(IReadOnlyList<OperatorLogEntry> errors)
    : Exception($"the operator logged {errors.Count} unexpected errors:\n{string.Join('\n', errors.Select(e => e.Line))}");
