using System.Net.Sockets;
using Yarp.ReverseProxy.Forwarder;

namespace Fleet.Gateway;

/// <summary>Tells apart how a backend failed before it answered: it matters for what may be sent again, who is avoided, and what the caller is told.</summary>
internal static class UpstreamFailure
{
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
}
