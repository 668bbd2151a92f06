namespace Fleet.Rpc;

/// <summary>How long a caller waits: until its deadline, or until it does not want to any more.</summary>
internal sealed class Waiting : IDisposable
{
    private readonly TimeProvider _time;
    private readonly long? _end;
    private readonly CancellationTokenSource? _deadline;
    private readonly CancellationTokenSource _both;
    private readonly CancellationToken _caller;

    public Waiting(TimeSpan? timeout, TimeProvider time, CancellationToken caller)
    {
        _time = time;
        _caller = caller;
        if (timeout is { } t)
        {
            t = t > TimeSpan.Zero ? t : TimeSpan.Zero;
            _end = time.GetTimestamp() + (long)(t.TotalSeconds * time.TimestampFrequency);
            _deadline = new(t, time);
        }

        _both = CancellationTokenSource.CreateLinkedTokenSource(caller, _deadline?.Token ?? CancellationToken.None);
        Stop = _both.Token;
    }

    public CancellationToken Stop { get; }

    /// <summary>The time left until the deadline; null without one.</summary>
    public TimeSpan? Remaining => _end is { } end ? _time.GetElapsedTime(_time.GetTimestamp(), end) : null;

    /// <summary>Ends the call, if it is still under way.</summary>
    public void Cancel() => _both.Cancel();

    /// <summary>Does a part of a call and gives its failures the names that callers know.</summary>
    /// <exception cref="RpcException">DEADLINE_EXCEEDED, or what the server or the connection said.</exception>
    public async Task<T> GuardAsync<T>(Func<Task<T>> part)
    {
        try
        {
            Stop.ThrowIfCancellationRequested();
            return await part();
        }
        catch (Exception e) when (_deadline is { IsCancellationRequested: true } && !_caller.IsCancellationRequested)
        {
            throw new RpcException(new RpcStatus(RpcStatusCode.DeadlineExceeded, "the deadline passed"), inner: e);
        }
        catch (Exception e) when (e is not RpcException)
        {
            _caller.ThrowIfCancellationRequested();
            if (e is OperationCanceledException && Stop.IsCancellationRequested)
                throw new RpcException(new RpcStatus(RpcStatusCode.Cancelled, "the call was left"), inner: e);
            if (Outcome.Of(e) is not { } status)
                throw;
            throw new RpcException(status, inner: e);
        }
    }

    public void Dispose()
    {
        _both.Dispose();
        _deadline?.Dispose();
    }
}
