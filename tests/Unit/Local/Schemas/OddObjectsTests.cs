using System.Text.Json.Nodes;
using Fleet.Local.Schemas;
using Xunit;

namespace Fleet.Unit.Local.Schemas;

public sealed class OddObjectsTests
{
    private static readonly string[] Odd = ["null", "\"\"", "\"x\"", "0", "-1", "1.5", "true", "[]", "[null]", "[\"x\"]", "[{}]", "{}", "{\"x\":null}", "{\"name\":7}"];

    private static readonly IReadOnlyList<JsonObject> Stored =
    [
        .. Served.Documents("stored.yaml").Select(d => d["stored"]!.AsObject()),
        Served.Object("{apiVersion: example.com/v1, kind: Bar, metadata: {name: x}, spec: {req: x, l: [a], m: [{name: a}], mp: {k: 1}, ios: 1, em: {metadata: {labels: {a: b}}}, ao: {a: x}, do: {a: z}}}"),
    ];

    public static TheoryData<int> Numbers => [.. Enumerable.Range(0, Stored.Count)];

    /// <summary>Whatever stands in the place of whatever value: it is refused or stored, and what is stored can be shown.</summary>
    [Theory, MemberData(nameof(Numbers))]
    public void No_value_in_any_place_makes_anything_throw(int number)
    {
        var stored = Stored[number];
        var kind = (string?)stored["kind"] == "Bar" ? Served.Bars : Served.KindOf(stored);
        foreach (var path in Paths(stored, []).ToList())
        {
            foreach (var odd in Odd)
            {
                var changed = With(stored, path, JsonNode.Parse(odd));
                try
                {
                    Take(kind, changed, stored);
                }
                catch (Exception e) when (e is not Xunit.Sdk.XunitException)
                {
                    Assert.Fail($"{odd} at {string.Join('.', path)} of {kind.Resource.Kind}: {e}");
                }
            }
        }
    }

    private static void Take(ServedKind kind, JsonObject sent, JsonObject old)
    {
        if (ShapeDecoding.Refusal(kind, sent) is not null)
            return;
        var filled = ShapeDefaults.Apply(kind, ShapePruning.Prune(kind, sent).Pruned, old);
        _ = ShapeCheck.Check(kind, filled, old);
        _ = Tables.Render(kind, [filled], DateTimeOffset.UnixEpoch);
        Assert.Equal(filled.ToJsonString(), ShapeDefaults.Apply(kind, filled, old).ToJsonString());
        if (kind.Resource.Kind == "CustomResourceDefinition")
            _ = CrdKinds.Of(filled);
    }

    private static IEnumerable<object[]> Paths(JsonNode? node, object[] path) => node switch
    {
        JsonObject obj => obj.Where(f => path.Length > 0 || f.Key is not ("apiVersion" or "kind")).SelectMany(f => Paths(f.Value, [.. path, f.Key]).Prepend([.. path, f.Key])),
        JsonArray list => list.SelectMany((item, i) => Paths(item, [.. path, i]).Prepend([.. path, i])),
        _ => [],
    };

    private static JsonObject With(JsonObject obj, object[] path, JsonNode? value)
    {
        var changed = obj.DeepClone().AsObject();
        var at = path[..^1].Aggregate((JsonNode)changed, (node, step) => step is int i ? node[i]! : node[(string)step]!);
        if (path[^1] is int index)
            at[index] = value;
        else
            at[(string)path[^1]] = value;
        return changed;
    }
}
