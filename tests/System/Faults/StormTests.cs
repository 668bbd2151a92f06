using Fleet.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Fleet.SystemTests.Faults;

/// <summary>
/// Requests that go wrong, operators that are killed, clocks that jump and leases that are taken away, while apps change: whatever goes wrong, in the end everything is
/// as if nothing had, only one operator wrote at a time, and nobody else's object was touched.
/// </summary>
[Trait("Needs", "Time")]
public class StormTests(ITestOutputHelper output) : AppTest(output)
{
    private const int Usual = 6; // each kind of storm in one batch

    /// <inheritdoc/>
    protected override bool HasAccount => false;

    [Fact]
    public async Task Whatever_goes_wrong_it_ends_as_if_nothing_had()
    {
        if (!ControlPlane.IsEmbedded && !OperatorAccount.CanBeHad)
            return; // the proxy takes a user with a token
        await new Storms(Cluster, Api, Output).RunAsync(Storms.Seeds(Usual), nameof(Whatever_goes_wrong_it_ends_as_if_nothing_had));
    }
}

/// <summary>The same while the API server and its store are killed.</summary>
[Collection(Disturbing.Name)]
[Trait("Needs", "RealControlPlane")]
[Trait("Needs", "Time")]
public class ControlPlaneStormTests(ITestOutputHelper output) : AppTest(output)
{
    private const int Usual = 3;

    /// <inheritdoc/>
    protected override bool HasAccount => false;

    [Fact]
    public async Task Whatever_goes_wrong_while_the_control_plane_is_killed_it_ends_as_if_nothing_had()
    {
        if (!OperatorAccount.CanBeHad)
            return;
        // A batch shares its storm: what is killed is killed for all of them.
        foreach (var seeds in Storms.Seeds(Usual, share: 10).Chunk(2 * Environment.ProcessorCount))
        {
            var storms = new Storms(Cluster, Api, Output);
            await storms.RunAsync(seeds, nameof(Whatever_goes_wrong_while_the_control_plane_is_killed_it_ends_as_if_nothing_had), new(seeds.Length, () => DisturbAsync(new Random(seeds[0]))));
        }
    }

    private async Task DisturbAsync(Random dice)
    {
        for (var i = 0; i < 3; i++)
        {
            await Task.Delay(dice.Next(2000, 6000)); // at a random moment
            var part = dice.Next(2) == 0 ? ControlPlanePart.ApiServer : ControlPlanePart.Etcd;
            await Cluster.KillAsync(part);
            await Task.Delay(dice.Next(0, 3000)); // for a while nobody answers
            await Cluster.StartAsync(part);
        }
    }
}
