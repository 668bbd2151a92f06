using Fleet.Apps;
using Fleet.Testing;
using Xunit;

namespace Fleet.Unit.Apps.Generated;

/// <summary>What holds for every spec with mistakes in it: each is told, and where it is.</summary>
public class FlawedSpecsTests
{
    private const int Count = 7000;

    [Fact]
    public void Every_mistake_is_told_at_its_path() => Sample.Check(Count, Flawed.Of, Told, Less);

    [Fact]
    public void Every_rule_of_the_CRD_is_broken() =>
        Assert.All(Schemas.Within(Crd.Schema).SelectMany(s => s.Schema.Rules).Select(r => r.Message).Where(m => m != Says.AppName), m =>
            Assert.True(RuleFlaws.Messages.Any(f => m.Contains(f, StringComparison.Ordinal)), $"nothing is generated that breaks: {m}"));

    private static void Told(Flawed flawed)
    {
        var read = Judged.Fairly(flawed.Sample.Document, Given.Settings);
        Assert.All(flawed.Injected, i => Assert.True(read.Problems.Any(p => Tells(p, i)), $"{i} is not told, but\n{string.Join('\n', read.Problems)}"));
        if (read.App is { } app && AppRules.Check(EffectiveApp.Of(app, Given.Settings)) is { Count: > 0 } problems)
        {
            var plan = Planner.Plan(app, Observed.Nothing, Given.Settings);
            Assert.Equal(problems, plan.Problems);
            Assert.Empty(plan.Desired);
        }
    }

    private static bool Tells(Problem problem, Injected injected) => problem.Path == injected.Path && problem.Message.Contains(injected.Says, StringComparison.Ordinal);

    // In which nothing else became wrong.
    private static IEnumerable<Flawed> Less(Flawed flawed)
    {
        var problems = Problems(flawed);
        return flawed.Shrink().Where(f => Problems(f).IsSubsetOf(problems));
    }

    private static HashSet<Problem> Problems(Flawed flawed) => [.. AppDocument.Read(flawed.Sample.Document.DeepClone(), Given.Settings).Problems];
}
