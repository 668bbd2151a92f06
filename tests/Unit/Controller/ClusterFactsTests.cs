using Fleet.Controller;
using Fleet.Testing;
using Fleet.Unit.Kubernetes;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Fleet.Unit.Controller;

/// <summary>Until the server's version is known no app is worked on: it is asked for until it is.</summary>
public class ClusterFactsTests
{
    private const string Version = """{"major":"1","minor":"30","gitVersion":"v1.30.1"}""";

    [Theory]
    [InlineData("""{"major":"1","mi""")] // cut short, and ended as if it were whole
    [InlineData("null")]
    [InlineData("")]
    public async Task An_answer_that_cannot_be_read_is_asked_for_again(string answer)
    {
        var server = StubServer.Answering(StubServer.Json(answer), StubServer.Json(Version));
        var time = new FakeTimeProvider();
        using var stop = new CancellationTokenSource();
        var facts = new ClusterFacts(server.Client(), time, NullLogger.Instance);
        var asking = facts.RunAsync(stop.Token);
        await Eventually.True(() =>
        {
            time.Advance(TimeSpan.FromSeconds(10)); // no pause is longer
            return facts.Known.IsCompleted;
        });
        Assert.Equal("v1.30.1", facts.Version!.GitVersion);
        await stop.CancelAsync();
        await asking;
    }

    [Fact]
    public async Task It_ends_quietly_when_it_is_stopped_before_there_is_an_answer()
    {
        using var stop = new CancellationTokenSource();
        var server = new StubServer(_ =>
        {
            stop.Cancel();
            throw new OperationCanceledException(stop.Token);
        });
        await new ClusterFacts(server.Client(), TimeProvider.System, NullLogger.Instance).RunAsync(stop.Token);
    }
}
