using System.Text.Json.Nodes;
using Fleet.Local.Processes;
using Xunit;

namespace Fleet.Unit.Local.Processes;

public class PodStatusTests
{
    private static readonly DateTimeOffset Noon = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly ContainerSnapshot Created = new("main", "any:1");
    private static readonly ContainerLife.Ended Failure = new(3, "Error", null, Noon, Noon);
    private static readonly ContainerLife.Ended Success = new(0, "Completed", null, Noon, Noon);

    public static TheoryData<string, string, string, string> Phases => new()
    {
        { "Always", "", "waiting", "Pending" },
        { "Always", "", "running", "Running" },
        { "Always", "", "backoff", "Running" },
        { "Always", "", "failed", "Running" },
        { "Never", "", "failed", "Failed" },
        { "Never", "", "done", "Succeeded" },
        { "Never", "", "done failed", "Failed" },
        { "Never", "", "done running", "Running" },
        { "OnFailure", "", "done", "Succeeded" },
        { "OnFailure", "", "failed", "Running" },
        { "Always", "running", "waiting", "Pending" },
        { "Always", "done", "running", "Running" },
        { "Never", "failed", "waiting", "Failed" },
        { "Always", "failed", "waiting", "Pending" },
    };

    [Theory, MemberData(nameof(Phases))]
    public void The_phase_is_what_a_kubelet_says(string policy, string init, string main, string phase) =>
        Assert.Equal(phase, PodStatusBuilder.Phase(policy, Snapshots(init), Snapshots(main)));

    [Fact]
    public void A_condition_keeps_its_time_until_it_moves_and_those_of_others_stay()
    {
        var pod = ContainerTests.Pod("{}") with { Status = Json("""{ "conditions": [ { "type": "example.com/other", "status": "True" } ] }""") };
        var running = Created with { Life = new ContainerLife.Running(Noon), IsStarted = true };
        var first = Build(pod, null, running, Noon);
        Assert.Equal("False", Condition(first, "Ready")["status"]!.ToString());
        Assert.Equal("containers with unready status: [main]", Condition(first, "Ready")["message"]!.ToString());
        var second = Build(pod, first["conditions"]!.AsArray(), running with { IsReady = true }, Noon.AddMinutes(1));
        Assert.Equal("2030-01-01T12:01:00Z", Condition(second, "Ready")["lastTransitionTime"]!.ToString());
        Assert.Equal("2030-01-01T12:00:00Z", Condition(second, "Initialized")["lastTransitionTime"]!.ToString());
        Assert.NotNull(Condition(second, "example.com/other"));
        var third = Build(pod, second["conditions"]!.AsArray(), running with { IsReady = true }, Noon.AddMinutes(2));
        Assert.True(JsonNode.DeepEquals(second, third));
    }

    [Fact]
    public void A_restarted_container_shows_how_its_last_run_ended()
    {
        var status = Build(ContainerTests.Pod("{}"), null, Created with { Life = new ContainerLife.Running(Noon), Last = Failure, Restarts = 2, Id = "process://x" }, Noon);
        var container = status["containerStatuses"]![0]!;
        Assert.Equal(2, (int)container["restartCount"]!);
        Assert.Equal(3, (int)container["lastState"]!["terminated"]!["exitCode"]!);
        Assert.Equal("2030-01-01T12:00:00Z", (string)container["state"]!["running"]!["startedAt"]!);
    }

    [Fact]
    public void What_a_status_says_of_an_earlier_node_counts_as_a_lost_run()
    {
        var pod = ContainerTests.Pod("{}") with
        {
            Status = Json("""{ "containerStatuses": [ { "name": "main", "restartCount": 4, "containerID": "process://x", "state": { "running": { "startedAt": "2030-01-01T11:00:00Z" } } } ] }"""),
        };
        var snapshot = EarlierStatus.Of(pod, pod.Spec.Containers[0], isInit: false, Noon);
        Assert.Equal((4, "process://x", "ContainerStatusUnknown"), (snapshot.Restarts, snapshot.Id, snapshot.Last!.Reason));
        Assert.Null(EarlierStatus.Of(ContainerTests.Pod("{}"), pod.Spec.Containers[0], isInit: false, Noon).Last);
    }

    [Fact]
    public void A_line_of_proc_stat_is_read_whatever_the_program_is_called()
    {
        const string Stat = "4242 (a ) b (c) S 1 4242 4242 0 -1 4194304 100 0 0 0 150 50 20 30 20 0 12 0 1000 1000000 2048 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0";
        Assert.Equal((4242, new GroupUsage(2048 * 4096, TimeSpan.FromSeconds(2.5))), ProcessTable.Parse(Stat, 4096));
        Assert.Null(ProcessTable.Parse("", 4096));
    }

    private static JsonObject Build(LocalPod pod, JsonArray? before, ContainerSnapshot main, DateTimeOffset now) =>
        PodStatusBuilder.Build(pod, before, [], [main], ContainerTests.Facts(pod), Noon, now);

    private static JsonObject Condition(JsonObject status, string type) => (JsonObject)status["conditions"]!.AsArray().First(c => (string?)c!["type"] == type)!;

    private static System.Text.Json.JsonElement Json(string text) => System.Text.Json.JsonElement.Parse(text);

    private static List<ContainerSnapshot> Snapshots(string lives) => [.. lives.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(life => life switch
    {
        "running" => Created with { Life = new ContainerLife.Running(Noon) },
        "backoff" => Created with { Life = new ContainerLife.Waiting("CrashLoopBackOff"), Last = Failure },
        "failed" => Created with { Life = Failure },
        "done" => Created with { Life = Success },
        _ => Created,
    })];
}
