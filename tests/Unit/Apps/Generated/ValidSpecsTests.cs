using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Testing;
using Xunit;

namespace Fleet.Unit.Apps.Generated;

/// <summary>What holds for every spec that keeps the rules.</summary>
public class ValidSpecsTests
{
    private const int Count = 5000;

    [Fact]
    public void A_spec_that_keeps_the_rules_is_accepted_and_planned() => Sample.Check(Count, Sample.Valid, Accepted, Likewise);

    [Fact]
    public void Every_field_of_the_schema_is_generated()
    {
        var spec = Crd.Schema.Properties["spec"];
        var missing = Schemas.Within(spec).Select(s => s.Path).ToHashSet(StringComparer.Ordinal);
        for (var seed = 0; seed < 2000 && missing.Count > 0; seed++)
            missing.ExceptWith(PathsIn(Sample.Valid(seed).Document["spec"], spec, ""));
        Assert.Empty(missing);
    }

    private static void Accepted(Sample sample)
    {
        Assert.Equal([], Judged.Fairly(sample.Document, Given.Settings).Problems);
        var app = sample.App();
        Assert.Empty(AppsJson.Read(JsonSerializer.SerializeToUtf8Bytes(app, AppsJson.Default.MicroserviceApp)).UnknownFields);
        Judged.Plan(app, sound: true);
        Assert.NotEmpty(Planner.Plan(app, Observed.Nothing, Given.Settings).Desired);
    }

    // A spec that is refused shrinks to one that is refused for the same reason, one that is accepted to one that is.
    private static IEnumerable<Sample> Likewise(Sample sample)
    {
        var why = Messages(sample);
        return sample.Shrink().Where(s => Messages(s) is var now && (why.Count == 0 ? now.Count == 0 : now.Count > 0 && now.IsSubsetOf(why)));
    }

    private static HashSet<string> Messages(Sample sample) =>
        [.. AppDocument.Read(sample.Document.DeepClone(), Given.Settings).Problems.Select(p => p.Message.Split(", is ")[0])];

    private static IEnumerable<string> PathsIn(JsonNode? value, Schema schema, string path) => (IEnumerable<string>)
    [
        path,
        .. value is JsonObject map && schema.AdditionalProperties is { } entry ? map.SelectMany(f => PathsIn(f.Value, entry, $"{path}[*]")) : [],
        .. value is JsonObject fields ? fields.Where(f => schema.Properties.ContainsKey(f.Key)).SelectMany(f => PathsIn(f.Value, schema.Properties[f.Key], path.Length == 0 ? f.Key : $"{path}.{f.Key}")) : [],
        .. value is JsonArray items ? items.SelectMany(i => PathsIn(i, schema.Items!, $"{path}[]")) : [],
    ];
}
