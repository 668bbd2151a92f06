using Fleet.Runtime;
using Fleet.Testing;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Fleet.Unit.Runtime;

public sealed class WorkQueueTests : IDisposable
{
    private static readonly ObjectKey Shop = new("demo", "shop");
    private static readonly ObjectKey Blog = new("demo", "blog");

    private readonly FakeTimeProvider _time = new();
    private readonly WorkQueue _queue;

    public WorkQueueTests() => _queue = new WorkQueue(_time, new BackOff(TimeSpan.FromMilliseconds(50), TimeSpan.FromMinutes(5), seed: 1));

    public void Dispose() => _queue.Dispose();

    [Fact]
    public void A_key_added_twice_is_handed_out_once()
    {
        _queue.Add(Shop);
        _queue.Add(Blog);
        _queue.Add(Shop);
        Assert.Equal([Shop, Blog], TakeAll());
        Assert.Equal(0, _queue.Depth);
    }

    [Fact]
    public void A_key_that_changes_during_its_pass_waits_for_its_end()
    {
        _queue.Add(Shop);
        Assert.Equal([Shop], TakeAll());
        _queue.Add(Shop);
        Assert.Equal(1, _queue.Depth);
        Assert.Empty(TakeAll());
        _queue.Done(Shop);
        Assert.Equal([Shop], TakeAll());
        _queue.Done(Shop);
        Assert.Empty(TakeAll());
    }

    [Fact]
    public void A_delayed_key_comes_at_its_time()
    {
        _queue.AddAfter(Shop, TimeSpan.FromMinutes(5));
        _time.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromTicks(1));
        Assert.False(_queue.TryTake(out _));
        _time.Advance(TimeSpan.FromTicks(1));
        Assert.True(_queue.TryTake(out var key));
        Assert.Equal(Shop, key);
    }

    [Fact]
    public async Task A_delayed_key_wakes_a_waiting_worker()
    {
        var taken = _queue.TakeAsync(default);
        _queue.AddAfter(Shop, TimeSpan.FromMinutes(5));
        _queue.AddAfter(Blog, TimeSpan.FromSeconds(1));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(Blog, await taken);
        taken = _queue.TakeAsync(default);
        Assert.False(taken.IsCompleted);
        _time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(Shop, await taken);
    }

    [Fact]
    public void The_earlier_of_two_times_stays()
    {
        _queue.AddAfter(Shop, TimeSpan.FromSeconds(10));
        _queue.AddAfter(Shop, TimeSpan.FromSeconds(5));
        _queue.AddAfter(Shop, TimeSpan.FromSeconds(20));
        Assert.Equal(1, _queue.Delayed);
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal([Shop], TakeAll());
        _queue.Done(Shop);
        _time.Advance(TimeSpan.FromSeconds(60));
        Assert.Empty(TakeAll());
    }

    [Fact]
    public void A_change_makes_a_delayed_key_ready_and_nothing_is_kept_twice()
    {
        _queue.AddAfter(Shop, TimeSpan.FromSeconds(10));
        _queue.Add(Shop);
        _queue.AddAfter(Shop, TimeSpan.FromSeconds(3));
        Assert.Equal([Shop], TakeAll());
        _queue.Done(Shop);
        _time.Advance(TimeSpan.FromSeconds(60));
        Assert.Empty(TakeAll());
        Assert.Equal(0, _queue.Delayed);
    }

    [Fact]
    public void A_key_delayed_during_its_pass_waits_for_time_and_end()
    {
        _queue.Add(Shop);
        Assert.Equal([Shop], TakeAll());
        _queue.AddAfter(Shop, TimeSpan.FromSeconds(1));
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Empty(TakeAll());
        _queue.Done(Shop);
        Assert.Equal([Shop], TakeAll());
    }

    [Fact]
    public void Failures_in_a_row_wait_longer_up_to_five_minutes_and_are_forgotten()
    {
        var waits = Enumerable.Range(0, 20).Select(_ => WaitOfARetry()).ToList();
        for (var i = 0; i < waits.Count; i++)
        {
            var whole = Math.Min(0.050 * Math.Pow(2, i), 300);
            Assert.InRange(waits[i].TotalSeconds, (whole * 0.75) - 0.001, whole + 0.001);
        }

        _queue.Forget(Shop);
        Assert.InRange(WaitOfARetry().TotalSeconds, 0.037, 0.051);
    }

    [Fact]
    public void A_server_that_asks_for_patience_gets_it()
    {
        _queue.Retry(Shop, TimeSpan.FromSeconds(7));
        _time.Advance(TimeSpan.FromSeconds(6.9));
        Assert.Empty(TakeAll());
        _time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.Equal([Shop], TakeAll());
    }

    [Fact]
    public void The_oldest_age_is_that_of_the_first_in_line()
    {
        Assert.Null(_queue.OldestAge);
        _queue.Add(Shop);
        _time.Advance(TimeSpan.FromSeconds(3));
        _queue.Add(Blog);
        Assert.Equal(TimeSpan.FromSeconds(3), _queue.OldestAge);
        Assert.True(_queue.TryTake(out _));
        Assert.Equal(TimeSpan.Zero, _queue.OldestAge);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void No_delay_is_now(int seconds)
    {
        _queue.AddAfter(Shop, TimeSpan.FromSeconds(seconds));
        Assert.Equal([Shop], TakeAll());
    }

    [Fact]
    public void A_delay_without_end_is_cut_and_breaks_nothing()
    {
        _queue.AddAfter(Shop, TimeSpan.MaxValue);
        Assert.Empty(TakeAll());
        _time.Advance(TimeSpan.FromDays(30));
        Assert.Equal([Shop], TakeAll());
    }

    [Fact]
    public async Task A_stopped_take_takes_nothing()
    {
        using var stop = new CancellationTokenSource();
        var taken = _queue.TakeAsync(stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => taken);
        _queue.Add(Shop);
        Assert.Equal([Shop], TakeAll());
    }

    /// <summary>A hundred thousand random steps against a model that is nothing but the rules.</summary>
    [Fact]
    public void Random_steps_agree_with_the_model()
    {
        var seed = Random.Shared.Next();
        try
        {
            RunAgainstModel(seed, steps: 100_000);
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"seed {seed}", e);
        }
    }

    /// <summary>Real threads: no key is with two workers, and each change is seen by a pass that began after it.</summary>
    [Fact]
    public async Task Threads_never_share_a_key_and_lose_no_change()
    {
        const int Keys = 20, Adders = 4, Workers = 8, Changes = 20_000;
        using var queue = new WorkQueue(TimeProvider.System);
        var keys = Enumerable.Range(0, Keys).Select(i => new ObjectKey("demo", $"app-{i}")).ToArray();
        var (changed, seen, busy) = (new long[Keys], new long[Keys], new int[Keys]);
        var shared = 0;
        using var stop = new CancellationTokenSource();

        var workers = Enumerable.Range(0, Workers).Select(_ => Task.Run(async () =>
        {
            while (true)
            {
                var key = await queue.TakeAsync(stop.Token);
                var at = Array.IndexOf(keys, key);
                if (Interlocked.Increment(ref busy[at]) != 1)
                    Interlocked.Increment(ref shared);
                Volatile.Write(ref seen[at], Interlocked.Read(ref changed[at]));
                await Task.Yield();
                Interlocked.Decrement(ref busy[at]);
                queue.Done(key);
            }
        })).ToArray();
        await Task.WhenAll(Enumerable.Range(0, Adders).Select(adder => Task.Run(() =>
        {
            var random = new Random(adder);
            for (var i = 0; i < Changes; i++)
            {
                var at = random.Next(Keys);
                Interlocked.Increment(ref changed[at]);
                if (random.Next(10) == 0)
                    queue.AddAfter(keys[at], TimeSpan.FromMilliseconds(random.Next(5)));
                else
                    queue.Add(keys[at]);
            }
        })));

        await Eventually.True(() => queue.Depth + queue.Processing + queue.Delayed == 0);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(workers));
        Assert.Equal(0, shared);
        Assert.Equal(changed, seen);
    }

    private static void RunAgainstModel(int seed, int steps)
    {
        var random = new Random(seed);
        var time = new FakeTimeProvider();
        using var queue = new WorkQueue(time, new BackOff(TimeSpan.FromMilliseconds(50), TimeSpan.FromMinutes(5), seed));
        var twin = new BackOff(TimeSpan.FromMilliseconds(50), TimeSpan.FromMinutes(5), seed);
        var keys = Enumerable.Range(0, 8).Select(i => new ObjectKey("demo", $"app-{i}")).ToArray();
        var wanted = new HashSet<ObjectKey>();
        var busy = new HashSet<ObjectKey>();
        var due = new Dictionary<ObjectKey, DateTimeOffset>();
        var failures = new Dictionary<ObjectKey, int>();

        for (var step = 0; step < steps; step++)
        {
            var key = keys[random.Next(keys.Length)];
            switch (random.Next(8))
            {
                case 0:
                    queue.Add(key);
                    Want(key);
                    break;
                case 1:
                    var delay = TimeSpan.FromMilliseconds(random.Next(-1, 2000));
                    queue.AddAfter(key, delay);
                    WantAfter(key, delay);
                    break;
                case 2 or 3:
                    Come();
                    var taken = queue.TryTake(out var handed);
                    Assert.Equal(wanted.Except(busy).Any(), taken);
                    if (taken)
                    {
                        Assert.True(wanted.Remove(handed), $"{handed} was not wanted");
                        Assert.True(busy.Add(handed), $"{handed} is with two workers");
                    }

                    break;
                case 4 or 5:
                    queue.Done(key);
                    busy.Remove(key);
                    break;
                case 6:
                    queue.Retry(key);
                    WantAfter(key, twin.After(failures.GetValueOrDefault(key)));
                    failures[key] = failures.GetValueOrDefault(key) + 1;
                    break;
                default:
                    if (random.Next(3) == 0)
                    {
                        queue.Forget(key);
                        failures.Remove(key);
                    }

                    time.Advance(TimeSpan.FromMilliseconds(random.Next(300)));
                    break;
            }

            Come();
            Assert.Equal((wanted.Count, due.Count, busy.Count), (queue.Depth, queue.Delayed, queue.Processing));
        }

        void Want(ObjectKey key)
        {
            due.Remove(key);
            wanted.Add(key);
        }

        void WantAfter(ObjectKey key, TimeSpan delay)
        {
            if (delay <= TimeSpan.Zero)
                Want(key);
            else if (!wanted.Contains(key) && (!due.TryGetValue(key, out var at) || time.GetUtcNow() + delay < at))
                due[key] = time.GetUtcNow() + delay;
        }

        void Come()
        {
            foreach (var (key, _) in due.Where(d => d.Value <= time.GetUtcNow()).ToList())
                Want(key);
        }
    }

    private TimeSpan WaitOfARetry()
    {
        _queue.Retry(Shop);
        var waited = TimeSpan.Zero;
        while (!_queue.TryTake(out _))
        {
            _time.Advance(TimeSpan.FromMilliseconds(1));
            waited += TimeSpan.FromMilliseconds(1);
        }

        _queue.Done(Shop);
        return waited;
    }

    private List<ObjectKey> TakeAll()
    {
        var taken = new List<ObjectKey>();
        while (_queue.TryTake(out var key))
            taken.Add(key);
        return taken;
    }
}
