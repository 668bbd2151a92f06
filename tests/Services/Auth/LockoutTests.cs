using Fleet.Auth;
using Xunit;

namespace Fleet.ServiceTests.Auth;

public class LockoutTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddYears(50);

    [Fact]
    public void Typing_errors_are_free()
    {
        var state = Fail(Lockout.Free - 1);
        Assert.Equal(TimeSpan.Zero, state.Remaining(Now));
    }

    [Fact]
    public void Each_further_failure_doubles_the_pause_up_to_a_bound()
    {
        var pauses = Enumerable.Range(Lockout.Free, 10).Select(n => Fail(n).Remaining(Now).TotalSeconds);
        Assert.Equal([5, 10, 20, 40, 80, 160, 320, 640, 900, 900], pauses);
        Assert.Equal(Lockout.Longest, Fail(2000).Remaining(Now));
    }

    [Fact]
    public void The_pause_ends()
    {
        var state = Fail(Lockout.Free);
        Assert.Equal(TimeSpan.FromSeconds(1), state.Remaining(Now + Lockout.First - TimeSpan.FromSeconds(1)));
        Assert.Equal(TimeSpan.Zero, state.Remaining(Now + Lockout.First));
    }

    [Fact]
    public void Old_failures_are_forgotten()
    {
        var state = Fail(20).Failed(Now + Lockout.Memory + TimeSpan.FromSeconds(1));
        Assert.Equal(1, state.Failures);
        Assert.Null(state.Until);
    }

    private static Lockout Fail(int times) => Enumerable.Range(0, times).Aggregate(Lockout.None, (state, _) => state.Failed(Now));
}
