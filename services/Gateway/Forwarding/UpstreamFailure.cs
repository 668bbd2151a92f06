using System.Net.Sockets;
using Yarp.ReverseProxy.Forwarder;

namespace Fleet.Gateway;

/// <summary>Tells apart how a backend failed before it answered: it matters for what may be sent again, who is avoided, and what the caller is told.</summary>
internal static class UpstreamFailure
{
    /// <summary>
    /// Why there is no answer of the backend, or null when there is one. A backend may answer before it has read the whole request, a 401 above all, and stop
    /// reading; YARP reports that too, after a good answer.
    /// </summary>
    public static IForwarderErrorFeature? UpstreamFailed(this HttpContext context)
    {
        var failure = context.GetForwarderErrorFeature();
        var isOfRequestBody = failure?.Error is ForwarderError.RequestBodyClient or ForwarderError.RequestBodyDestination or ForwarderError.RequestBodyCanceled;
        // Of an answer that was given up YARP leaves no header.
        return isOfRequestBody && context.Features.Get<Answered>() is not null && context.Response.Headers.Count > 0 ? null : failure;
    }

    /// <summary>The backend's headers are there.</summary>
    public static void UpstreamAnswered(this HttpContext context) => context.Features.Set(Answered.Instance);

    /// <summary>No connection was made, so not a byte of the request left.</summary>
    public static bool NeverConnected(this IForwarderErrorFeature failure) =>
        failure.Error is ForwarderError.Request or ForwarderError.RequestTimedOut && NeverConnected(failure.Exception);

    /// <summary>A connection was there, and ended before the answer began.</summary>
    public static bool BrokeOff(this IForwarderErrorFeature failure) => failure.Error == ForwarderError.Request && !NeverConnected(failure.Exception);

    private static bool NeverConnected(Exception? error) => error switch
    {
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError } => true,
        HttpRequestException { InnerException: SocketException } => true,
        OperationCanceledException { InnerException: TimeoutException } => true, // the client library's own limit, which is for connecting alone
        AggregateException several => several.InnerExceptions.Any(NeverConnected),
        _ => false,
    };

    private sealed class Answered
    {
        public static readonly Answered Instance = new();
    }
}
