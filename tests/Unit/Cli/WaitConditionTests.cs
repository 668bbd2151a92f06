using Fleet.Apps;
using Fleet.Cli;
using Xunit;

namespace Fleet.Unit.Cli;

public class WaitConditionTests
{
    private static readonly WaitCondition Ready = WaitCondition.Ready;

    [Theory]
    [InlineData("Ready", "Ready=True")]
    [InlineData("condition=Ready", "Ready=True")]
    [InlineData("ready=FALSE", "Ready=False")]
    [InlineData("condition=routesprogrammed=unknown", "RoutesProgrammed=Unknown")]
    public void It_is_written_as_for_kubectl_or_shorter(string text, string meant)
    {
        Assert.Null(WaitCondition.Parse(text, out var condition));
        Assert.Equal(meant, condition.ToString());
    }

    [Theory]
    [InlineData("Redy", "\"Redy\" is no condition; there are Ready, Accepted")]
    [InlineData("Ready=yes", "\"yes\" is no status of a condition; there are True, False, Unknown")]
    [InlineData("", "\"\" is no condition")]
    public void A_mistake_names_what_there_is(string text, string problem) => Assert.StartsWith(problem, WaitCondition.Parse(text, out _), StringComparison.Ordinal);

    [Theory]
    [InlineData(7, 7, true)]
    [InlineData(7, 6, false)] // the condition is about the last spec
    [InlineData(6, 7, false)] // the status is
    [InlineData(6, 6, false)]
    public void Only_what_is_said_about_the_newest_generation_counts(long status, long condition, bool met) =>
        Assert.Equal(met, Ready.IsMet(App($$"""{ observedGeneration: {{status}}, conditions: [{ type: Ready, status: "True", observedGeneration: {{condition}}, reason: Ready, message: m }] }""")));

    [Fact]
    public void Another_status_is_not_met_and_tells_its_cause()
    {
        var app = App("""{ observedGeneration: 7, conditions: [{ type: Ready, status: "False", observedGeneration: 7, reason: CrashLooping, message: "auth: exit code 1" }] }""");
        Assert.False(Ready.IsMet(app));
        Assert.True((Ready with { Status = ConditionStatus.False }).IsMet(app));
        Assert.Equal("Ready is False: CrashLooping: auth: exit code 1", Ready.Describe(app));
    }

    [Fact]
    public void What_is_present_only_while_true_is_false_when_it_is_absent()
    {
        var app = App("{ observedGeneration: 7, conditions: [] }");
        Assert.True(new WaitCondition(Conditions.Stalled, ConditionStatus.False).IsMet(app));
        Assert.False(new WaitCondition(Conditions.Stalled, ConditionStatus.True).IsMet(app));
        Assert.False((Ready with { Status = ConditionStatus.False }).IsMet(app));
        Assert.False(new WaitCondition(Conditions.Stalled, ConditionStatus.False).IsMet(App("{ observedGeneration: 6, conditions: [] }")));
    }

    [Fact]
    public void An_app_that_no_operator_has_seen_is_nothing_yet()
    {
        var app = App("{}") with { Status = null };
        Assert.False(Ready.IsMet(app));
        Assert.StartsWith("no operator has looked at it yet", Ready.Describe(app), StringComparison.Ordinal);
    }

    private static MicroserviceApp App(string status) => Examples.WithStatus(status);
}
