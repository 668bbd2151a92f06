using System.Collections.Concurrent;
using Fleet.Rpc;
using Google.Protobuf.Reflection;
using Yarp.ReverseProxy.Model;

namespace Fleet.Gateway;

/// <summary>A method, and the types that its messages may hold.</summary>
internal sealed record KnownMethod(MethodDescriptor Descriptor, TypeSet Types);

/// <summary>
/// What the backends say of their methods and messages, learned by reflection and kept per cluster. It is asked for anew when something is not known or when
/// it has aged, at most once in a while; what was learned is used until there is better.
/// </summary>
internal sealed partial class BackendTypes(TimeProvider time, ILogger<BackendTypes> log)
{
    public static readonly TimeSpan AskAtMostEvery = TimeSpan.FromSeconds(5);
    public static readonly TimeSpan Aged = TimeSpan.FromMinutes(1);

    private const int MaxSymbols = 200;

    private readonly ConcurrentDictionary<string, Cluster> _clusters = new();

    /// <exception cref="BackendTypesException">The method is not known, or nothing can be learned.</exception>
    public async Task<KnownMethod> FindAsync(HttpContext context, ConnectRequest request)
    {
        var cluster = Of(context);
        var addresses = Addresses(context);
        if (cluster.Types.FindMethod(request.Service, request.Method) is null)
        {
            await LearnAsync(addresses, cluster, request.Service, context.RequestAborted);
        }
        else if (time.GetElapsedTime(cluster.AskedAt) > Aged)
        {
            // Old types still do; the next caller has the new ones. This request, which may end sooner, is not looked at any more.
            _ = LearnAsync(addresses, cluster, request.Service, CancellationToken.None).ContinueWith(static t => _ = t.Exception, TaskScheduler.Default);
        }

        return cluster.Types.FindMethod(request.Service, request.Method) is { } method
            ? new KnownMethod(method, cluster.Types)
            : throw Unknown($"{request.Service}/{request.Method} is not a method of the backend");
    }

    /// <summary>Translates, and once more with newer types when these do not do.</summary>
    /// <exception cref="TranscodingException">They do not do either.</exception>
    public async Task<T> WithTypesAsync<T>(HttpContext context, ConnectRequest request, KnownMethod method, Func<MethodDescriptor, TypeSet, T> translate)
    {
        try
        {
            return translate(method.Descriptor, method.Types);
        }
        catch (TranscodingException e) when (e is UnknownFieldException or UnknownTypeException)
        {
            var cluster = Of(context);
            try
            {
                await LearnAsync(Addresses(context), cluster, (e as UnknownTypeException)?.TypeName ?? request.Service, context.RequestAborted);
            }
            catch (BackendTypesException)
            {
                throw e;
            }

            if (ReferenceEquals(cluster.Types, method.Types) || cluster.Types.FindMethod(request.Service, request.Method) is not { } again)
                throw;
            return translate(again, cluster.Types);
        }
    }

    private Cluster Of(HttpContext context) => _clusters.GetOrAdd(context.GetRouteModel().Config.ClusterId ?? "", _ => new Cluster());

    private static string[] Addresses(HttpContext context) =>
        [.. context.GetReverseProxyFeature().AvailableDestinations.Select(d => new Uri(d.Model.Config.Address).GetLeftPart(UriPartial.Authority))];

    private async Task LearnAsync(string[] addresses, Cluster cluster, string symbol, CancellationToken stop)
    {
        var seen = cluster.AskedAt;
        await cluster.OneAtATime.WaitAsync(stop);
        try
        {
            var isNew = !cluster.Symbols.Contains(symbol);
            if (seen != cluster.AskedAt && !isNew)
                return; // somebody else has just asked
            if (!isNew && cluster.AskedAt != 0 && time.GetElapsedTime(cluster.AskedAt) < AskAtMostEvery)
            {
                if (cluster.Failure is { } failure)
                    throw new BackendTypesException(failure);
                return;
            }

            if (isNew && cluster.Symbols.Count >= MaxSymbols)
                throw Unknown($"{symbol} is not known at the backend");
            cluster.AskedAt = time.GetTimestamp();
            await AskAsync(addresses, cluster, symbol);
        }
        finally
        {
            cluster.OneAtATime.Release();
        }
    }

    private async Task AskAsync(string[] addresses, Cluster cluster, string symbol)
    {
        if (addresses.Length == 0)
            throw Failed(cluster, Refusal.Unavailable("no-destination", "the backend has no destination"));
        for (var i = 0; ; i++)
        {
            try
            {
                using var call = new ReflectionCall(new RpcChannel(addresses[i], new RpcChannelOptions { Time = time, Attempts = 1 }));
                // Shared by whoever waits for it, so it does not end with the one who came first.
                cluster.Types = await call.DescribeAsync([.. cluster.Symbols, symbol], CancellationToken.None);
                cluster.Symbols.Add(symbol);
                cluster.Failure = null;
                return;
            }
            catch (RpcException e) when (e.Status.Code == RpcStatusCode.Unavailable && i + 1 < addresses.Length)
            {
                // another destination may be there
            }
            catch (RpcException e)
            {
                Log.NotLearned(log, symbol, addresses[i], e.Message);
                throw Failed(cluster, e.Status.Code switch
                {
                    RpcStatusCode.NotFound => Unknown($"{symbol} is not known at the backend").Refusal,
                    RpcStatusCode.Unimplemented => NotServed("the backend offers no reflection, so JSON cannot be translated for it; application/proto can"),
                    RpcStatusCode.DeadlineExceeded => Refusal.TooSlow("the backend did not describe itself in time"),
                    _ => Refusal.Unavailable("cannot-connect", "the backend cannot be reached"),
                });
            }
            catch (InvalidDataException e)
            {
                Log.NotLearned(log, symbol, addresses[i], e.Message);
                throw Failed(cluster, NotServed($"what the backend says of its types does not fit together: {e.Message}"));
            }
        }
    }

    private static BackendTypesException Failed(Cluster cluster, Refusal refusal)
    {
        cluster.Failure = refusal;
        return new BackendTypesException(refusal);
    }

    private static BackendTypesException Unknown(string detail) =>
        new(new Refusal(StatusCodes.Status404NotFound, RpcStatusCode.Unimplemented, "no-method", detail));

    private static Refusal NotServed(string detail) => new(StatusCodes.Status501NotImplemented, RpcStatusCode.Unimplemented, "no-reflection", detail);

    private sealed class Cluster
    {
        public SemaphoreSlim OneAtATime { get; } = new(1);
        public volatile TypeSet Types = TypeSet.WellKnownOnly;
        public HashSet<string> Symbols { get; } = [];
        public long AskedAt;
        public Refusal? Failure;
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Warning, "The types of {Symbol} cannot be learned from {Address}: {Message}")]
        public static partial void NotLearned(ILogger log, string symbol, string address, string message);
    }
}
