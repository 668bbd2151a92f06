using System.Globalization;
using System.Text.Json.Nodes;

namespace Fleet.Testing;

/// <summary>A mistake, and where it is to be told.</summary>
/// <param name="Path">The field: <c>spec.services[1].port</c>.</param>
/// <param name="Says">What the problem's message holds; a rule of the CRD in its words.</param>
public sealed record Injected(string Path, string Says)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Path}: ...{Says}...";
}

/// <summary>A document with mistakes in it.</summary>
/// <param name="Sample">The document.</param>
/// <param name="Injected">The mistakes.</param>
public sealed record Flawed(Sample Sample, IReadOnlyList<Injected> Injected)
{
    /// <summary>A valid app, into which some mistakes are put, each in a place of its own.</summary>
    /// <param name="seed">What it follows from.</param>
    public static Flawed Of(int seed)
    {
        var dice = new Dice(seed);
        var document = ValidSpecs.Document(dice);
        var spec = document["spec"]!.AsObject();
        // A spec that nobody can read is told by the schema alone, so it is one or the other.
        var legible = dice.Chance(0.75);
        List<Injected> injected = legible ? [.. RuleFlaws.Put(spec, dice, dice.Between(0, 5))] : [];
        if (legible && dice.Chance(0.1))
        {
            document["metadata"]!["name"] = dice.One("Shop", "shop\n", "", new string('s', 51));
            injected.Add(new("metadata.name", "metadata.name must be a DNS-1035 label"));
        }

        if (!legible || injected.Count == 0 || dice.Chance(0.5))
            injected.AddRange(SchemaFlaws.Put(spec, dice, dice.Between(1, 5), legible, injected));
        return new(new(seed, document), injected);
    }

    /// <summary>What is less than it, with its mistakes as they are and where they are.</summary>
    public IEnumerable<Flawed> Shrink() =>
        Sample.Shrink().Where(s => Injected.All(i => Part(i.Path, s) is { } part && JsonNode.DeepEquals(part, Part(i.Path, Sample)))).Select(s => this with { Sample = s });

    // The service, or the part of the spec, that a path is in.
    private static JsonNode? Part(string path, Sample sample)
    {
        var step = path.Split('.')[1].Split(['[', ']']);
        var part = sample.Document[path.Split('.')[0]]?[step[0]];
        return step is ["services", var index, ..] ? int.Parse(index, CultureInfo.InvariantCulture) is var i && part is JsonArray services && i < services.Count ? services[i] : null : part;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{string.Join('\n', Injected)}\n{Sample}";
}
