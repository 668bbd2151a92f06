using System.Buffers;
using System.Diagnostics;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Fleet.Hosting;

/// <summary>Problem details (RFC 9457): what every refusal and every fault of a REST service is answered with.</summary>
public static class Problems
{
    /// <summary>The media type of the answer.</summary>
    public const string ContentType = "application/problem+json";

    /// <summary>Answers with a problem. The trace id that the logs carry is always part of it.</summary>
    /// <param name="context">The request; its response must not have begun.</param>
    /// <param name="status">The HTTP status, 400 to 599.</param>
    /// <param name="detail">What is wrong this time, for the reader; null when the status says it all.</param>
    /// <param name="type">A URI that names the kind of problem; null is <c>about:blank</c>: the status and nothing more (section 4.2.1).</param>
    /// <param name="title">The kind of problem in words; null is the status' own phrase.</param>
    /// <param name="errors">What is wrong by field, all of it at once; the member <c>errors</c>.</param>
    /// <param name="extensions">Further members.</param>
    public static async Task WriteAsync(
        HttpContext context,
        int status,
        string? detail = null,
        string? type = null,
        string? title = null,
        IReadOnlyDictionary<string, string[]>? errors = null,
        IReadOnlyDictionary<string, string>? extensions = null)
    {
        var body = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("type", type ?? "about:blank");
            json.WriteString("title", title ?? ReasonPhrases.GetReasonPhrase(status));
            json.WriteNumber("status", status);
            if (detail is not null)
                json.WriteString("detail", detail);
            if (errors is not null)
                WriteErrors(json, errors);
            foreach (var (name, value) in extensions ?? EmptyExtensions)
                json.WriteString(name, value);
            json.WriteString("traceId", Activity.Current?.TraceId.ToHexString() ?? context.TraceIdentifier);
            json.WriteEndObject();
        }

        context.Response.StatusCode = status;
        context.Response.ContentType = ContentType;
        context.Response.ContentLength = body.WrittenCount;
        // A cache must not keep what was wrong a moment ago.
        context.Response.Headers.CacheControl = "no-store";
        await context.Response.Body.WriteAsync(body.WrittenMemory, context.RequestAborted);
    }

    private static readonly Dictionary<string, string> EmptyExtensions = [];

    private static void WriteErrors(Utf8JsonWriter json, IReadOnlyDictionary<string, string[]> errors)
    {
        json.WriteStartObject("errors");
        foreach (var (field, messages) in errors)
        {
            json.WriteStartArray(field);
            foreach (var message in messages)
                json.WriteStringValue(message);
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }
}
