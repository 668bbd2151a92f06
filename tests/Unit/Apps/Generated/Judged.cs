using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Testing;
using Xunit;

namespace Fleet.Unit.Apps.Generated;

/// <summary>What holds of every judgement about a document, and of every plan for an app, whatever it says.</summary>
internal static class Judged
{
    /// <summary>Reads a document: each problem is told once, in the same order every time, of a field that is there or could be, in words that JSON can hold.</summary>
    internal static AppDocument Fairly(JsonNode? document, OperatorSettings settings)
    {
        var read = AppDocument.Read(document, settings);
        Assert.True(read.App is not null || read.Problems.Count > 0, "it cannot be read and nothing is wrong with it");
        Assert.Equal(read.Problems.Distinct(), read.Problems);
        Assert.Equal(read.Problems, AppDocument.Read(document, settings).Problems);
        foreach (var problem in read.Problems)
        {
            CanBeSaid(problem.ToString());
            Assert.True(Exists(problem.Path, document), $"{problem}: there is no such field");
        }

        return read;
    }

    /// <summary>Plans an app, in a world that is empty and in one that is not.</summary>
    /// <param name="app">The app.</param>
    /// <param name="sound">Whether the schema has nothing against it: then what is planned is sound as well.</param>
    internal static void Plan(MicroserviceApp app, bool sound)
    {
        var effective = EffectiveApp.Of(app, Given.Settings);
        Assert.All(Warnings.Of(effective), w => CanBeSaid(w.ToString()));
        Planner.References(app, Given.Settings);
        var plan = Planner.Plan(app, Observed.Nothing, Given.Settings);
        Assert.Equal(plan.Problems.IsEmpty, plan.Effective is not null);
        Assert.True(plan.Problems.IsEmpty || plan.Desired.IsEmpty, "what is refused is planned");
        if (!sound || plan.Effective is null)
            return;
        PlannedObjects.AreWellFormed(plan);
        var world = Worlds.Around(app, plan);
        var again = Planner.Plan(app, world, Given.Settings);
        PlannedObjects.AreWellFormed(again);
        Assert.Equal(PlannedObjects.Bytes(again), PlannedObjects.Bytes(Planner.Plan(app, world, Given.Settings)));
    }

    /// <summary>Whether a text survives a status or a terminal.</summary>
    internal static void CanBeSaid(string text) =>
        Assert.Equal(text, JsonSerializer.Deserialize<string>(JsonSerializer.SerializeToUtf8Bytes(text, Said)));

    private static readonly JsonSerializerOptions Said = new() { Encoder = KubeJson.Encoder };

    private static bool Exists(string path, JsonNode? document) => path.Length == 0 || path.StartsWith("metadata", StringComparison.Ordinal) || Follows(path, Crd.Schema, document);

    // A step at a time, through the schema and the document at once. A field of the document may be called anything.
    private static bool Follows(string path, Schema? schema, JsonNode? node)
    {
        if (path.Length == 0)
            return true;
        if (path[0] == '[')
        {
            return node switch
            {
                JsonArray items => path.IndexOf(']') is > 0 and var end && int.TryParse(path[1..end], out var i) && i < items.Count && Follows(path[(end + 1)..], schema?.Items, items[i]),
                JsonObject map => map.Any(f => Shown(f.Key).Any(k => path.StartsWith($"[{k}]", StringComparison.Ordinal) && Follows(path[(k.Length + 2)..], schema?.AdditionalProperties, f.Value))),
                _ => false,
            };
        }

        var rest = path[0] == '.' ? path[1..] : path;
        // What a pod has to have, no schema of ours declares.
        if (schema is null or { PreservesUnknownFields: true } && node is JsonObject && rest.AsSpan().IndexOfAny('.', '[') < 0)
            return true;
        var names = (schema?.Properties.Keys ?? []).Concat((node as JsonObject ?? []).Select(f => f.Key)).Distinct(StringComparer.Ordinal);
        return names.Any(n => Shown(n).Any(k => rest.StartsWith(k, StringComparison.Ordinal) && rest[k.Length..] is "" or ['.' or '[', ..] && Follows(rest[k.Length..], schema?.Properties.GetValueOrDefault(n), (node as JsonObject)?[n])));
    }

    private static IEnumerable<string> Shown(string name) => [name, Excerpt.Line(name)];
}
