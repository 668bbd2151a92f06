using Fleet.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Fleet.SystemTests.Local;

/// <summary>That nothing of a node survives it, and that the next one takes over.</summary>
public class NodeEndTests(ITestOutputHelper output) : NodeTest(output)
{
    // What the test's processes are found by, and nobody else's, of another run on the same machine for instance; a digit more tells them apart.
    private readonly string _sleep = $"sleep {Random.Shared.Next(10_000_000, 100_000_000)}";

    [Fact]
    public async Task A_node_that_is_killed_leaves_no_process_and_the_next_takes_its_pods_over()
    {
        var host = await StartHostAsync();
        try
        {
            // One with a child, one that ignores the signal, and one that leaves its group and session.
            await CreatePodAsync("parent", $$"""command: [sh, -c, "{{_sleep}}1 & wait"]""");
            await CreatePodAsync("stubborn", $$"""command: [sh, -c, "trap '' TERM HUP INT; while :; do {{_sleep}}2; done"]""");
            await CreatePodAsync("runaway", $$"""command: [sh, -c, "setsid {{_sleep}}3 & {{_sleep}}4"]""");
            foreach (var pod in new[] { "parent", "stubborn", "runaway" })
                await ReadyPodAsync(pod);
            await Eventually.True(() => ProcessesWith(_sleep).Count >= 4);

            await host.KillAsync();
            await Eventually.True(() => ProcessesWith(_sleep).Count == 0, seen: () => string.Join(' ', ProcessesWith(_sleep)));
        }
        finally
        {
            await host.DisposeAsync();
        }

        // Without anybody at the node one pod is deleted for good, and one waits to be let go.
        await Kubectl.RunAsync("delete pod/parent --grace-period=0 --force --wait=false");
        await Kubectl.RunAsync("delete pod/stubborn --wait=false");
        await StartNodeAsync();
        var taken = await PodAsync("runaway", p => Restarts(p) == 1 && IsReady(p));
        Assert.Equal("ContainerStatusUnknown", (string)StatusOf(taken)!["lastState"]!["terminated"]!["reason"]!);
        await GoneAsync("stubborn");
        // A pod's folder goes after the server has forgotten it.
        await Eventually.True(() => Directory.EnumerateDirectories(Path.Combine(StateFolder, "pods")).Count() == 1);
    }

    [Fact]
    public async Task What_outlives_node_and_guard_is_ended_by_the_next_node()
    {
        var host = await StartHostAsync();
        try
        {
            await CreatePodAsync("orphan", $$"""command: [sh, -c, "setsid {{_sleep}}1 & exec {{_sleep}}2"]""", "restartPolicy: Never, ");
            await ReadyPodAsync("orphan");
            await Eventually.True(() => ProcessesWith(_sleep).Count == 2);
            var guard = Assert.Single(ProcessesWith($"fleet-guard FLEET_LOCAL_OWNER={StateFolder}"));
            await Command.RunAsync("/bin/sh", ["-c", $"kill -9 {guard} {host.Id}"]);
            await host.WaitForExitAsync();
        }
        finally
        {
            await host.DisposeAsync();
        }

        await Kubectl.RunAsync("delete pod/orphan --grace-period=0 --force --wait=false");
        await StartNodeAsync();
        await Eventually.True(() => ProcessesWith(_sleep).Count == 0);
    }

    [Fact]
    public async Task A_guard_that_is_killed_is_replaced()
    {
        await StartNodeAsync();
        await CreatePodAsync("sleeper", "command: [sleep, \"98710\"]");
        await ReadyPodAsync("sleeper");
        var guard = Assert.Single(ProcessesWith($"fleet-guard FLEET_LOCAL_OWNER={StateFolder}"));
        await Command.RunAsync("/bin/sh", ["-c", $"kill -9 {guard}"]);
        await Eventually.True(() => ProcessesWith($"fleet-guard FLEET_LOCAL_OWNER={StateFolder}") is [var next] && next != guard);
        Assert.Equal(0, Restarts(await Kubectl.GetJsonAsync("pod/sleeper")));
    }

    /// <summary>Starts a node in a process of its own; returns when the server has it.</summary>
    private async Task<ServerProcess> StartHostAsync()
    {
        var lines = new System.Collections.Concurrent.ConcurrentQueue<string>();
        var host = ServerProcess.Start(
            OperatorProcess.DotNet, [Workload, Cluster.AdminKubeconfig, NodeName, StateFolder, RepositoryRoot.Directory],
            new Dictionary<string, string?>(), lines.Enqueue);
        await Eventually.True(
            async () => (await Kubectl.GetJsonAsync("nodes"))["items"]!.AsArray().Any(n => (string?)n!["metadata"]!["name"] == NodeName),
            seen: () => string.Join('\n', lines));
        return host;
    }
}
