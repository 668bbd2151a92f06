using System.Net;
using System.Net.Sockets;
using Fleet.Hosting;
using Fleet.Rpc;

namespace Fleet.Gateway;

/// <summary>Takes a token from the caller's bucket, then acts on what the token step found. Callers are told apart by subject, or else by address.</summary>
internal sealed class LimitStep(CurrentRoutes routes)
{
    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var origin = ForwardedHeaders.Read(context, routes.Document.Trust);
        context.Features.Set(origin);
        if (context.GetEndpoint()!.Metadata.GetMetadata<CallerBuckets>()?.Take(Key(context, origin.Client)) is { } wait)
        {
            context.Refuse(new Refusal(StatusCodes.Status429TooManyRequests, RpcStatusCode.ResourceExhausted, "rate-limit", "more requests than this route allows one caller")
            {
                RetryAfter = wait,
            });
        }

        return context.Refusal() is null ? next(context) : Task.CompletedTask;
    }

    internal static string Key(HttpContext context, IPAddress client)
    {
        if (context.Features.Get<Caller>() is { } caller)
            return "sub " + caller.Subject;
        if (client.AddressFamily != AddressFamily.InterNetworkV6)
            return "ip " + client;
        // Whoever has one IPv6 address has 2^64 of them.
        Span<byte> network = stackalloc byte[16];
        client.TryWriteBytes(network, out _);
        network[8..].Clear();
        return "ip " + new IPAddress(network);
    }
}
