using Fleet.Cli;
using Xunit;

namespace Fleet.Unit.Cli;

public class GoDurationTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("90s", 90)]
    [InlineData("250ms", 0.25)]
    [InlineData("1.5m", 90)]
    [InlineData("1h30m10s", 5410)]
    [InlineData("0s", 0)]
    [InlineData("2us", 0.000002)]
    [InlineData("100ns", 0.0000001)]
    public void Durations_are_read_as_Go_reads_them(string text, double seconds)
    {
        Assert.True(GoDuration.TryParse(text, out var duration));
        Assert.Equal(TimeSpan.FromSeconds(seconds), duration);
    }

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("s")]
    [InlineData("5 s")]
    [InlineData("-5s")]
    [InlineData("1..5s")]
    [InlineData("5d")]
    [InlineData("1m30")]
    [InlineData("1e3s")]
    [InlineData("1000h")]
    public void Anything_else_is_refused(string text) => Assert.False(GoDuration.TryParse(text, out _));
}
