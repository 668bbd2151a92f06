using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Testing;

namespace Fleet.Benchmarks.Micro;

/// <summary>The documented table after all of its pods run: an operator has nothing to do but to see that.</summary>
internal sealed class SettledShop
{
    /// <summary>Makes it.</summary>
    public SettledShop()
    {
        var cluster = new FakeCluster();
        // What depends on others is started after them, and the routes come last: a few passes.
        for (var pass = 0; pass < 10; pass++)
        {
            World = cluster.Observe(App);
            Plan = Planner.Plan(App, World, Given.Settings);
            foreach (var planned in PlanDiff.Between(Plan, World))
            {
                switch (planned)
                {
                    case ObjectAction.Create create:
                        cluster.Create(create.Desired.ToCreate);
                        break;
                    case ObjectAction.Apply apply:
                        cluster.Apply(apply.Desired.Object);
                        break;
                }
            }

            cluster.Ready();
        }

        if (PlanDiff.Between(Plan, World).FirstOrDefault(a => a is not ObjectAction.Keep) is { } left)
            throw new InvalidOperationException($"the shop does not settle: {left}");
    }

    /// <summary>The app.</summary>
    public MicroserviceApp App { get; } = Given.Shop();

    /// <summary>What there is.</summary>
    public Observed World { get; private set; } = Observed.Nothing;

    /// <summary>What is to be.</summary>
    public AppPlan Plan { get; private set; } = null!;

    /// <summary>One of its Deployments, as the server shows it.</summary>
    public KubeObject Deployment => World.Children.First(c => c.Resource == Resources.Deployments);
}
