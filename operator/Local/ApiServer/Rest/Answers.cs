using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Fleet.Local.ApiServer;

/// <summary>Writes answers.</summary>
internal static class Answers
{
    /// <summary>An object or a list.</summary>
    internal static Task JsonAsync(HttpContext http, JsonNode body, int code = StatusCodes.Status200OK, string type = "application/json") =>
        BytesAsync(http, Wire.Bytes(body), code, type);

    /// <summary>A text.</summary>
    internal static Task TextAsync(HttpContext http, string text, int code = StatusCodes.Status200OK) =>
        BytesAsync(http, System.Text.Encoding.UTF8.GetBytes(text), code, "text/plain; charset=utf-8");

    /// <summary>A refusal.</summary>
    internal static Task ErrorAsync(HttpContext http, ApiError error) => JsonAsync(http, error.ToStatus(), error.Code);

    /// <summary>Bytes.</summary>
    internal static async Task BytesAsync(HttpContext http, ReadOnlyMemory<byte> body, int code, string type)
    {
        http.Response.StatusCode = code;
        http.Response.ContentType = type;
        http.Response.ContentLength = body.Length;
        http.Response.Headers.CacheControl = "no-cache, private";
        if (!HttpMethods.IsHead(http.Request.Method))
            await http.Response.Body.WriteAsync(body, http.RequestAborted);
    }

    /// <summary>Adds what the client is told beside the answer. Rule: RFC 9111, the Warning header as Kubernetes uses it.</summary>
    internal static void Warn(HttpContext http, IEnumerable<string> warnings)
    {
        foreach (var warning in warnings)
            http.Response.Headers.Append("Warning", $"299 - \"{warning.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"");
    }
}
