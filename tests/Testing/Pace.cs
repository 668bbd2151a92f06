using System.Globalization;

namespace Fleet.Testing;

/// <summary>Shows how fast something is, on a machine that may be busy with something else at any moment.</summary>
public static class Pace
{
    private const int Rounds = 6;

    /// <summary>
    /// Returns once a round was in time. A slow round says as much of the machine as of what is measured, so it is done again; what is slow by itself, because it waits
    /// for a timer for instance, is slow in every round.
    /// </summary>
    /// <param name="limit">How long it may take.</param>
    /// <param name="round">Does it once, given the number of the round from 1 on, and returns how long it took. What it asserts is asserted in every round.</param>
    /// <param name="what">What is measured, in words.</param>
    /// <exception cref="TimeoutException">No round was in time; the message has how long each took.</exception>
    public static async Task WithinAsync(TimeSpan limit, Func<int, Task<TimeSpan>> round, string what)
    {
        var took = new List<TimeSpan>();
        do
            took.Add(await round(took.Count + 1));
        while (took[^1] > limit && took.Count < Rounds);
        if (took[^1] > limit)
            throw new TimeoutException(string.Create(
                CultureInfo.InvariantCulture, $"{what}: not within {limit.TotalSeconds:0.#} s in any of {Rounds} rounds: {string.Join(", ", took.Select(t => $"{t.TotalSeconds:0.00} s"))}"));
    }
}
