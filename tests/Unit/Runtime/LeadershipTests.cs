using System.Net;
using Fleet.Kubernetes;
using Fleet.Runtime;
using Xunit;

namespace Fleet.Unit.Runtime;

public sealed class LeadershipTests : IDisposable
{
    private readonly Simulation _sim = new();
    private readonly FakeLease _lease = new();
    private readonly ListLogger _log = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _tasks = [];
    private readonly List<Leadership> _candidates = [];

    public void Dispose()
    {
        _stop.Cancel();
        foreach (var candidate in _candidates)
            _tasks.Add(candidate.ReleaseAsync());
        _sim.Advance(TimeSpan.FromSeconds(20));
        _sim.End(Task.WhenAll(_tasks));
        _stop.Dispose();
        _sim.Dispose();
    }

    [Fact]
    public void A_free_lease_is_taken_at_once_and_says_whose_it_is()
    {
        var (a, acquired) = Candidate("a", new FakeLeaseStore(_lease, _sim.Time));
        Assert.True(_sim.Result(acquired));
        Assert.True(a.IsLeader);
        Assert.Equal(Held("a", Simulation.Start), _lease.Stored!.Spec);
    }

    [Fact]
    public void A_released_lease_is_taken_at_once()
    {
        _lease.Write(l => l with { Spec = new LeaseSpec { HolderIdentity = "", LeaseDurationSeconds = 1, LeaseTransitions = 4 } });
        var (a, _) = Candidate("a", new FakeLeaseStore(_lease, _sim.Time));
        Assert.True(a.IsLeader);
        Assert.Equal(5, _lease.Stored!.Spec.LeaseTransitions);
    }

    [Fact]
    public void It_is_renewed_every_two_seconds()
    {
        var (a, _) = Candidate("a", new FakeLeaseStore(_lease, _sim.Time));
        _sim.Advance(TimeSpan.FromMinutes(1));
        Assert.True(a.IsLeader);
        Assert.Equal(31, _lease.Writes);
        Assert.Equal(Simulation.Start + TimeSpan.FromMinutes(1), _lease.Stored!.Spec.RenewTime);
        Assert.Equal(Simulation.Start, _lease.Stored.Spec.AcquireTime);
    }

    [Theory]
    [InlineData(-1000)]
    [InlineData(0)]
    [InlineData(1000)]
    public void A_foreign_lease_is_waited_for_by_our_own_clock_whatever_its_times_say(int holdersClockIsWrongBySeconds)
    {
        _lease.Write(l => l with { Spec = Held("dead", Simulation.Start.AddSeconds(holdersClockIsWrongBySeconds)) });
        var (a, _) = Candidate("a", new FakeLeaseStore(_lease, _sim.Time));
        _sim.Advance(TimeSpan.FromSeconds(14.9));
        Assert.False(a.IsLeader);
        _sim.Advance(TimeSpan.FromSeconds(0.2));
        Assert.True(a.IsLeader);
        Assert.Equal(1, _lease.Stored!.Spec.LeaseTransitions);
        Assert.Single(_log.Lines, line => line.Contains("held by dead", StringComparison.Ordinal));
    }

    [Fact]
    public void A_lease_that_is_renewed_is_never_taken()
    {
        _lease.Write(l => l with { Spec = Held("b", Simulation.Start) });
        var (a, _) = Candidate("a", new FakeLeaseStore(_lease, _sim.Time));
        for (var i = 0; i < 20; i++)
        {
            _sim.Advance(TimeSpan.FromSeconds(14));
            _lease.Write(l => l with { Spec = l.Spec with { RenewTime = l.Spec.RenewTime!.Value.AddSeconds(1) } });
        }

        Assert.False(a.IsLeader);
        _sim.Advance(TimeSpan.FromSeconds(18));
        Assert.True(a.IsLeader);
    }

    [Fact]
    public void A_note_on_the_lease_is_no_renewal()
    {
        _lease.Write(l => l with { Spec = Held("dead", Simulation.Start) });
        var (a, _) = Candidate("a", new FakeLeaseStore(_lease, _sim.Time));
        for (var i = 0; i < 4; i++)
        {
            _sim.Advance(TimeSpan.FromSeconds(4));
            if (!a.IsLeader)
                _lease.Write(l => l with { Metadata = l.Metadata with { Annotations = new Dictionary<string, string> { ["seen"] = $"{i}" } } });
        }

        Assert.True(a.IsLeader);
    }

    [Fact]
    public void A_longer_promise_of_the_holder_is_kept()
    {
        _lease.Write(l => l with { Spec = Held("b", Simulation.Start) with { LeaseDurationSeconds = 60 } });
        var (a, _) = Candidate("a", new FakeLeaseStore(_lease, _sim.Time));
        _sim.Advance(TimeSpan.FromSeconds(59));
        Assert.False(a.IsLeader);
        _sim.Advance(TimeSpan.FromSeconds(2));
        Assert.True(a.IsLeader);
    }

    [Fact]
    public void A_holder_of_our_own_name_is_another_process()
    {
        _lease.Write(l => l with { Spec = Held("a", Simulation.Start) });
        var (a, _) = Candidate("a", new FakeLeaseStore(_lease, _sim.Time));
        _sim.Advance(TimeSpan.FromSeconds(10));
        Assert.False(a.IsLeader);
    }

    [Fact]
    public void Errors_while_renewing_do_not_end_it_before_the_deadline()
    {
        var store = new FakeLeaseStore(_lease, _sim.Time);
        var (a, _) = Candidate("a", store);
        store.IsCut = true;
        _sim.Advance(TimeSpan.FromSeconds(8.9));
        Assert.True(a.IsLeader);
        Assert.False(a.Lost.IsCancellationRequested);
        store.IsCut = false;
        _sim.Advance(TimeSpan.FromSeconds(60));
        Assert.True(a.IsLeader);
        Assert.Single(_log.Lines, line => line.Contains("connection refused", StringComparison.Ordinal)); // said once, not at each try
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_cannot_be_renewed_is_lost_at_the_deadline(bool hangs)
    {
        var store = new FakeLeaseStore(_lease, _sim.Time);
        var (a, _) = Candidate("a", store);
        _sim.Advance(TimeSpan.FromSeconds(3)); // the last renewal was at 2 s
        (store.IsCut, store.Hangs) = (!hangs, hangs);
        _sim.Advance(TimeSpan.FromSeconds(8.9));
        Assert.True(a.IsLeader);
        _sim.Advance(TimeSpan.FromSeconds(0.1));
        Assert.False(a.IsLeader);
        Assert.True(a.Lost.IsCancellationRequested);
    }

    [Fact]
    public void A_try_that_hangs_leaves_time_for_another()
    {
        var store = new FakeLeaseStore(_lease, _sim.Time);
        var (a, _) = Candidate("a", store);
        store.Hangs = true;
        _sim.Advance(TimeSpan.FromSeconds(6));
        store.Hangs = false;
        _sim.Advance(TimeSpan.FromSeconds(60));
        Assert.True(a.IsLeader);
    }

    [Fact]
    public void A_conflict_is_looked_at_again_and_our_own_lease_stays_ours()
    {
        var store = new FakeLeaseStore(_lease, _sim.Time);
        var (a, _) = Candidate("a", store);
        _lease.Write(l => l with { Metadata = l.Metadata with { Annotations = new Dictionary<string, string> { ["seen"] = "yes" } } });
        _sim.Advance(TimeSpan.FromSeconds(2));
        Assert.True(a.IsLeader);
        Assert.Equal(Simulation.Start.AddSeconds(2), _lease.Stored!.Spec.RenewTime);
        Assert.Equal("yes", _lease.Stored.Metadata.Annotation("seen"));
    }

    [Fact]
    public void A_lease_that_someone_else_took_is_lost_at_once()
    {
        var (a, _) = Candidate("a", new FakeLeaseStore(_lease, _sim.Time));
        _lease.Write(l => l with { Spec = Held("b", Simulation.Start) });
        _sim.Advance(TimeSpan.FromSeconds(2));
        Assert.False(a.IsLeader);
        Assert.True(a.Lost.IsCancellationRequested);
        Assert.Equal("b", _lease.Holder);
    }

    [Fact]
    public void A_twin_of_our_name_is_someone_else()
    {
        var (a, _) = Candidate("a", new FakeLeaseStore(_lease, _sim.Time));
        _lease.Write(l => l with { Spec = Held("a", Simulation.Start.AddSeconds(1)) });
        _sim.Advance(TimeSpan.FromSeconds(2));
        Assert.True(a.Lost.IsCancellationRequested);
    }

    [Fact]
    public void A_deleted_lease_is_made_again()
    {
        var (a, _) = Candidate("a", new FakeLeaseStore(_lease, _sim.Time));
        _lease.Delete();
        _sim.Advance(TimeSpan.FromSeconds(2));
        Assert.True(a.IsLeader);
        Assert.Equal("a", _lease.Holder);
    }

    [Fact]
    public void Writes_whose_answers_are_lost_are_known_again()
    {
        var store = new FakeLeaseStore(_lease, _sim.Time) { LosesAnswers = true };
        var (a, _) = Candidate("a", store);
        Assert.Equal("a", _lease.Holder);
        Assert.False(a.IsLeader);
        store.LosesAnswers = false;
        _sim.Advance(TimeSpan.FromSeconds(2));
        Assert.True(a.IsLeader);
        Assert.Equal(0, _lease.Stored!.Spec.LeaseTransitions);

        store.LosesAnswers = true;
        _sim.Advance(TimeSpan.FromSeconds(7));
        store.LosesAnswers = false;
        _sim.Advance(TimeSpan.FromSeconds(30));
        Assert.True(a.IsLeader);
    }

    [Fact]
    public void Of_two_that_see_it_free_one_is_refused()
    {
        var (first, second) = (new FakeLeaseStore(_lease, _sim.Time), new FakeLeaseStore(_lease, _sim.Time));
        first.Latency = second.Latency = () => TimeSpan.FromMilliseconds(100);
        var (a, _) = Candidate("a", first);
        var (b, _) = Candidate("b", second);
        _sim.Advance(TimeSpan.FromSeconds(5));
        Assert.True(a.IsLeader ^ b.IsLeader);
    }

    [Fact]
    public void A_refusal_is_waited_out_and_said_once()
    {
        var store = new FakeLeaseStore(_lease, _sim.Time)
        {
            BeforeWrite = () => throw new ApiException(HttpStatusCode.Forbidden, new ApiStatus { Reason = "Forbidden", Message = "leases is forbidden" }),
        };
        var (a, _) = Candidate("a", store);
        _sim.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal(11, store.Reads);
        Assert.Single(_log.Lines, line => line.Contains("leases is forbidden", StringComparison.Ordinal));
        store.BeforeWrite = null;
        _sim.Advance(TimeSpan.FromSeconds(2));
        Assert.True(a.IsLeader);
    }

    [Fact]
    public void Released_it_is_free_for_the_next_and_not_lost()
    {
        var (a, _) = Candidate("a", new FakeLeaseStore(_lease, _sim.Time));
        _sim.End(a.ReleaseAsync());
        Assert.Equal("", _lease.Holder);
        Assert.False(a.IsLeader);
        Assert.False(a.Lost.IsCancellationRequested);
        var (b, _) = Candidate("b", new FakeLeaseStore(_lease, _sim.Time));
        Assert.True(b.IsLeader);
        _sim.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal("b", _lease.Holder);
    }

    [Fact]
    public void A_release_that_cannot_be_told_is_given_up_in_time()
    {
        var store = new FakeLeaseStore(_lease, _sim.Time);
        var (a, _) = Candidate("a", store);
        store.Hangs = true;
        var released = a.ReleaseAsync();
        _sim.Until(() => store.Hanging == 1);
        _sim.Advance(TimeSpan.FromSeconds(5));
        _sim.End(released);
        Assert.Contains(_log.Lines, line => line.Contains("not released", StringComparison.Ordinal));
    }

    [Fact]
    public void A_release_does_not_touch_what_is_someone_elses()
    {
        var (a, _) = Candidate("a", new FakeLeaseStore(_lease, _sim.Time));
        _lease.Write(l => l with { Spec = Held("b", Simulation.Start) });
        _sim.End(a.ReleaseAsync());
        Assert.Equal("b", _lease.Holder);
    }

    [Fact]
    public void Stopped_before_it_is_ours_it_says_no()
    {
        _lease.Write(l => l with { Spec = Held("b", Simulation.Start) });
        var (_, acquired) = Candidate("a", new FakeLeaseStore(_lease, _sim.Time));
        _stop.Cancel();
        Assert.False(_sim.Result(acquired));
    }

    [Fact]
    public void Jumps_of_the_wall_clock_change_nothing()
    {
        var clock = new WrongWallClock(_sim.Time);
        var (a, _) = Candidate("a", new FakeLeaseStore(_lease, _sim.Time), clock);
        var (b, _) = Candidate("b", new FakeLeaseStore(_lease, _sim.Time));
        foreach (var jump in new[] { 3600, -7200, 1, -86400 })
        {
            clock.WrongBy = TimeSpan.FromSeconds(jump);
            _sim.Advance(TimeSpan.FromSeconds(20));
            Assert.True(a.IsLeader);
            Assert.False(b.IsLeader);
        }
    }

    /// <summary>
    /// Three candidates, each with a wall clock and a network that fail at random, for an hour: never do two lead, and once all is well one does.
    /// </summary>
    [Fact]
    public void Two_never_lead_at_once()
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        var stores = new List<FakeLeaseStore>();
        var clocks = new List<WrongWallClock>();
        var term = 0;
        var calm = false;
        for (var i = 0; i < 3; i++)
        {
            var store = new FakeLeaseStore(_lease, _sim.Time)
            {
                Latency = () => TimeSpan.FromMilliseconds(random.Next(!calm && random.Next(30) == 0 ? 20_000 : 200)),
            };
            stores.Add(store);
            clocks.Add(new WrongWallClock(_sim.Time));
            _tasks.Add(CandidateAgainAndAgainAsync($"candidate-{i}", store, clocks[i]));
        }

        _sim.Advance(TimeSpan.FromHours(1), 100, () =>
        {
            var leaders = _candidates.Count(c => c.IsLeader);
            Assert.True(leaders <= 1, $"seed {seed}: {leaders} lead at {_sim.Elapsed}");
            var victim = random.Next(3);
            switch (random.Next(300))
            {
                case 0:
                    stores[victim].IsCut = !stores[victim].IsCut;
                    break;
                case 1:
                    stores[victim].Hangs = !stores[victim].Hangs;
                    break;
                case 2:
                    stores[victim].LosesAnswers = !stores[victim].LosesAnswers;
                    break;
                case 3:
                    clocks[victim].WrongBy = TimeSpan.FromSeconds(random.Next(-10_000, 10_000));
                    break;
                case >= 4 and < 12:
                    (stores[victim].IsCut, stores[victim].Hangs, stores[victim].LosesAnswers) = (false, false, false);
                    break;
            }
        });
        Assert.True(term > 10, $"seed {seed}: {term} terms only");

        calm = true;
        foreach (var store in stores)
            (store.IsCut, store.Hangs, store.LosesAnswers) = (false, false, false);
        var led = 0;
        _sim.Advance(TimeSpan.FromMinutes(10), 100, () => led += _candidates.Count(c => c.IsLeader));
        Assert.True(led > 5_000, $"seed {seed}: in calm, someone leads in {led} of 6000 steps only");

        async Task CandidateAgainAndAgainAsync(string name, FakeLeaseStore store, TimeProvider time)
        {
            for (var run = 0; !_stop.IsCancellationRequested; run++)
            {
                var candidate = new Leadership(store, "fleet/fleet-operator", $"{name}-{run}", time, _log);
                _candidates.Add(candidate);
                if (!await candidate.AcquireAsync(_stop.Token))
                    break;
                term++;
                using var end = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token, candidate.Lost);
                try
                {
                    await Task.Delay(TimeSpan.FromSeconds(random.Next(300)), _sim.Time, end.Token); // now and then one is stopped in order
                }
                catch (OperationCanceledException)
                {
                    // It lost the lease.
                }

                await candidate.ReleaseAsync();
                _candidates.Remove(candidate);
            }
        }
    }

    private static LeaseSpec Held(string holder, DateTimeOffset renewed) =>
        new() { HolderIdentity = holder, LeaseDurationSeconds = 15, AcquireTime = renewed, RenewTime = renewed, LeaseTransitions = 0 };

    private (Leadership Candidate, Task<bool> Acquired) Candidate(string identity, FakeLeaseStore store, TimeProvider? time = null)
    {
        var candidate = new Leadership(store, "fleet/fleet-operator", identity, time ?? _sim.Time, _log);
        _candidates.Add(candidate);
        var acquired = candidate.AcquireAsync(_stop.Token);
        _tasks.Add(acquired);
        _sim.Settle();
        return (candidate, acquired);
    }
}
