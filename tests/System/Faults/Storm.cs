using System.Collections.Immutable;
using Fleet.Testing;

namespace Fleet.SystemTests.Faults;

/// <summary>Who runs while things go wrong.</summary>
internal enum StormKind
{
    /// <summary>One operator without a lease, killed and started again.</summary>
    Lone,

    /// <summary>One operator with a lease, whose clock jumps.</summary>
    Clock,

    /// <summary>Two operators: the one that leads is killed or frozen, or the lease is taken away from it.</summary>
    Pair,
}

/// <summary>One thing that happens.</summary>
internal enum Happening
{
    /// <summary>An app's spec is changed.</summary>
    Edit,

    /// <summary>A ConfigMap or Secret that an app refers to is changed.</summary>
    Config,

    /// <summary>Somebody changes an object of an app.</summary>
    Drift,

    /// <summary>Somebody deletes an object of an app.</summary>
    Loss,

    /// <summary>An app is deleted and made again at once, with another spec.</summary>
    Recreate,

    /// <summary>An app is deleted.</summary>
    Remove,

    /// <summary>SIGKILL; it is started again, as a kubelet would.</summary>
    Kill,

    /// <summary>The operator's clock jumps by up to a day, forth or back.</summary>
    Jump,

    /// <summary>Somebody else writes himself into the lease.</summary>
    TakeLease,

    /// <summary>The operator that leads stands still, as with a machine that is frozen, until another is at work; then it goes on where it was.</summary>
    Freeze,
}

/// <summary>What a seed stands for: which apps there are, what happens to them and how much goes wrong meanwhile.</summary>
/// <param name="Seed">Everything random follows from it.</param>
/// <param name="Kind">Who runs.</param>
/// <param name="FaultRate">As <see cref="FaultPlan"/> takes it.</param>
/// <param name="Apps">How many apps there are.</param>
/// <param name="Happenings">What happens, in order.</param>
internal sealed record Storm(int Seed, StormKind Kind, double FaultRate, int Apps, ImmutableArray<Happening> Happenings)
{
    // So often as they stand here.
    private static readonly ImmutableArray<Happening> Usual =
    [
        Happening.Edit, Happening.Edit, Happening.Edit, Happening.Edit, Happening.Drift, Happening.Drift, Happening.Drift, Happening.Drift,
        Happening.Loss, Happening.Loss, Happening.Config, Happening.Recreate, Happening.Remove,
    ];

    /// <summary>Reads a seed.</summary>
    public static Storm Of(int seed)
    {
        var dice = new Random(seed);
        var kind = (seed % 6) switch { 3 => StormKind.Clock, 4 or 5 => StormKind.Pair, _ => StormKind.Lone };
        var happenings = Enumerable.Range(0, dice.Next(8, 20)).Select(_ => Usual[dice.Next(Usual.Length)]).ToList();
        // A successor waits for the end of the lease, so a pair's storm is long with one disturbance.
        var (count, disturbances) = kind switch
        {
            StormKind.Lone => (dice.Next(4), (Happening[])[Happening.Kill]),
            StormKind.Clock => (dice.Next(2, 5), [Happening.Jump]),
            _ => (dice.Next(3) == 0 ? 2 : 1, [Happening.Kill, Happening.TakeLease, Happening.Freeze]),
        };
        for (var i = 0; i < count; i++)
            happenings.Insert(dice.Next(1, happenings.Count + 1), disturbances[dice.Next(disturbances.Length)]);
        return new(seed, kind, 0.05 + (0.25 * dice.NextDouble()), dice.Next(1, 3), [.. happenings]);
    }

    /// <summary>The dice for one part of it.</summary>
    public Random Dice(int part) => new(unchecked((Seed * 7919) + part));

    /// <inheritdoc/>
    public override string ToString() => $"seed {Seed}: {Kind}, {Apps} apps, {FaultRate:0%} faults; {string.Join(", ", Happenings)}";
}
