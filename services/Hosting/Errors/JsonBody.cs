using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace Fleet.Hosting;

/// <summary>Reads a JSON request; every way in which it can be wrong is answered with a problem that says where.</summary>
public static class JsonBody
{
    private const string Json = "application/json";

    /// <summary>The request's body, or null when it was refused: then the answer is already written, and the caller is done.</summary>
    /// <param name="context">The request.</param>
    /// <param name="type">The type, as the service's serializer context knows it.</param>
    /// <param name="mediaTypes">What the body may be; only <c>application/json</c> when none is named.</param>
    public static async Task<T?> ReadAsync<T>(HttpContext context, JsonTypeInfo<T> type, params string[] mediaTypes)
        where T : class
    {
        if (!Accepts(context.Request.ContentType, mediaTypes))
        {
            var wanted = mediaTypes.Length == 0 ? Json : string.Join(" or ", mediaTypes);
            context.Response.Headers.Accept = mediaTypes.Length == 0 ? Json : string.Join(", ", mediaTypes);
            await Problems.WriteAsync(context, StatusCodes.Status415UnsupportedMediaType, $"the body must be {wanted}");
            return null;
        }

        try
        {
            if (await JsonSerializer.DeserializeAsync(context.Request.Body, type, context.RequestAborted) is { } value)
                return value;
            await Problems.WriteAsync(context, StatusCodes.Status400BadRequest, "the body must be a JSON object, not null");
        }
        catch (JsonException e)
        {
            // The position is one-based, as editors count; what the serializer counts is zero-based.
            var where = $"line {e.LineNumber + 1 ?? 1}, column {e.BytePositionInLine + 1 ?? 1}";
            var field = e.Path is { Length: > 2 } path && path.StartsWith("$.", StringComparison.Ordinal) ? path[2..] : null;
            await Problems.WriteAsync(
                context,
                StatusCodes.Status400BadRequest,
                field is null ? $"the body is not the JSON that is expected here, at {where}" : $"the body is not the JSON that is expected here, at {where}, in '{field}'",
                errors: field is null ? null : new Dictionary<string, string[]> { [field] = [Reason(e)] });
        }

        return null;
    }

    // The serializer's own text names .NET types, which mean nothing to a caller.
    private static string Reason(JsonException e) => e.InnerException is null && e.Message.Contains("could not be mapped", StringComparison.Ordinal)
        ? "is not a known field"
        : "is missing or of the wrong type";

    private static bool Accepts(string? contentType, string[] mediaTypes)
    {
        var type = contentType.AsSpan();
        if (type.IndexOf(';') is var end and >= 0)
            type = type[..end];
        type = type.Trim();
        if (mediaTypes.Length == 0)
            return type.Equals(Json, StringComparison.OrdinalIgnoreCase);
        foreach (var mediaType in mediaTypes)
        {
            if (type.Equals(mediaType, StringComparison.OrdinalIgnoreCase))
                return true;
        }

        return false;
    }
}
