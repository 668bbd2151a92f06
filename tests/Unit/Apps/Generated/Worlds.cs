using System.Collections.Immutable;
using Fleet.Apps;
using Fleet.Testing;

namespace Fleet.Unit.Apps.Generated;

/// <summary>Worlds in which an app may find itself.</summary>
internal static class Worlds
{
    /// <summary>
    /// One of them, by what is planned: an old cluster without optional kinds; one where all that was planned is there; one where nothing that the app refers to is.
    /// </summary>
    internal static Observed Around(MicroserviceApp app, AppPlan plan)
    {
        var references = Planner.References(app, Given.Settings);
        return (plan.Desired.Length % 3) switch
        {
            0 => Observed.Nothing with
            {
                Features = new(RemovesNested: false, GrpcProbes: false, EvictsUnready: false, SleepHook: false),
                Missing = OptionalKinds.All.ToImmutableDictionary(k => k, OptionalKinds.NotServed),
            },
            1 => Complete(plan) with { Config = references.ToImmutableDictionary(r => r, _ => new ConfigContent { Keys = ImmutableSortedDictionary<string, string>.Empty.Add("key", "00") }) },
            _ => Complete(plan) with { Config = references.ToImmutableDictionary(r => r, _ => ConfigContent.Missing) },
        };
    }

    private static Observed Complete(AppPlan plan) => Observed.Nothing with { Children = [.. plan.Desired.Select(d => d.ToCreate)] };
}
