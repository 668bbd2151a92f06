using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Fleet.Rpc;

/// <summary>
/// A service and what answers each of its methods, in the words of its proto file:
/// <c>new RpcService(OrdersReflection.Descriptor.Services[0]).Unary&lt;GetOrderRequest, Order&gt;("GetOrder", orders.GetAsync)</c>.
/// </summary>
/// <param name="descriptor">The service.</param>
public sealed class RpcService(ServiceDescriptor descriptor)
{
    private readonly Dictionary<string, RpcHandler> _handlers = [];
    private Func<RpcCall, ValueTask> _guard = static _ => ValueTask.CompletedTask;

    /// <summary>The service.</summary>
    public ServiceDescriptor Descriptor { get; } = descriptor;

    /// <summary>Runs before each call of this service reads its request, for authentication; it ends the call by an <see cref="RpcException"/>.</summary>
    public RpcService Guard(Func<RpcCall, ValueTask> guard)
    {
        var before = _guard;
        _guard = async call =>
        {
            await before(call);
            await guard(call);
        };
        return this;
    }

    /// <summary>One request, one answer.</summary>
    public RpcService Unary<TRequest, TResponse>(string method, Func<TRequest, RpcCall, Task<TResponse>> handler)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new() =>
        Add<TRequest, TResponse>(method, clientStreams: false, serverStreams: false, endless: false, async exchange =>
            await exchange.SendAsync(await handler(await exchange.SingleAsync(), exchange.Call)));

    /// <summary>One request, many answers.</summary>
    /// <param name="method">The method's name in the proto file.</param>
    /// <param name="handler">Gives the answers, each sent as soon as the next one has to be waited for.</param>
    /// <param name="endless">Whether the stream has no end of its own: it then ends with UNAVAILABLE when the server drains, so that clients go to another one.</param>
    public RpcService ServerStreaming<TRequest, TResponse>(string method, Func<TRequest, RpcCall, IAsyncEnumerable<TResponse>> handler, bool endless = false)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new() =>
        Add<TRequest, TResponse>(method, clientStreams: false, serverStreams: true, endless, async exchange =>
            await exchange.SendAllAsync(handler(await exchange.SingleAsync(), exchange.Call)));

    /// <summary>Many requests, one answer.</summary>
    public RpcService ClientStreaming<TRequest, TResponse>(string method, Func<IAsyncEnumerable<TRequest>, RpcCall, Task<TResponse>> handler)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new() =>
        Add<TRequest, TResponse>(method, clientStreams: true, serverStreams: false, endless: false, async exchange =>
            await exchange.SendAsync(await handler(exchange.All(), exchange.Call)));

    /// <summary>Many requests, many answers, in any order.</summary>
    /// <inheritdoc cref="ServerStreaming"/>
    public RpcService Bidirectional<TRequest, TResponse>(
        string method, Func<IAsyncEnumerable<TRequest>, RpcCall, IAsyncEnumerable<TResponse>> handler, bool endless = false)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new() =>
        Add<TRequest, TResponse>(method, clientStreams: true, serverStreams: true, endless, exchange => exchange.SendAllAsync(handler(exchange.All(), exchange.Call)));

    /// <summary>The handlers of all methods.</summary>
    /// <exception cref="InvalidOperationException">Methods have none; the message names them all.</exception>
    internal IReadOnlyCollection<RpcHandler> Handlers()
    {
        var missing = Descriptor.Methods.Where(m => !_handlers.ContainsKey(m.Name)).Select(m => m.FullName).ToList();
        return missing.Count == 0
            ? [.. _handlers.Values.Select(h => h with { Guard = _guard })]
            : throw new InvalidOperationException($"no handler for {string.Join(", ", missing)}: every method of a registered service needs one");
    }

    private RpcService Add<TRequest, TResponse>(
        string name, bool clientStreams, bool serverStreams, bool endless, Func<RpcExchange<TRequest, TResponse>, Task> run)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>, new()
    {
        var method = Descriptor.FindMethodByName(name) ?? throw new InvalidOperationException($"{Descriptor.FullName} has no method {name}");
        if (method.IsClientStreaming != clientStreams || method.IsServerStreaming != serverStreams)
            throw new InvalidOperationException($"{method.FullName} streams otherwise than its handler");
        if (method.InputType.ClrType != typeof(TRequest) || method.OutputType.ClrType != typeof(TResponse))
            throw new InvalidOperationException($"{method.FullName} takes {method.InputType.FullName} and gives {method.OutputType.FullName}, its handler does not");
        if (!_handlers.TryAdd(name, new RpcHandler(method, endless, (call, reader, gzip) => run(new(call, reader, gzip)))))
            throw new InvalidOperationException($"{method.FullName} has two handlers");
        return this;
    }
}

/// <summary>What answers one method.</summary>
/// <param name="Method">The method.</param>
/// <param name="Endless">Whether it ends only by the caller's or the server's leaving.</param>
/// <param name="RunAsync">Reads requests and writes answers; true when answers go out compressed.</param>
internal sealed record RpcHandler(MethodDescriptor Method, bool Endless, Func<RpcCall, FrameReader, bool, Task> RunAsync)
{
    public Func<RpcCall, ValueTask> Guard { get; init; } = static _ => ValueTask.CompletedTask;

    /// <summary>The path of the method ("Requests", Path).</summary>
    public string Path { get; } = $"/{Method.Service.FullName}/{Method.Name}";
}
