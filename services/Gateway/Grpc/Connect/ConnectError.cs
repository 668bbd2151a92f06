using System.Buffers;
using System.Text.Json;
using Fleet.Rpc;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Fleet.Gateway;

/// <summary>An error as Connect writes it: a code, a message, and the backend's details as base64.</summary>
internal static class ConnectError
{
    private const int DetailsField = 3; // of google.rpc.Status: repeated google.protobuf.Any

    /// <summary>A refusal of the gateway keeps its own HTTP status, which says more than the code; the error of a backend has its code's.</summary>
    public static async Task WriteAsync(HttpContext context, Refusal refusal)
    {
        var body = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("code", ConnectCodes.Of(refusal.Code).Name);
            json.WriteString("message", refusal.Detail);
            if (refusal.Details is { } details)
                WriteDetails(json, details);
            json.WriteEndObject();
        }

        context.Response.StatusCode = refusal.Status;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.WrittenCount;
        context.Response.Headers.CacheControl = "no-store";
        await context.Response.Body.WriteAsync(body.WrittenMemory, context.RequestAborted);
    }

    public static Refusal Of(RpcStatus status) => new(ConnectCodes.Of(status.Code).Status, status.Code, "backend", status.Message) { Details = status.Details };

    private static void WriteDetails(Utf8JsonWriter json, byte[] status)
    {
        Any[] details;
        try
        {
            details = [.. WireMessage.Parse(ByteString.CopyFrom(status))[DetailsField].Select(v => Any.Parser.ParseFrom(v.Bytes))];
        }
        catch (InvalidProtocolBufferException)
        {
            return; // the error itself is worth more than its details
        }

        json.WriteStartArray("details");
        foreach (var any in details)
        {
            json.WriteStartObject();
            json.WriteString("type", any.TypeUrl[(any.TypeUrl.LastIndexOf('/') + 1)..]);
            json.WriteString("value", Convert.ToBase64String(any.Value.Span).TrimEnd('=')); // without padding, by the letter
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
