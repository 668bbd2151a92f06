using System.Net;
using Fleet.Kubernetes;
using Fleet.Runtime;

namespace Fleet.Unit.Runtime;

/// <summary>One lease at a server that compares versions, as every candidate's client sees it.</summary>
internal sealed class FakeLease
{
    private int _version;

    public Lease? Stored { get; private set; }

    public int Writes { get; private set; }

    public string? Holder => Stored?.Spec.HolderIdentity;

    /// <summary>What someone else writes, without asking.</summary>
    public void Write(Func<Lease, Lease> change) =>
        Store(change(Stored ?? new Lease { Metadata = new ObjectMeta { Name = "fleet-operator", Namespace = "fleet" } }));

    public void Delete() => Stored = null;

    public Lease Create(LeaseSpec spec)
    {
        if (Stored is not null)
            throw new ApiException(HttpStatusCode.Conflict, new ApiStatus { Reason = "AlreadyExists" });
        return Store(new Lease { Metadata = new ObjectMeta { Name = "fleet-operator", Namespace = "fleet" }, Spec = spec });
    }

    public Lease Replace(Lease read, LeaseSpec spec)
    {
        if (Stored is null)
            throw new ApiException(HttpStatusCode.NotFound, new ApiStatus { Reason = "NotFound" });
        if (Stored.Metadata.ResourceVersion != read.Metadata.ResourceVersion)
            throw new ApiException(HttpStatusCode.Conflict, new ApiStatus { Reason = "Conflict" });
        return Store(read with { Spec = spec });
    }

    private Lease Store(Lease lease)
    {
        Writes++;
        return Stored = lease with { Metadata = lease.Metadata with { ResourceVersion = $"{++_version}" } };
    }
}

/// <summary>One candidate's way to the server, with everything that can go wrong on it.</summary>
internal sealed class FakeLeaseStore(FakeLease lease, TimeProvider time) : ILeaseStore
{
    /// <summary>Requests do not arrive.</summary>
    public bool IsCut { get; set; }

    /// <summary>Requests are never answered.</summary>
    public bool Hangs { get; set; }

    /// <summary>How many requests were left without an answer.</summary>
    public int Hanging { get; private set; }

    /// <summary>Writes are carried out, and their answers are lost.</summary>
    public bool LosesAnswers { get; set; }

    /// <summary>How long a request takes to arrive, and as long its answer.</summary>
    public Func<TimeSpan> Latency { get; set; } = () => TimeSpan.Zero;

    /// <summary>Run before a write is carried out.</summary>
    public Action? BeforeWrite { get; set; }

    public int Reads { get; private set; }

    public Task<Lease?> FindAsync(CancellationToken stop)
    {
        Reads++;
        return AskAsync(() => lease.Stored, isWrite: false, stop);
    }

    public Task<Lease> CreateAsync(LeaseSpec spec, CancellationToken stop) => AskAsync(() => Written(() => lease.Create(spec)), isWrite: true, stop);

    public Task<Lease> ReplaceAsync(Lease read, LeaseSpec spec, CancellationToken stop) =>
        AskAsync(() => Written(() => lease.Replace(read, spec)), isWrite: true, stop);

    private Lease Written(Func<Lease> write)
    {
        BeforeWrite?.Invoke();
        return write();
    }

    private async Task<T> AskAsync<T>(Func<T> request, bool isWrite, CancellationToken stop)
    {
        // A request on its way arrives even if nobody waits for its answer any more.
        await Delay(CancellationToken.None);
        if (IsCut)
            throw new HttpRequestException("connection refused");
        if (Hangs)
        {
            Hanging++;
            await Task.Delay(Timeout.InfiniteTimeSpan, time, stop);
        }

        var answer = request();
        if (LosesAnswers && isWrite)
            throw new IOException("the connection ended before the answer");
        await Delay(stop);
        return answer;
    }

    private Task Delay(CancellationToken stop) => Latency() is var delay && delay > TimeSpan.Zero ? Task.Delay(delay, time, stop) : Task.CompletedTask;
}

/// <summary>The same monotonic time, with a wall clock that someone has set wrong.</summary>
internal sealed class WrongWallClock(TimeProvider right) : TimeProvider
{
    public TimeSpan WrongBy { get; set; }

    public override long TimestampFrequency => right.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => right.GetUtcNow() + WrongBy;

    public override long GetTimestamp() => right.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        right.CreateTimer(callback, state, dueTime, period);
}
