using Fleet.Rpc;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Forwarder;

namespace Fleet.Gateway;

/// <summary>The outermost step: what was refused, what failed and what was not found gets an answer that names the reason. Answers of backends pass.</summary>
internal sealed partial class AnswerStep(GatewayMeter meter, ILogger<AnswerStep> log)
{
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Features.Get<IStatusCodePagesFeature>() is { } pages)
            pages.Enabled = false; // an error of a backend, with or without a body, is the backend's
        try
        {
            if (Smuggling.Suspect(context.Request) is { } suspicion)
                context.Refuse(Refusal.BadRequest(suspicion) with { ClosesConnection = true });
            else
                await next(context);
        }
        catch (BadHttpRequestException e)
        {
            context.Refuse(Refusal.OfStatus(e.StatusCode, e.Message));
        }
        catch (Exception e) when (!context.RequestAborted.IsCancellationRequested && !context.Response.HasStarted)
        {
            Log.Failed(log, context.Request.Method, context.Request.Path, e);
            context.Refuse(Refusal.OfStatus(StatusCodes.Status500InternalServerError, "this is a fault of the gateway; its log has more"));
        }

        if (context.Response.HasStarted || context.RequestAborted.IsCancellationRequested)
            return;
        if ((context.Refusal() ?? OfForwarder(context) ?? OfRouting(context)) is not { } refusal)
            return;
        meter.Refused(refusal.Reason);
        await Refusals.WriteAsync(context, refusal);
    }

    /// <summary>YARP's errors before an answer began; after that the connection is cut, which YARP does.</summary>
    private static Refusal? OfForwarder(HttpContext context)
    {
        if (context.UpstreamFailed() is not { } failure)
            return null;
        var cluster = context.GetRouteModel().Config.ClusterId;
        return failure.Error switch
        {
            ForwarderError.NoAvailableDestinations => Refusal.Unavailable("no-destination", $"{cluster} has no destination"),
            _ when failure.NeverConnected() => Refusal.Unavailable("cannot-connect", $"{cluster} cannot be reached"),
            ForwarderError.Request => Refusal.BrokeOff($"{cluster} broke off before it answered"),
            ForwarderError.RequestTimedOut => Refusal.TooSlow($"{cluster} did not answer in time"),
            ForwarderError.RequestBodyClient => Refusal.OfStatus(BadRequest(failure.Exception)?.StatusCode ?? StatusCodes.Status400BadRequest, BadRequest(failure.Exception)?.Message ?? "the request's body broke off"),
            ForwarderError.RequestBodyDestination => Refusal.BrokeOff($"{cluster} broke off while it was sent the request"),
            ForwarderError.RequestCreation => Refusal.BadRequest("the request cannot be forwarded as it is"),
            ForwarderError.ResponseHeaders => Refusal.BrokeOff($"{cluster} gave an answer that cannot be passed on"),
            ForwarderError.ResponseBodyDestination => Refusal.BrokeOff($"{cluster} broke off in the middle of its answer"),
            // What is left is the end of a caller, who gets no answer, or of a deadline, which has a refusal of its own.
            _ => new Refusal(StatusCodes.Status502BadGateway, RpcStatusCode.Unavailable, "forwarding", $"{cluster}: {failure.Error}"),
        };
    }

    private static Refusal? OfRouting(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<RoutePolicy>() is not null)
            return null;
        return context.Response.StatusCode switch
        {
            StatusCodes.Status404NotFound => Refusal.NoRoute(context),
            >= 400 and var status => Refusal.OfStatus(status, $"{context.Request.Method} is not served here"),
            _ => null,
        };
    }

    private static BadHttpRequestException? BadRequest(Exception? error) => error switch
    {
        BadHttpRequestException bad => bad,
        AggregateException several => several.Flatten().InnerExceptions.OfType<BadHttpRequestException>().FirstOrDefault(),
        _ => null,
    };

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Error, "{Method} {Path} failed")]
        public static partial void Failed(ILogger log, string method, string path, Exception error);
    }
}
