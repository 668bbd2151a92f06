using System.Globalization;
using Fleet.Kubernetes;
using Fleet.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Fleet.SystemTests.Charts;

/// <summary>Two replicas, of which the leader dies again and again.</summary>
[Collection(Disturbing.Name)]
[Trait("Needs", "RealControlPlane")]
public class HighAvailabilityTests(ITestOutputHelper output) : InstalledTest(output)
{
    [Fact]
    public async Task The_leader_is_killed_twenty_times_while_fifty_apps_change()
    {
        const int Kills = 20;
        const int Count = 50;
        if (!Helm.IsThere)
            return;
        try
        {
            await HelmAsync("install", Chart.Operator);
            var replicas = new List<Replica>();
            foreach (var pod in await PodsAsync(2))
                replicas.Add(await RunAsync(pod));
            await Kubectl.RunAsync(["create", "--filename", "-"], Apps(Count), TimeSpan.FromMinutes(2));
            await AllReadyAsync(Count);
            var before = await UidsAsync();
            Assert.Equal(4 * Count, before.Count);
            var first = (await LeaderAsync(replicas)).Pod; // it may end before it writes the lease again
            var start = await Cluster.AuditLog.NowAsync();

            for (var round = 1; round <= Kills; round++)
            {
                var leader = await LeaderAsync(replicas);
                var change = Kubectl.RunAsync(
                    ["apply", "--filename", "-"], Apps(Count, replicas: 1 + (round % 2), round.ToString(CultureInfo.InvariantCulture)), TimeSpan.FromMinutes(2));
                // In the middle of its work: it has begun, and there is more to come.
                await Eventually.True(async () => await RoundsAsync() is var rounds && rounds.ContainsKey($"{round}") && (rounds.Count > 1 || change.IsCompleted));
                await leader.Process.KillAsync();
                await change;
                replicas.Remove(leader);
                await Kubectl.RunAsync($"delete pod/{leader.Pod} --wait=false");
                var pods = await PodsAsync(2);
                replicas.Add(await RunAsync(Assert.Single(pods, p => p != replicas[0].Pod)));
            }

            await LeaderAsync(replicas);
            await AllReadyAsync(Count);
            Assert.Equal(before, await UidsAsync());
            Assert.Equal(Count, (await RoundsAsync())[Kills.ToString(CultureInfo.InvariantCulture)]);
            OnlyTheHolderWrote((await Cluster.AuditLog.SinceAsync(start)).Where(IsOurs), first, Kills);
        }
        finally
        {
            await InstallCrdAsync();
        }
    }

    // The lease as the server saw it go from pod to pod, and the writes in between: each is its holder's.
    private void OnlyTheHolderWrote(IEnumerable<AuditEntry> requests, string first, int kills)
    {
        var (holder, writes, holders) = (first, 0, new HashSet<string> { first });
        foreach (var request in requests.Where(r => r.IsWrite).OrderBy(At))
        {
            Assert.NotNull(request.User.Pod);
            if (request is { ObjectRef.Resource: "leases", Code: 200 or 201 })
            {
                holder = request.User.Pod;
                holders.Add(holder);
            }
            else if (request.IsRealWrite)
            {
                writes++;
                Assert.True(request.User.Pod == holder, $"{request.User.Pod} wrote while {holder} held the lease: {request}");
            }
        }

        Output.WriteLine($"{writes} writes, {holders.Count} holders of the lease");
        Assert.True(holders.Count > kills, $"{holders.Count} holders");

        // A lease is taken when the server has written it; a write may change something from when the server has got it.
        static DateTimeOffset At(AuditEntry entry) => entry.ObjectRef?.Resource == "leases" ? entry.Completed : entry.Received;
    }

    // How many Deployments are of which round.
    private async Task<Dictionary<string, int>> RoundsAsync()
    {
        var rounds = new Dictionary<string, int>(StringComparer.Ordinal);
        await foreach (var page in Api.ListAsync(Kinds.MetadataOf(Resources.Deployments), new(Namespace, Fleet.Apps.Keys.App), CancellationToken.None))
        {
            foreach (var item in page.Items)
            {
                var round = item.Metadata.Annotation("example.com/round") ?? "";
                rounds[round] = rounds.GetValueOrDefault(round) + 1;
            }
        }

        return rounds;
    }
}
