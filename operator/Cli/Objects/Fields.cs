using System.Text.Json;

namespace Fleet.Cli;

/// <summary>Reads fields of objects that others wrote: what is missing, or of another type, is simply not there.</summary>
internal static class Fields
{
    /// <summary>The field at a path; an undefined element where there is none.</summary>
    internal static JsonElement At(this JsonElement element, params ReadOnlySpan<string> path)
    {
        foreach (var name in path)
            element = element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var field) ? field : default;
        return element;
    }

    /// <summary>The text at a path, or null.</summary>
    internal static string? Text(this JsonElement element, params ReadOnlySpan<string> path) =>
        element.At(path) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;

    /// <summary>The whole number at a path, or null.</summary>
    internal static int? Number(this JsonElement element, params ReadOnlySpan<string> path) =>
        element.At(path) is { ValueKind: JsonValueKind.Number } number && number.TryGetInt32(out var value) ? value : null;

    /// <summary>The time at a path, or null.</summary>
    internal static DateTimeOffset? Time(this JsonElement element, params ReadOnlySpan<string> path) =>
        element.At(path) is { ValueKind: JsonValueKind.String } text && text.TryGetDateTimeOffset(out var time) ? time : null;

    /// <summary>The entries of the list at a path; none where there is no list.</summary>
    internal static IEnumerable<JsonElement> Each(this JsonElement element, params ReadOnlySpan<string> path) =>
        element.At(path) is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray() : [];

    /// <summary>The condition of a type among <c>status.conditions</c>; an undefined element where there is none.</summary>
    internal static JsonElement Condition(this JsonElement element, string type) =>
        element.Each("status", "conditions").FirstOrDefault(c => c.Text("type") == type);
}
