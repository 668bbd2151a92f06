using Fleet.Apps;
using Fleet.Testing;
using Xunit;

namespace Fleet.Unit.Status;

/// <summary>What becomes an Event: a change of state, once per cause.</summary>
public class TransitionsTests
{
    [Fact]
    public void A_first_start_tells_of_every_service_and_of_the_app_once()
    {
        var fleet = new SimulatedFleet(Given.Shop());
        List<string> told = [];
        Pass();
        Assert.Empty(told);
        fleet.Cluster.Ready();
        Pass(); // opens the gate of orders, which is applied in the same pass
        fleet.Cluster.Ready();
        Pass();
        Pass();
        Assert.Equal(["Normal Active: auth is Active", "Normal Active: users is Active", "Normal Active: gateway is Active", "Normal Active: orders is Active", "Normal Ready: every service is Active"], told);

        void Pass()
        {
            fleet.Pass();
            told.AddRange(fleet.Told.Select(Said));
        }
    }

    [Fact]
    public void A_failure_is_told_once_per_cause_and_so_is_its_end()
    {
        var fleet = new SimulatedFleet(Given.Shop());
        fleet.Settle();
        Expect(() => fleet.Cluster.RollsOut("users", FakeCluster.Waits("ErrImagePull")), "Warning ImagePullFailed: users: image ");
        Expect(() => fleet.Cluster.RollsOut("users", FakeCluster.Waits("ImagePullBackOff")));
        Expect(() => fleet.Cluster.RollsOut("users", FakeCluster.Waits("CrashLoopBackOff", restarts: 1, ended: new() { ExitCode = 1 })), "Warning CrashLooping: users: it ends with");
        Expect(() => fleet.Cluster.IsOverdue("users"), "Warning CrashLooping: users: it ends with"); // from Degraded to Stalled
        Expect(() => fleet.Cluster.Ready("users"), "Normal Active: users is Active", "Normal Ready: every service is Active");

        void Expect(Action happens, params string[] told)
        {
            happens();
            fleet.Pass();
            Assert.Equal(told.Length, fleet.Told.Count);
            Assert.All(told.Zip(fleet.Told), t => Assert.StartsWith(t.First, Said(t.Second), StringComparison.Ordinal));
        }
    }

    [Fact]
    public void What_an_app_as_a_whole_suffers_is_told_once()
    {
        var fleet = new SimulatedFleet(Given.Shop()).Refuse("Service/shop-auth", new(Reasons.Forbidden, "no"));
        fleet.Pass();
        Assert.Equal(["Warning Forbidden: auth: no"], fleet.Told.Select(Said));
        fleet.Settle();
        Assert.Empty(fleet.Told);
        fleet.App = fleet.App.With("services: [{ name: web, protocol: HTTP, port: 80 }]");
        fleet.Pass();
        Assert.StartsWith("Warning InvalidSpec: spec.services[0].image", Assert.Single(fleet.Told.Select(Said)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_service_that_is_switched_off_is_told()
    {
        var fleet = new SimulatedFleet(Given.Shop());
        fleet.Settle();
        fleet.App = fleet.App.With(s => s with { Services = [.. s.Services.Select(x => x.Name == "users" ? x with { State = ServiceActivity.Inactive } : x)] });
        fleet.Pass();
        Assert.Contains("Normal Inactive: users is Inactive", fleet.Told.Select(Said));
    }

    private static string Said(Happening h) => $"{(h.Warning ? "Warning" : "Normal")} {h.Reason}: {h.Note}";
}
