namespace Fleet.Gateway;

/// <summary>On a gRPC route, other protocols become gRPC; on every other route a body is a body.</summary>
internal sealed class TranslationStep(ConnectUnary connect)
{
    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (!context.GetEndpoint()!.Metadata.GetRequiredMetadata<RoutePolicy>().IsGrpc)
            return next(context);
        return CallerProtocols.Of(context) switch
        {
            CallerProtocol.GrpcWeb => GrpcWeb.TranslateAsync(context, next, isText: false),
            CallerProtocol.GrpcWebText => GrpcWeb.TranslateAsync(context, next, isText: true),
            CallerProtocol.Connect => connect.TranslateAsync(context, next),
            _ => next(context),
        };
    }
}
