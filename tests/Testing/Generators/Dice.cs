namespace Fleet.Testing;

/// <summary>Choices that follow from one seed, so that a seed is all it takes to make a generated value again.</summary>
/// <param name="seed">What they follow from.</param>
internal sealed class Dice(int seed)
{
    private readonly Random _random = new(seed);

    /// <summary>True so often: 0 is never, 1 always.</summary>
    internal bool Chance(double share) => _random.NextDouble() < share;

    /// <summary>One of the numbers, both ends included.</summary>
    internal int Between(int least, int most) => (int)_random.NextInt64(least, (long)most + 1);

    /// <summary>One of the numbers, both ends included; the ends more often than the others, since that is where mistakes are.</summary>
    internal long Bounded(long least, long most) => Between(0, 5) switch
    {
        0 => least,
        1 => most,
        2 => Math.Min(most, least + 1),
        _ => most == long.MaxValue ? _random.NextInt64(least, most) : _random.NextInt64(least, most + 1),
    };

    /// <summary>One of them.</summary>
    internal T One<T>(params IReadOnlyList<T> of) => of[_random.Next(of.Count)];

    /// <summary>Some of them, in any order.</summary>
    internal T[] Some<T>(int count, IEnumerable<T> of) => [.. Shuffled(of).Take(count)];

    /// <summary>All of them, in any order.</summary>
    internal T[] Shuffled<T>(IEnumerable<T> of)
    {
        var all = of.ToArray();
        _random.Shuffle(all);
        return all;
    }
}
