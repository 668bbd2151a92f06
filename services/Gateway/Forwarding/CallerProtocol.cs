using Microsoft.Net.Http.Headers;

namespace Fleet.Gateway;

/// <summary>In what protocol the caller speaks, and so in what form it understands a refusal.</summary>
internal enum CallerProtocol
{
    Http,
    Grpc,
    GrpcWeb,

    /// <summary>gRPC-Web as base64, for browsers' older interfaces.</summary>
    GrpcWebText,

    /// <summary>Unary calls of the Connect protocol, and plain JSON to a gRPC route.</summary>
    Connect,
}

internal static class CallerProtocols
{
    public const string ConnectVersion = "Connect-Protocol-Version";

    /// <summary>Told by the content type, and on a gRPC route by what is left.</summary>
    public static CallerProtocol Of(HttpContext context)
    {
        var type = MediaType(context.Request.ContentType);
        if (Is(type, "application/grpc-web-text"))
            return CallerProtocol.GrpcWebText;
        if (Is(type, "application/grpc-web"))
            return CallerProtocol.GrpcWeb;
        if (Is(type, "application/grpc"))
            return CallerProtocol.Grpc;
        return context.Request.Headers.ContainsKey(ConnectVersion) || context.GetEndpoint()?.Metadata.GetMetadata<RoutePolicy>() is { IsGrpc: true }
            ? CallerProtocol.Connect
            : CallerProtocol.Http;
    }

    public static ReadOnlySpan<char> MediaType(string? contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out var parsed) ? parsed.MediaType.AsSpan() : [];

    /// <summary>The type itself or with the name of its codec: <c>application/grpc+proto</c>.</summary>
    private static bool Is(ReadOnlySpan<char> type, string name) =>
        type.StartsWith(name, StringComparison.OrdinalIgnoreCase) && (type.Length == name.Length || type[name.Length] == '+');
}
