using System.Collections.Immutable;
using Fleet.Apps;
using Fleet.Kubernetes;

namespace Fleet.Unit.Apps.Generated;

/// <summary>Worlds in which an app may find itself.</summary>
internal static class Worlds
{
    /// <summary>An old cluster without optional kinds; one where all that was planned is there; one where nothing that the app refers to is.</summary>
    internal static IEnumerable<Observed> Around(MicroserviceApp app, AppPlan plan)
    {
        var references = Planner.References(app, Fleet.Testing.Given.Settings);
        var old = Observed.Nothing with
        {
            Features = new(RemovesNested: false, GrpcProbes: false, EvictsUnready: false, SleepHook: false),
            Missing = OptionalKinds.All.ToImmutableDictionary(k => k, OptionalKinds.NotServed),
        };
        var complete = Observed.Nothing with
        {
            Children = [.. plan.Desired.Select(d => d.ToCreate)],
            Config = references.ToImmutableDictionary(r => r, _ => new ConfigContent { Keys = ImmutableSortedDictionary<string, string>.Empty.Add("key", "00") }),
        };
        return [old, complete, complete with { Config = references.ToImmutableDictionary(r => r, _ => ConfigContent.Missing) }];
    }
}
