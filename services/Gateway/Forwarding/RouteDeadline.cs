using Fleet.Rpc;

namespace Fleet.Gateway;

/// <summary>
/// Ends a request whose answer does not begin in time: the route's timeout, or the caller's own deadline when that is sooner. YARP sees it as the end of the
/// request, so the call to the backend is ended too.
/// </summary>
internal sealed class RouteDeadline(TimeProvider time)
{
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var policy = context.GetEndpoint()!.Metadata.GetRequiredMetadata<RoutePolicy>();
        var own = policy.IsGrpc && RpcHeaders.TryReadTimeout(context.Request.Headers[RpcHeaders.Timeout].ToString(), out var asked) ? asked : (TimeSpan?)null;
        var timeout = own < policy.Timeout ? own.Value : policy.Timeout;
        var aborted = context.RequestAborted;
        using var deadline = new CancellationTokenSource(timeout, time);
        // The caller's end ends it too; who ended it is told by the caller's own token.
        await using var ended = aborted.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), deadline);
        context.Features.Set(new Running(deadline));
        context.RequestAborted = deadline.Token;
        try
        {
            await next(context);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !aborted.IsCancellationRequested)
        {
            // told below
        }
        finally
        {
            context.RequestAborted = aborted;
            context.Features.Set<Running>(null);
        }

        if (deadline.IsCancellationRequested && !aborted.IsCancellationRequested && !context.Response.HasStarted && (context.UpstreamFailed() is not null || context.Refusal() is null))
            context.Refuse(Refusal.TooSlow($"{policy.RouteId} did not answer within {timeout.TotalSeconds:0.###} s"));
    }

    /// <summary>The answer begins: from here on the cluster's activity timeout counts.</summary>
    public static void AnswerBegan(HttpContext context)
    {
        if (context.Features.Get<WholeAnswer>() is null)
            context.Features.Get<Running>()?.Disarm();
    }

    /// <summary>The answer has to be whole in time, not just begin: it is translated as a whole.</summary>
    public static void UntilTheEnd(HttpContext context) => context.Features.Set(WholeAnswer.Instance);

    private sealed class WholeAnswer
    {
        public static readonly WholeAnswer Instance = new();
    }

    private sealed class Running(CancellationTokenSource deadline)
    {
        public void Disarm() => deadline.CancelAfter(Timeout.InfiniteTimeSpan);
    }
}
