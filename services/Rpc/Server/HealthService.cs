using System.Runtime.CompilerServices;
using Fleet.Rpc.Health;
using static Fleet.Rpc.Health.HealthCheckResponse.Types;

namespace Fleet.Rpc;

/// <summary>Tells clients whether services serve (grpc.health.v1). Safe for all threads.</summary>
public sealed class HealthService
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, bool> _serving = new() { [""] = true };
    private TaskCompletionSource _changed = NewSignal();

    /// <summary>Says whether a service serves.</summary>
    /// <param name="service">Its full name; empty means the whole server.</param>
    /// <param name="serving">Whether it serves now.</param>
    public void Set(string service, bool serving)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            _serving[service] = serving;
            (changed, _changed) = (_changed, NewSignal());
        }

        changed.SetResult();
    }

    /// <summary>The service to map.</summary>
    public RpcService ToService() => new RpcService(HealthReflection.Descriptor.Services[0])
        .Unary<HealthCheckRequest, HealthCheckResponse>("Check", CheckAsync)
        .ServerStreaming<HealthCheckRequest, HealthCheckResponse>("Watch", (request, call) => WatchAsync(request.Service, call.Stop), endless: true);

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Task<HealthCheckResponse> CheckAsync(HealthCheckRequest request, RpcCall call)
    {
        var (status, _) = Read(request.Service);
        return status == ServingStatus.ServiceUnknown
            ? throw new RpcException(RpcStatusCode.NotFound, $"unknown service: {request.Service}")
            : Task.FromResult(new HealthCheckResponse { Status = status });
    }

    private async IAsyncEnumerable<HealthCheckResponse> WatchAsync(string service, [EnumeratorCancellation] CancellationToken stop)
    {
        ServingStatus? last = null;
        while (true)
        {
            var (status, changed) = Read(service);
            if (status != last)
                yield return new() { Status = status };
            last = status;
            await changed.WaitAsync(stop);
        }
    }

    private (ServingStatus Status, Task Changed) Read(string service)
    {
        lock (_gate)
        {
            var status = !_serving.TryGetValue(service, out var serving) ? ServingStatus.ServiceUnknown
                : serving ? ServingStatus.Serving : ServingStatus.NotServing;
            return (status, _changed.Task);
        }
    }
}
