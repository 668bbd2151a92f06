using Microsoft.AspNetCore.Http.Features;

namespace Fleet.Gateway;

/// <summary>Refuses a body that says itself that it is too large before a byte of it goes to a backend. A gRPC stream has no size: its messages have, at the backend.</summary>
internal static class SizeStep
{
    public static Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var feature = context.Features.Get<IHttpMaxRequestBodySizeFeature>();
        var limit = feature?.MaxRequestBodySize;
        if (context.Request.ContentLength > limit && CallerProtocols.Of(context) != CallerProtocol.Grpc)
        {
            // The server reads on for a moment and drops what it reads. If it closed at once, a caller that still sends would see a reset, not the answer.
            if (!feature!.IsReadOnly)
                feature.MaxRequestBodySize = null;
            context.Refuse(Refusal.TooLarge($"the body of {context.Request.ContentLength} bytes is larger than the limit of {limit} bytes"));
            return Task.CompletedTask;
        }

        return next(context);
    }
}
