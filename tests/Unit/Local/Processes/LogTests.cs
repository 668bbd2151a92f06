using System.Globalization;
using System.Text;
using Fleet.Local.ApiServer;
using Fleet.Local.Processes;
using Fleet.Testing;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Fleet.Unit.Local.Processes;

public sealed class LogTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fleet-log-").FullName;
    private readonly FakeTimeProvider _time = new(DateTimeOffset.Parse("2030-01-01T00:00:00Z", CultureInfo.InvariantCulture));

    [Fact]
    public async Task Lines_are_kept_with_their_times()
    {
        using var log = Log();
        await log.CopyAsync(new MemoryStream("one\ntwo\n\nno end"u8.ToArray()));
        Assert.Equal("one\ntwo\n\nno end\n", await ReadAsync(log, new()));
        Assert.StartsWith("2030-01-01T00:00:00.0000000Z one\n", await ReadAsync(log, new(Timestamps: true)), StringComparison.Ordinal);
        Assert.Equal("\nno end\n", await ReadAsync(log, new(TailLines: 2)));
        Assert.Equal("", await ReadAsync(log, new(TailLines: 0)));
        Assert.Equal("one\nt", await ReadAsync(log, new(LimitBytes: 5)));
        _time.Advance(TimeSpan.FromSeconds(30));
        log.Append("late"u8);
        Assert.Equal("late\n", await ReadAsync(log, new(SinceSeconds: 10)));
    }

    [Fact]
    public async Task A_line_without_end_is_cut_and_loses_nothing()
    {
        using var log = Log();
        await log.CopyAsync(new MemoryStream(Encoding.ASCII.GetBytes(new string('x', 200_000))));
        Assert.Equal(200_000, (await ReadAsync(log, new())).Count(c => c == 'x'));
    }

    [Fact]
    public async Task A_log_that_grows_keeps_its_last_two_parts()
    {
        using var log = Log(bound: 1000);
        for (var i = 0; i < 200; i++)
            log.Append(Encoding.ASCII.GetBytes($"line {i}"));
        var text = await ReadAsync(log, new());
        Assert.EndsWith("line 198\nline 199\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("line 100\n", text, StringComparison.Ordinal);
        Assert.InRange(Directory.EnumerateFiles(_folder).Sum(f => new FileInfo(f).Length), 1000, 2000);
        Assert.Equal("line 199\n", await ReadAsync(log, new(TailLines: 1)));
    }

    [Fact]
    public async Task Who_follows_sees_every_line_once_over_rotations_until_the_end()
    {
        using var log = Log(bound: 1000);
        log.Append("line 0"u8);
        await using var stream = new LogReader(log.Path, log, new(Follow: true), _time.GetUtcNow()).Open(CancellationToken.None);
        using var reader = new StreamReader(stream);
        for (var i = 1; i < 200; i++)
        {
            Assert.Equal($"line {i - 1}", await reader.ReadLineAsync().WaitAsync(Eventually.Patience));
            log.Append(Encoding.ASCII.GetBytes($"line {i}"));
        }

        log.Dispose();
        Assert.Equal("line 199\n", await reader.ReadToEndAsync().WaitAsync(Eventually.Patience));
    }

    [Fact]
    public async Task Of_what_is_written_at_once_around_a_rotation_nothing_is_lost_and_nothing_comes_twice()
    {
        const int Burst = 10;
        using var log = Log(bound: 1000);
        await using var stream = new LogReader(log.Path, log, new(Follow: true), _time.GetUtcNow()).Open(CancellationToken.None);
        using var reader = new StreamReader(stream);
        for (var i = 0; i < 3000; i += Burst)
        {
            for (var j = i; j < i + Burst; j++)
                log.Append(Encoding.ASCII.GetBytes($"line {j}"));
            for (var j = i; j < i + Burst; j++)
                Assert.Equal($"line {j}", await reader.ReadLineAsync().WaitAsync(Eventually.Patience));
        }
    }

    [Fact]
    public async Task Who_stops_following_gets_an_end()
    {
        using var log = Log();
        using var stop = new CancellationTokenSource();
        await using var stream = new LogReader(log.Path, log, new(Follow: true), _time.GetUtcNow()).Open(stop.Token);
        await stop.CancelAsync();
        Assert.Equal(0, await stream.ReadAsync(new byte[1]).AsTask().WaitAsync(Eventually.Patience));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private LogFile Log(long bound = 10 << 20) => new(Path.Combine(_folder, "0.log"), _time, bound);

    private async Task<string> ReadAsync(LogFile log, LogQuery query)
    {
        using var reader = new StreamReader(new LogReader(log.Path, log, query, _time.GetUtcNow()).Open(CancellationToken.None));
        return await reader.ReadToEndAsync().WaitAsync(Eventually.Patience);
    }
}
