using Microsoft.AspNetCore.Http.Features;

namespace Fleet.Gateway;

/// <summary>Refuses a body that says itself that it is too large before a byte of it goes to a backend. A gRPC stream has no size: its messages have, at the backend.</summary>
internal static class SizeStep
{
    public static Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var limit = context.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize;
        if (context.Request.ContentLength > limit && CallerProtocols.Of(context) != CallerProtocol.Grpc)
        {
            context.Refuse(Refusal.TooLarge($"the body of {context.Request.ContentLength} bytes is larger than the limit of {limit} bytes"));
            return Task.CompletedTask;
        }

        return next(context);
    }
}
