using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Fleet.Local.Schemas;

/// <summary>What is wrong with a field, in the words of an API server.</summary>
/// <param name="Path">The field: <c>spec.ports[0].port</c>.</param>
/// <param name="Reason">The machine-readable reason, as in the causes of a Status: <c>FieldValueRequired</c>.</param>
/// <param name="Message">The cause's message: <c>Required value</c>.</param>
public sealed record Violation(string Path, string Reason, string Message)
{
    /// <summary>The reason of something that is not there.</summary>
    internal const string Missing = "FieldValueRequired";

    private static readonly JsonSerializerOptions AsWritten = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>As the message of a refusal lists it.</summary>
    public override string ToString() => $"{Path}: {Message}";

    internal static Violation Required(string path, string? detail = null) => new(path, Missing, With("Required value", detail));

    internal static Violation Invalid(string path, JsonNode? value, string detail) => new(path, "FieldValueInvalid", $"Invalid value: {Shown(value)}: {detail}");

    internal static Violation Immutable(string path, JsonNode? value) => Invalid(path, value, "field is immutable");

    internal static Violation NotSupported(string path, JsonNode? value, IEnumerable<string> supported) =>
        new(path, "FieldValueNotSupported", $"Unsupported value: {Shown(value)}: supported values: {string.Join(", ", supported.Select(s => $"\"{s}\""))}");

    internal static Violation Duplicate(string path, JsonNode? value) => new(path, "FieldValueDuplicate", $"Duplicate value: {Shown(value)}");

    internal static Violation NotFound(string path, JsonNode? value) => new(path, "FieldValueNotFound", $"Not found: {Shown(value)}");

    internal static Violation Forbidden(string path, string detail) => new(path, "FieldValueForbidden", $"Forbidden: {detail}");

    internal static Violation OfType(string path, string wanted, string found) =>
        new(path, "FieldValueTypeInvalid", $"Invalid value: \"{found}\": {path} in body must be of type {wanted}: \"{found}\"");

    internal static Violation OfFormat(string path, string format, string text) =>
        new(path, "FieldValueTypeInvalid", $"Invalid value: {Shown(text)}: {path} in body must be of type {format}: {Shown(text)}");

    internal static Violation TooLong(string path, int most) => new(path, "FieldValueTooLong", $"Too long: may not be more than {most} bytes");

    internal static Violation TooMany(string path, int count, int most) =>
        new(path, "FieldValueTooMany", $"Too many: {count}: must have at most {most} {(most == 1 ? "item" : "items")}");

    private static string Shown(JsonNode? value) => value?.ToJsonString(AsWritten) ?? "null";

    private static string With(string what, string? detail) => detail is null ? what : $"{what}: {detail}";
}
