using System.Net;
using System.Net.Sockets;
using Fleet.Testing;
using Xunit;

namespace Fleet.Unit.Support;

public sealed class EventuallyTests
{
    [Fact]
    public async Task A_request_that_took_too_long_is_asked_again()
    {
        // It accepts, by the kernel, and never answers.
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var http = new HttpClient { Timeout = TimeSpan.FromMilliseconds(50) };
        var asked = 0;
        await Eventually.True(async () => ++asked == 3 || (await http.GetAsync(new Uri($"http://{listener.LocalEndpoint}/"))).IsSuccessStatusCode);
        Assert.Equal(3, asked);
    }

    [Fact]
    public async Task Who_is_told_to_stop_stops()
    {
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();
        await Assert.ThrowsAsync<TaskCanceledException>(() => Eventually.True(async () =>
        {
            await Task.Delay(Timeout.Infinite, stop.Token);
            return false;
        }));
    }

    [Fact]
    public async Task What_is_slow_once_is_done_again_and_what_is_slow_each_time_is_told()
    {
        var rounds = new List<int>();
        await Pace.WithinAsync(TimeSpan.FromSeconds(1), Round(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1)), "it");
        Assert.Equal([1, 2], rounds);

        rounds.Clear();
        var slow = await Assert.ThrowsAsync<TimeoutException>(() => Pace.WithinAsync(TimeSpan.FromSeconds(1), Round(TimeSpan.FromSeconds(2)), "it"));
        Assert.Equal([1, 2, 3, 4, 5, 6], rounds);
        Assert.StartsWith("it: not within 1 s in any of 6 rounds: 2.00 s, ", slow.Message, StringComparison.Ordinal);

        Func<int, Task<TimeSpan>> Round(params TimeSpan[] took) => round =>
        {
            rounds.Add(round);
            return Task.FromResult(took[Math.Min(round, took.Length) - 1]);
        };
    }
}
