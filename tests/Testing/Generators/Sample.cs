using System.Globalization;
using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Kubernetes;
using FsCheck;
using FsCheck.Fluent;

namespace Fleet.Testing;

/// <summary>A generated document. It follows from its seed, and shrinks to the least that fails in the same way.</summary>
/// <param name="Seed">What it was made from.</param>
/// <param name="Document">The document.</param>
public sealed record Sample(int Seed, JsonObject Document)
{
    /// <summary>The environment variable that holds a seed: then the one document of it is tried, in place of new ones.</summary>
    public const string SeedVariable = "FLEET_TEST_SEED";

    private static readonly int? Set = int.TryParse(Environment.GetEnvironmentVariable(SeedVariable), NumberStyles.None, CultureInfo.InvariantCulture, out var seed) ? seed : null;

    /// <summary>An app that is to be accepted.</summary>
    public static Sample Valid(int seed) => new(seed, ValidSpecs.Document(new(seed)));

    /// <summary>So many seeds, or the one that is set.</summary>
    /// <param name="count">How many.</param>
    public static IReadOnlyList<int> Seeds(int count) => Set is { } only ? [only] : [.. Enumerable.Repeat(0, count).Select(_ => Random.Shared.Next())];

    /// <summary>Asks something of many samples. A failure tells the seed, and the least sample that fails.</summary>
    /// <param name="count">How many samples.</param>
    /// <param name="make">Makes one of a seed.</param>
    /// <param name="ask">Throws when the answer is wrong.</param>
    /// <param name="shrink">What is less than a sample; nothing when left out.</param>
    public static void Check<T>(int count, Func<int, T> make, Action<T> ask, Func<T, IEnumerable<T>>? shrink = null)
    {
        var seeds = Set is { } only ? Gen.Constant(only) : Gen.Choose(0, int.MaxValue - 1);
        var samples = Arb.From(seeds.Select(make), sample => shrink?.Invoke(sample) ?? []);
        Prop.ForAll(samples, ask).Check(Config.QuickThrowOnFailure.WithMaxTest(Set is null ? count : 1).WithQuietOnSuccess(true));
    }

    /// <summary>The app, as an API server shows it.</summary>
    public MicroserviceApp App()
    {
        var shown = (JsonObject)Document.DeepClone();
        var metadata = shown["metadata"]!.AsObject();
        (metadata["namespace"], metadata["uid"], metadata["generation"]) = ("demo", "uid-of-it", 1);
        return Given.Read(shown);
    }

    /// <summary>What is less than it: without a field or an entry, anywhere.</summary>
    public IEnumerable<Sample> Shrink() => Shrinking.Less(Document).Select(less => this with { Document = (JsonObject)less });

    /// <inheritdoc/>
    public override string ToString() => $"{SeedVariable}={Seed}\n{Yaml.Write(Document)}";
}
