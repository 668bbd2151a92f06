using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace Fleet.Testing;

/// <summary>
/// Which request goes wrong, and how. It follows from the seed and from what a request is, the how-manieth of its kind included, and not from when it comes: so
/// the same seed has the same faults, however requests that are under way at once overtake each other.
/// </summary>
/// <param name="seed">Of all decisions.</param>
/// <param name="rate">The share of reads that go wrong, from 0 to 0.4. Of writes, which are few, it is twice as much; of watches, which are one request for many events, up to three times.</param>
public sealed class FaultPlan(int seed, double rate)
{
    private readonly ConcurrentDictionary<string, int> _asked = new(StringComparer.Ordinal);

    /// <summary>Decides about the next request of its kind.</summary>
    /// <param name="request">Its method and path, without what another run has otherwise.</param>
    /// <returns>The dice for all that is random about it.</returns>
    public Random DiceFor(string request)
    {
        var number = _asked.AddOrUpdate(request, 1, (_, before) => before + 1);
        return new Random(BinaryPrimitives.ReadInt32LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes($"{seed} {number} {request}"))));
    }

    /// <summary>What happens to a request; null when nothing does.</summary>
    public Fault? For(ApiExchange exchange)
    {
        if (exchange.Dice.NextDouble() >= (exchange.IsWatch ? Math.Min(3 * rate, 0.75) : exchange.IsWrite ? 2 * rate : rate))
            return null;
        var suitable = Fault.All.Where(f => f.Suits(exchange)).ToList();
        return suitable[exchange.Dice.Next(suitable.Count)];
    }
}
