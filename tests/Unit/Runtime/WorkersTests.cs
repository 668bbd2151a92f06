using System.Net;
using Fleet.Kubernetes;
using Fleet.Runtime;
using Fleet.Testing;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Fleet.Unit.Runtime;

public sealed class WorkersTests : IDisposable
{
    private static readonly ObjectKey Shop = new("demo", "shop");

    private readonly FakeTimeProvider _time = new();
    private readonly WorkQueue _queue;
    private readonly ListLogger _log = new();
    private readonly OperatorMetrics _metrics = new();
    private readonly CancellationTokenSource _stop = new();

    public WorkersTests() => _queue = new WorkQueue(_time);

    public void Dispose()
    {
        _stop.Cancel();
        _queue.Dispose();
        _stop.Dispose();
    }

    [Fact]
    public async Task A_settled_key_is_left_alone()
    {
        var passes = 0;
        var running = Run((_, _) =>
        {
            passes++;
            return Task.FromResult(Outcome.Settled);
        });
        _queue.Add(Shop);
        await Eventually.True(() => Count("settled") == 1);
        Assert.Equal((1, 0, 0), (passes, _queue.Depth, _queue.Delayed));
        await StopAsync(running);
    }

    [Fact]
    public async Task A_key_that_wants_another_pass_gets_it_at_its_time()
    {
        var passes = 0;
        var running = Run((_, _) => Task.FromResult(passes++ == 0 ? Outcome.Again(TimeSpan.FromMinutes(1)) : Outcome.Settled));
        _queue.Add(Shop);
        await Eventually.True(() => _queue.Delayed == 1 && _queue.Processing == 0);
        _time.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal((1, 1), (_queue.Delayed, passes));
        _time.Advance(TimeSpan.FromSeconds(1));
        await Eventually.True(() => Count("settled") == 1);
        Assert.Equal(1, Count("again"));
        await StopAsync(running);
    }

    [Fact]
    public async Task A_key_that_was_given_up_is_not_retried_and_says_why()
    {
        var running = Run((_, _) => Task.FromResult(Outcome.GiveUp("the spec is refused")));
        _queue.Add(Shop);
        await Eventually.True(() => Count("giveup") == 1 && _queue.Processing == 0);
        Assert.Equal((0, 0), (_queue.Depth, _queue.Delayed));
        Assert.Equal(["Information: demo/shop: given up until something changes: the spec is refused"], _log.Lines);
        await StopAsync(running);
    }

    [Fact]
    public async Task What_is_thrown_is_retried_with_back_off_and_said_in_one_line()
    {
        var passes = 0;
        var running = Run((_, _) => passes++ < 3 ? throw new InvalidOperationException("oops") : Task.FromResult(Outcome.Settled));
        _queue.Add(Shop);
        for (var failures = 1; failures <= 3; failures++)
        {
            await Eventually.True(() => Count("error") == failures && _queue.Delayed == 1 && _queue.Processing == 0);
            _time.Advance(TimeSpan.FromMilliseconds(50 * Math.Pow(2, failures - 1)));
        }

        await Eventually.True(() => Count("settled") == 1);
        Assert.Equal(3, _log.Lines.Count);
        Assert.All(_log.Lines, line => Assert.Equal("Warning: demo/shop: the pass failed and is tried again: InvalidOperationException: oops", line));
        await StopAsync(running);
    }

    [Fact]
    public async Task A_servers_no_is_said_in_its_words_and_its_patience_kept()
    {
        var status = new ApiStatus { Reason = "ServiceUnavailable", Message = "etcd is away" };
        var refused = new ApiException(HttpStatusCode.ServiceUnavailable, status, TimeSpan.FromSeconds(5), "create services demo/shop-auth");
        var running = Run((_, _) => throw refused);
        _queue.Add(Shop);
        await Eventually.True(() => _queue.Delayed == 1 && _queue.Processing == 0);
        Assert.Equal(
            ["Warning: demo/shop: the pass failed and is tried again: create services demo/shop-auth: etcd is away (503 ServiceUnavailable)"], _log.Lines);
        _time.Advance(TimeSpan.FromSeconds(4.9));
        Assert.Equal(1, _queue.Delayed);
        await StopAsync(running);
    }

    [Fact]
    public async Task A_timeout_is_a_failure_and_a_stop_is_not()
    {
        var running = Run(async (key, stop) =>
        {
            if (key == Shop)
                throw new TaskCanceledException("the request timed out");
            await Task.Delay(Timeout.Infinite, stop);
            return Outcome.Settled;
        });
        _queue.Add(Shop);
        await Eventually.True(() => Count("error") == 1);
        _queue.Add(new ObjectKey("demo", "slow"));
        await Eventually.True(() => _queue.Processing == 1);
        await StopAsync(running);
        Assert.Equal((1, 0), (Count("error"), Count("settled")));
        Assert.Single(_log.Lines);
        Assert.Equal(0, _queue.Processing);
    }

    [Fact]
    public async Task Passes_under_way_are_waited_for()
    {
        var (began, end) = (new TaskCompletionSource(), new TaskCompletionSource());
        var ended = false;
        var running = Run(async (_, _) =>
        {
            began.SetResult();
            await end.Task; // one that may not be broken off
            ended = true;
            return Outcome.Settled;
        });
        _queue.Add(Shop);
        await began.Task;
        await _stop.CancelAsync();
        Assert.False(running.IsCompleted);
        end.SetResult();
        await running;
        Assert.True(ended);
    }

    [Fact]
    public async Task Several_keys_are_worked_on_at_once()
    {
        var (busy, gate) = (0, new TaskCompletionSource());
        var running = Run(
            async (_, _) =>
            {
                Interlocked.Increment(ref busy);
                await gate.Task;
                return Outcome.Settled;
            },
            count: 4);
        for (var i = 0; i < 10; i++)
            _queue.Add(new ObjectKey("demo", $"app-{i}"));
        await Eventually.True(() => Volatile.Read(ref busy) == 4);
        Assert.Equal((4, 6), (_queue.Processing, _queue.Depth));
        gate.SetResult();
        await Eventually.True(() => Count("settled") == 10);
        await StopAsync(running);
    }

    private Task Run(Func<ObjectKey, CancellationToken, Task<Outcome>> reconcile, int count = 2) =>
        new Workers(_queue, reconcile, count, _log, _metrics, _time).RunAsync(_stop.Token);

    private async Task StopAsync(Task running)
    {
        await _stop.CancelAsync();
        await running;
    }

    private int Count(string outcome) => MetricsText.Value(_metrics, $"fleet_reconcile_total{{outcome=\"{outcome}\"}}");
}
