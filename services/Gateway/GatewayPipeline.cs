using Fleet.Hosting;

namespace Fleet.Gateway;

/// <summary>
/// The path of a request.
/// <code>
/// socket
///   | 1 PEEK       ProtocolPeek: the first 24 bytes -> Kestrel's HTTP/1.1 or HTTP/2; with TLS it is ALPN   Connections/, Tls/
///   | (management port: Hosting answers; the public port answers nothing of its own but errors and preflights)
///   | 2 ANSWER     AnswerStep: whatever is refused or fails below is told in the caller's protocol          Forwarding/
///   | (TLS_REDIRECT: RedirectStep sends clear text to TLS, and nothing of it goes further                   Tls/)
///   | 3 MATCH      routing by the current RoutesSnapshot; the endpoint carries the route's RoutePolicy      Routes/
///   | 4 CORS       preflights answered, origins of the routes file                                          Forwarding/
///   | 5 WHO        TokenStep: the verdict on the bearer token                                               Auth/
///   | 6 HOW MUCH   LimitStep: a token of the caller's bucket, then the verdict is acted on; SizeStep        Limits/
///   | 7 TRANSLATE  TranslationStep: gRPC-Web and Connect become gRPC                                        Grpc/
///   | 8 DEADLINE   RouteDeadline: until the answer begins                                                   Forwarding/
///   | 9 RETRY      RetryStep: again, elsewhere, when nothing of an answer came                              Forwarding/
///   |10 BALANCE    YARP: a destination of two that is less busy, of those that are healthy                  Health/
///   |11 FORWARD    YARP: headers cleaned both ways (HeaderHygiene), body and trailers streamed              Forwarding/
/// backend
/// </code>
/// </summary>
internal static class GatewayPipeline
{
    public static void Map(WebApplication app)
    {
        var services = app.Services;
        var answer = ActivatorUtilities.CreateInstance<AnswerStep>(services);
        var token = ActivatorUtilities.CreateInstance<TokenStep>(services);
        var limit = ActivatorUtilities.CreateInstance<LimitStep>(services);
        var translation = new TranslationStep(ActivatorUtilities.CreateInstance<ConnectUnary>(services));
        var deadline = ActivatorUtilities.CreateInstance<RouteDeadline>(services);
        var retry = ActivatorUtilities.CreateInstance<RetryStep>(services);
        var limits = ActivatorUtilities.CreateInstance<RouteLimits>(services);

        app.Use(answer.InvokeAsync);
        if (services.GetService<RedirectStep>() is { } redirect)
            app.Use(redirect.InvokeAsync);
        app.UseRouting();
        app.UseCors();
        app.MapReverseProxy(proxy =>
        {
            proxy.Use(token.InvokeAsync);
            proxy.Use(limit.InvokeAsync);
            proxy.Use(SizeStep.InvokeAsync);
            proxy.Use(translation.InvokeAsync);
            proxy.Use(deadline.InvokeAsync);
            proxy.Use(retry.InvokeAsync);
            proxy.UseLoadBalancing();
            proxy.UsePassiveHealthChecks();
        }).ConfigureEndpoints((endpoint, route) =>
        {
            var policy = RoutePolicy.Of(route);
            endpoint.WithMetadata(policy);
            if (policy.RateLimit is { } rate)
                endpoint.WithMetadata(limits.Of(policy.RouteId, rate));
        });
    }
}
