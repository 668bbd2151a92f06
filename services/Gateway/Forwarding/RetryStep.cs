using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace Fleet.Gateway;

/// <summary>
/// Sends a request again, to another destination where there is one, when the first attempt left no trace of an answer. A request that was never sent may
/// always be; one that may have been worked on only when its method is idempotent (RFC 9110, section 9.2.2) and it has no body, which is gone by then.
/// </summary>
internal sealed class RetryStep(GatewayMeter meter)
{
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var retries = context.GetEndpoint()!.Metadata.GetRequiredMetadata<RoutePolicy>().Retries;
        var proxy = context.GetReverseProxyFeature();
        if (retries == 0)
        {
            await next(context);
            return;
        }

        var body = BodyUse.Watch(context);
        var untried = proxy.AvailableDestinations;
        for (; ; retries--)
        {
            await next(context);
            if (retries == 0 || !MayBeSentAgain(context, body))
                return;
            untried = Without(untried, proxy.ProxiedDestination);
            if (untried.Count == 0)
                untried = proxy.AllDestinations; // a name of one address may have another pod behind it by now
            proxy.AvailableDestinations = untried;
            context.Features.Set<IForwarderErrorFeature>(null);
            context.Response.Clear();
            meter.Retried(context.GetRouteModel().Config.ClusterId ?? "");
        }
    }

    private static bool MayBeSentAgain(HttpContext context, BodyUse body)
    {
        if (context.Response.HasStarted || context.RequestAborted.IsCancellationRequested || body.WasRead)
            return false;
        return context.UpstreamFailed() is { } failure
            && (failure.NeverConnected() || (failure.BrokeOff() && IsIdempotent(context.Request.Method) && !body.MayExist));
    }

    private static bool IsIdempotent(string method) =>
        HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method) || HttpMethods.IsPut(method) || HttpMethods.IsDelete(method);

    private static IReadOnlyList<DestinationState> Without(IReadOnlyList<DestinationState> destinations, DestinationState? tried) =>
        [.. destinations.Where(d => d != tried)];
}
