using Google.Protobuf.Reflection;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Fleet.Rpc;

/// <summary>One call as its handler sees it.</summary>
public sealed class RpcCall
{
    private bool _headersWritten;

    internal RpcCall(HttpContext http, MethodDescriptor method, DateTimeOffset? deadline, CancellationToken stop)
    {
        Http = http;
        Method = method;
        Deadline = deadline;
        Stop = stop;
        Metadata = RpcMetadata.From(http.Request.Headers);
    }

    /// <summary>The HTTP exchange below: connection, features, request services.</summary>
    public HttpContext Http { get; }

    /// <summary>The method called.</summary>
    public MethodDescriptor Method { get; }

    /// <summary>When the caller stops waiting; null when it does not say.</summary>
    public DateTimeOffset? Deadline { get; }

    /// <summary>Fires when nobody waits for an answer any more: cancelled, deadline passed, connection gone; for endless methods also when the server drains.</summary>
    public CancellationToken Stop { get; }

    /// <summary>What the caller sent along.</summary>
    public RpcMetadata Metadata { get; }

    /// <summary>What goes before the first message. Too late once a message or the headers were sent.</summary>
    public RpcMetadata Headers { get; } = [];

    /// <summary>What goes with the status.</summary>
    public RpcMetadata Trailers { get; } = [];

    /// <summary>Sends the headers at once, so that the caller knows that a stream is open before it brings its first message.</summary>
    public async Task SendHeadersAsync()
    {
        await StartAsync();
        await Http.Response.BodyWriter.FlushAsync(Stop);
    }

    internal Task StartAsync()
    {
        if (_headersWritten)
            return Task.CompletedTask;
        WriteHeaders();
        return Http.Response.StartAsync(Stop);
    }

    /// <summary>Ends the call: in trailers, or in the headers when nothing was sent yet and nothing is to come ("Responses", Trailers-Only).</summary>
    internal void Finish(RpcStatus status, bool trailersOnly)
    {
        var into = trailersOnly && !_headersWritten ? Http.Response.Headers : TrailersOf(Http);
        if (!_headersWritten)
            WriteHeaders();
        WriteStatus(into, status);
        Append(into, Trailers);
    }

    internal static void WriteStatus(IHeaderDictionary into, RpcStatus status)
    {
        into[RpcHeaders.Status] = ((int)status.Code).ToString();
        if (status.Message.Length > 0)
            into[RpcHeaders.Message] = RpcHeaders.PercentEncode(status.Message);
        if (status.Details is { } details)
            into[RpcHeaders.Details] = Convert.ToBase64String(details).TrimEnd('=');
    }

    private static IHeaderDictionary TrailersOf(HttpContext http) =>
        http.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpResponseTrailersFeature>()!.Trailers;

    private static void Append(IHeaderDictionary into, RpcMetadata metadata)
    {
        foreach (var (key, value) in metadata)
            into[key] = StringValues.Concat(into[key], value);
    }

    private void WriteHeaders()
    {
        _headersWritten = true;
        Append(Http.Response.Headers, Headers);
    }
}
