using Fleet.Benchmarks.Report;
using Xunit;

namespace Fleet.Unit.Benchmarks;

/// <summary>What <c>./bench --check</c> fails for, and what it does not.</summary>
public sealed class HeldRatiosTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();
    private readonly StringWriter _report = new();
    private readonly List<string> _again = [];

    [Theory]
    [InlineData(1.0, true)]
    [InlineData(1.19, true)] // within the noise: twice what the runs differed by
    [InlineData(1.21, false)]
    [InlineData(0.2, true)] // better is no reason to fail
    public async Task A_ratio_may_be_worse_by_its_noise(double ratio, bool kept)
    {
        Recorded([Time(0.95)], [Time(1.0)], [Time(1.05)]);
        Assert.Equal(kept, await KeptAsync([Time(ratio)], [Time(ratio)], [Time(ratio)]));
    }

    [Theory]
    [InlineData(0.92, true)] // a tenth, however well the runs agreed
    [InlineData(0.9, false)]
    public async Task Where_more_is_better_less_is_worse(double ratio, bool kept)
    {
        Recorded([Rate(1.0)], [Rate(1.0)], [Rate(1.0)]);
        Assert.Equal(kept, await KeptAsync([Rate(ratio)], [Rate(ratio)], [Rate(ratio)]));
    }

    [Fact]
    public async Task What_is_worse_once_or_twice_only_was_kept_from_by_something_else()
    {
        Recorded([Time(1.0)]);
        Assert.True(await KeptAsync([Time(2.0)], [Time(2.0)], [Time(1.0)]));
        Assert.Equal(["gateway", "gateway"], _again);
    }

    [Fact]
    public async Task Only_the_families_of_what_is_worse_are_run_again()
    {
        Recorded([Time(1.0), Rate(1.0)]);
        Assert.False(await KeptAsync([Time(2.0), Rate(1.0)], [Time(2.0)], [Time(2.0)]));
        Assert.Equal(["gateway", "gateway"], _again);
        Assert.Contains("gateway: a group: time / nginx: 2.00 x, held to 1.00 x within 10 %, that is 1.10 x", _report.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_figure_that_is_missing_is_worse()
    {
        Recorded([Time(1.0), Time(1.0) with { What = "another" }]);
        Assert.False(await KeptAsync([Time(1.0)]));
        Assert.Contains("gateway: a group: another / nginx: was not measured", _report.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_family_of_which_nothing_is_held_fails()
    {
        Recorded([Time(1.0)]);
        Assert.False(await KeptAsync([Time(1.0), Rate(1.0)]));
        Assert.Contains("./bench services --quick --record 5", _report.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_count_is_held_to_its_target()
    {
        var writes = Time(1.0) with { What = "writes at rest", Unit = Units.Count, Ours = 3, Other = null, OtherName = null, Target = Target.AtMost(0) };
        Recorded([Time(1.0)]);
        Assert.False(await KeptAsync([Time(1.0), writes], [writes], [writes]));
        Assert.Contains("writes at rest: 3, and ≤ 0", _report.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Recording_one_family_leaves_the_others_as_they_are()
    {
        Recorded([Time(1.0), Rate(1.0)]);
        var before = File.ReadAllText(_file);
        new HeldRatios(_file).Record([[Rate(0.5)]], ["services"]);
        Assert.Equal(before.Replace("\"services: a group: rate / bare\": {\n    \"ratio\": 1", "\"services: a group: rate / bare\": {\n    \"ratio\": 0.5", StringComparison.Ordinal), File.ReadAllText(_file));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        File.Delete(_file);
        _report.Dispose();
    }

    private static Row Time(double ratio) =>
        new() { Family = "gateway", Group = "a group", What = "time", Unit = Units.Microseconds, Ours = 10 * ratio, Other = 10, OtherName = "nginx" };

    private static Row Rate(double ratio) =>
        new() { Family = "services", Group = "a group", What = "rate", Unit = Units.PerSecond, Ours = 10 * ratio, Other = 10, OtherName = "bare", MoreIsBetter = true };

    private void Recorded(params IReadOnlyList<Row>[] runs)
    {
        File.Delete(_file);
        new HeldRatios(_file).Record(runs, [.. runs[0].Select(r => r.Family)]);
    }

    // The first run, and what further ones would measure.
    private Task<bool> KeptAsync(IReadOnlyList<Row> first, params IReadOnlyList<Row>[] later)
    {
        var next = 0;
        return new HeldRatios(_file).AreKeptAsync(
            first,
            [.. first.Select(r => r.Family).Distinct()],
            families =>
            {
                _again.AddRange(families);
                return Task.FromResult(later[next++]);
            },
            _report);
    }
}
