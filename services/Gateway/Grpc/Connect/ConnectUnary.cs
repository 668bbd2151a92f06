using Fleet.Rpc;
using Google.Protobuf.Reflection;
using Microsoft.Extensions.Primitives;

namespace Fleet.Gateway;

/// <summary>
/// Unary calls of the Connect protocol, which plain JSON by curl is too, as gRPC: one message in, one message out, JSON by the types that the backend
/// describes ("Connect Protocol Reference", Unary RPCs).
/// </summary>
internal sealed class ConnectUnary(BackendTypes types)
{
    /// <summary>The longest answer that is kept to be translated.</summary>
    public const int MaxAnswer = 8 << 20;

    private static readonly string[] OfConnect = ["Connect-Protocol-Version", "Connect-Timeout-Ms", "Content-Encoding", "Connect-Accept-Encoding"];

    public async Task TranslateAsync(HttpContext context, RequestDelegate next)
    {
        var (request, refusal) = await ConnectRequest.ReadAsync(context);
        if (request is null)
        {
            context.Refuse(refusal!);
            return;
        }

        try
        {
            var method = request.IsJson || request.IsGet ? await types.FindAsync(context, request) : null;
            await CallAsync(context, next, request, method);
        }
        catch (BackendTypesException e)
        {
            context.Refuse(e.Refusal);
        }
    }

    private async Task CallAsync(HttpContext context, RequestDelegate next, ConnectRequest request, KnownMethod? method)
    {
        if (Misfit(request, method) is { } misfit)
        {
            context.Refuse(misfit);
            return;
        }

        byte[] message;
        try
        {
            message = method is not null && request.IsJson
                ? await types.WithTypesAsync(context, request, method, (m, set) => JsonToWire.Encode(request.Message.Length == 0 ? "{}"u8.ToArray() : request.Message, m.InputType, set))
                : request.Message;
        }
        catch (TranscodingException e)
        {
            context.Refuse(Refusal.BadRequest(e.Message));
            return;
        }

        foreach (var header in OfConnect)
            context.Request.Headers.Remove(header);
        if (request.IsGet)
            context.Request.QueryString = QueryString.Empty;
        RouteDeadline.UntilTheEnd(context);
        var answer = new BoundedBuffer(MaxAnswer);
        RpcStatus end;
        IHeaderDictionary trailers;
        using (var exchange = new GrpcExchange(context, new MemoryStream(GrpcFrames.Frame(message)), answer))
        {
            await next(context);
            (end, trailers) = (exchange.End(), exchange.Trailers);
        }

        if (answer.Overflowed)
            context.Refuse(new Refusal(StatusCodes.Status502BadGateway, RpcStatusCode.ResourceExhausted, "answer-too-large", $"the answer is larger than the limit of {MaxAnswer} bytes"));
        else if (context.Refusal() is null && context.UpstreamFailed() is null)
            await AnswerAsync(context, request, method, end, trailers, answer.Written);
    }

    private async Task AnswerAsync(HttpContext context, ConnectRequest request, KnownMethod? method, RpcStatus end, IHeaderDictionary trailers, ReadOnlyMemory<byte> body)
    {
        if (end.Code != RpcStatusCode.Ok)
        {
            context.Refuse(ConnectError.Of(end));
            return;
        }

        if (GrpcFrames.Single(body) is not { } message)
        {
            context.Refuse(ConnectError.Of(new RpcStatus(RpcStatusCode.Unimplemented, "the method does not answer with one message: it streams, which a unary call cannot take")));
            return;
        }

        if (method is not null && request.IsJson)
        {
            try
            {
                message = await types.WithTypesAsync(context, request, method, (m, set) => WireToJson.Decode(message, m.OutputType, set));
            }
            catch (TranscodingException e)
            {
                context.Refuse(ConnectError.Of(new RpcStatus(RpcStatusCode.Internal, $"the answer has no JSON form: {e.Message}")));
                return;
            }
        }

        var response = context.Response;
        foreach (var name in response.Headers.Keys.Where(k => k.StartsWith("grpc-", StringComparison.OrdinalIgnoreCase) || k == "Trailer").ToArray())
            response.Headers.Remove(name);
        foreach (var (name, values) in trailers.Where(t => !t.Key.StartsWith("grpc-", StringComparison.OrdinalIgnoreCase)))
            response.Headers[$"Trailer-{name}"] = new StringValues([.. values]);
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = request.IsJson ? "application/json" : "application/proto";
        response.ContentLength = message.Length;
        await response.Body.WriteAsync(message, context.RequestAborted);
    }

    private static Refusal? Misfit(ConnectRequest request, KnownMethod? method)
    {
        if (method is null)
            return null;
        var descriptor = method.Descriptor;
        if (descriptor.IsClientStreaming || descriptor.IsServerStreaming)
            return ConnectError.Of(new RpcStatus(RpcStatusCode.Unimplemented, $"{request.Service}/{request.Method} streams; call it by gRPC or gRPC-Web"));
        if (request.IsGet && descriptor.GetOptions()?.IdempotencyLevel != MethodOptions.Types.IdempotencyLevel.NoSideEffects)
            return new Refusal(StatusCodes.Status405MethodNotAllowed, RpcStatusCode.Unimplemented, "method", $"{request.Service}/{request.Method} is not declared free of side effects; call it by POST");
        return null;
    }
}
