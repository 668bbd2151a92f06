using System.Text;

namespace Fleet.Gateway;

/// <summary>
/// gRPC-Web, unary and server streaming: the frames are gRPC's, and the trailers, which browsers do not show, come as the last frame of the body
/// ("gRPC Web", PROTOCOL-WEB.md of the gRPC project).
/// </summary>
internal static class GrpcWeb
{
    public static async Task TranslateAsync(HttpContext context, RequestDelegate next, bool isText)
    {
        if (!HttpMethods.IsPost(context.Request.Method))
        {
            context.Refuse(new Refusal(StatusCodes.Status405MethodNotAllowed, Rpc.RpcStatusCode.Unimplemented, "method", "gRPC-Web calls are POST"));
            return;
        }

        var answer = new GrpcWebResponse(context, isText);
        using (var exchange = new GrpcExchange(context, isText ? new Base64Reader(context.Request.Body) : context.Request.Body, answer))
        {
            await next(context);
            if (context.Refusal() is not null || context.UpstreamFailed() is not null)
                return;
            if (!answer.IsGrpc)
            {
                var end = exchange.End();
                context.Refuse(new Refusal(StatusCodes.Status502BadGateway, end.Code, "upstream-not-grpc", end.Message));
                return;
            }

            if (exchange.Trailers.Count > 0)
                await answer.EndAsync(Block(exchange.Trailers), context.RequestAborted);
            else
                answer.TakeHeaders(); // an answer of headers alone, which gRPC-Web has too
        }

        await context.Response.CompleteAsync();
    }

    /// <summary>A header block as in HTTP/1.1, names in lower case.</summary>
    private static byte[] Block(IHeaderDictionary trailers)
    {
        var block = new StringBuilder();
        foreach (var (name, values) in trailers)
        {
            foreach (var value in values)
                block.Append(name.ToLowerInvariant()).Append(": ").Append(value).Append("\r\n");
        }

        return Encoding.Latin1.GetBytes(block.ToString());
    }
}
