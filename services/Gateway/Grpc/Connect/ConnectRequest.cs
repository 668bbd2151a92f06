using Fleet.Rpc;
using System.Buffers;
using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;

namespace Fleet.Gateway;

/// <summary>A unary request of the Connect protocol, read whole: the message's bytes as the caller wrote them.</summary>
internal sealed record ConnectRequest(string Service, string Method, bool IsJson, bool IsGet, byte[] Message)
{
    /// <summary>The longest message after decompression; the same as gRPC's default.</summary>
    public const int MaxMessage = 4 << 20;

    private const string TimeoutHeader = "Connect-Timeout-Ms";
    private const string Form = "application/x-www-form-urlencoded";

    /// <summary>The request, or why there is none.</summary>
    public static async Task<(ConnectRequest? Request, Refusal? Refusal)> ReadAsync(HttpContext context)
    {
        var request = context.Request;
        if (request.Path.Value?.Split('/') is not ["", { Length: > 0 } service, { Length: > 0 } method])
            return (null, Refusal.NoRoute(context));
        if (request.Headers[CallerProtocols.ConnectVersion] is { Count: > 0 } version && version != "1")
            return (null, Refusal.BadRequest($"{CallerProtocols.ConnectVersion} is \"{version}\"; this is version 1"));
        if (TakeTimeout(request) is { } wrong)
            return (null, wrong);
        if (HttpMethods.IsGet(request.Method))
            return OfQuery(request, service, method);
        if (!HttpMethods.IsPost(request.Method))
            return (null, new Refusal(StatusCodes.Status405MethodNotAllowed, Rpc.RpcStatusCode.Unimplemented, "method", "a call is POST, or GET by Connect's rules"));
        return await OfBodyAsync(context, service, method);
    }

    private static async Task<(ConnectRequest?, Refusal?)> OfBodyAsync(HttpContext context, string service, string method)
    {
        var type = CallerProtocols.MediaType(context.Request.ContentType).ToString().ToLowerInvariant();
        if (type is not ("application/json" or "application/proto" or Form))
            return (null, Refusal.Unsupported($"\"{context.Request.ContentType}\" is no way to call a gRPC service here: application/json or application/proto (Connect), application/grpc-web+proto, application/grpc"));
        var (message, refusal) = await BodyAsync(context);
        if (message is null)
            return (null, refusal);
        // `curl -d` says that it sends a form. A form is no JSON object, so the body itself tells.
        if (type == Form && !IsJsonObject(message))
            return (null, Refusal.Unsupported("a form cannot be sent to a gRPC service; send a JSON object"));
        return (new ConnectRequest(service, method, type != "application/proto", IsGet: false, message), null);
    }

    /// <summary>Connect GET, for methods without side effects: the message is in the query.</summary>
    private static (ConnectRequest?, Refusal?) OfQuery(HttpRequest request, string service, string method)
    {
        var query = request.Query;
        if (query["encoding"].ToString() is not ("json" or "proto"))
            return (null, Refusal.BadRequest("a call by GET needs encoding=json or encoding=proto, and message"));
        if (query.TryGetValue("connect", out var version) && version != "v1")
            return (null, Refusal.BadRequest($"connect is \"{version}\"; this is v1"));
        if (query.TryGetValue("compression", out var compression) && compression != "identity" && compression != "gzip")
            return (null, UnknownCompression(compression.ToString()));
        byte[]? message;
        try
        {
            var text = query["message"].ToString();
            message = query["base64"] == "1" ? WebEncoders.Base64UrlDecode(text.TrimEnd('=')) : System.Text.Encoding.UTF8.GetBytes(text);
            if (compression == "gzip")
                message = Decompress(message);
        }
        catch (Exception e) when (e is FormatException or InvalidDataException)
        {
            return (null, Refusal.BadRequest("the message in the query cannot be decoded"));
        }

        return message is null
            ? (null, TooLong())
            : (new ConnectRequest(service, method, query["encoding"] == "json", IsGet: true, message), null);
    }

    private static async Task<(byte[]?, Refusal?)> BodyAsync(HttpContext context)
    {
        var encoding = context.Request.Headers.ContentEncoding.ToString();
        if (encoding is not ("" or "identity" or "gzip"))
            return (null, UnknownCompression(encoding));
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted); // no more than the server's limit of a body
        if (encoding != "gzip")
            return body.Length > MaxMessage ? (null, TooLong()) : (body.ToArray(), null);
        try
        {
            return Decompress(body.ToArray()) is { } message ? (message, null) : (null, TooLong());
        }
        catch (InvalidDataException)
        {
            return (null, Refusal.BadRequest("the body is not gzip"));
        }
    }

    /// <summary>Null when there is more than <see cref="MaxMessage"/>: no more than that is ever made of it.</summary>
    private static byte[]? Decompress(byte[] compressed)
    {
        using var gzip = new GZipStream(new MemoryStream(compressed), CompressionMode.Decompress);
        var message = new ArrayBufferWriter<byte>(1024);
        while (true)
        {
            var read = gzip.Read(message.GetSpan(4096));
            if (read == 0)
                return message.WrittenSpan.ToArray();
            message.Advance(read);
            if (message.WrittenCount > MaxMessage)
                return null;
        }
    }

    /// <summary>Connect's deadline becomes gRPC's.</summary>
    private static Refusal? TakeTimeout(HttpRequest request)
    {
        if (request.Headers[TimeoutHeader].ToString() is not { Length: > 0 } text)
            return null;
        if (text.Length > 10 || !long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds))
            return Refusal.BadRequest($"{TimeoutHeader} is \"{text}\", not a number of at most ten digits");
        request.Headers[RpcHeaders.Timeout] = RpcHeaders.WriteTimeout(TimeSpan.FromMilliseconds(milliseconds));
        return null;
    }

    private static bool IsJsonObject(byte[] body)
    {
        try
        {
            using var json = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 3 * JsonToWire.MaxDepth });
            return json.RootElement.ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static Refusal UnknownCompression(string name) =>
        new(StatusCodes.Status501NotImplemented, Rpc.RpcStatusCode.Unimplemented, "compression", $"the compression \"{name}\" is not known here; gzip and identity are");

    private static Refusal TooLong() => Refusal.TooLarge($"the message is larger than the limit of {MaxMessage} bytes");
}
