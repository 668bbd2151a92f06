using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Fleet.Rpc;

/// <summary>A method as its caller knows it.</summary>
/// <param name="Path">Such as <c>/orders.v1.Orders/GetOrder</c>.</param>
/// <param name="Requests">How requests become bytes.</param>
/// <param name="Responses">How bytes become responses.</param>
public sealed record RpcMethod<TRequest, TResponse>(string Path, RpcCodec<TRequest> Requests, RpcCodec<TResponse> Responses)
    where TRequest : class
    where TResponse : class;

/// <summary>Makes methods.</summary>
public static class RpcMethod
{
    /// <summary>A method with generated messages.</summary>
    public static RpcMethod<TRequest, TResponse> Of<TRequest, TResponse>(MethodDescriptor method)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new() =>
        new($"/{method.Service.FullName}/{method.Name}", RpcCodec.Of<TRequest>(), RpcCodec.Of<TResponse>());

    /// <summary>A method whose messages stay bytes.</summary>
    /// <param name="path">Such as <c>/orders.v1.Orders/GetOrder</c>.</param>
    public static RpcMethod<byte[], byte[]> Raw(string path) => new(path, RpcCodec.Raw, RpcCodec.Raw);
}

/// <summary>What one call is to be like.</summary>
public sealed record RpcCallOptions
{
    /// <summary>How long to wait for the end of the call, retries included; null: for ever. The server is told, as grpc-timeout.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>What is sent along.</summary>
    public RpcMetadata Metadata { get; init; } = [];

    /// <summary>Whether the call may reach the server twice: it is then made again when the server is UNAVAILABLE.</summary>
    public bool Idempotent { get; init; }
}

/// <summary>The answer to a call that has one.</summary>
/// <param name="Message">The answer.</param>
/// <param name="Headers">Metadata before it.</param>
/// <param name="Trailers">Metadata after it.</param>
public sealed record RpcReply<T>(T Message, RpcMetadata Headers, RpcMetadata Trailers);
