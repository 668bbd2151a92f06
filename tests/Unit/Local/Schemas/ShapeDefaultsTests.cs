using System.Text.Json.Nodes;
using Fleet.Kubernetes;
using Fleet.Local.Schemas;
using Xunit;

namespace Fleet.Unit.Local.Schemas;

public sealed class ShapeDefaultsTests
{
    private static readonly IReadOnlyList<JsonObject> Recorded = Served.Documents("stored.yaml");

    public static TheoryData<string> Names => [.. Recorded.Select(Name)];

    [Theory, MemberData(nameof(Names))]
    public void An_object_is_stored_as_Kubernetes_stores_it(string name)
    {
        var (sent, stored) = Recorded.Where(r => Name(r) == name).Select(r => (r["sent"]!.AsObject(), r["stored"]!.AsObject())).Single();
        var before = sent.ToJsonString();
        var filled = ShapeDefaults.Apply(Served.KindOf(sent), sent);
        Assert.Equal(Text(stored), Text(filled));
        Assert.Equal(before, sent.ToJsonString());
    }

    [Theory, MemberData(nameof(Names))]
    public void What_is_stored_is_not_changed_again(string name)
    {
        var stored = Recorded.Single(r => Name(r) == name)["stored"]!.AsObject();
        Assert.Equal(Text(stored), Text(ShapeDefaults.Apply(Served.KindOf(stored), stored)));
    }

    [Theory]
    [InlineData("1000m", "1")]
    [InlineData("0.5", "500m")]
    [InlineData("1500m", "1500m")]
    [InlineData("0.5Gi", "512Mi")]
    [InlineData("1024Mi", "1Gi")]
    [InlineData("0.5Ki", "512")]
    [InlineData("1024", "1024")]
    [InlineData("1000", "1k")]
    [InlineData("1e3", "1e3")]
    [InlineData("12e2", "1200")]
    [InlineData("0.0001", "100u")]
    [InlineData("0", "0")]
    [InlineData("0Gi", "0")]
    [InlineData("-1500Mi", "-1500Mi")]
    [InlineData("2E", "2E")]
    [InlineData("lots", "lots")]
    public void A_quantity_has_one_spelling(string written, string canonical) => Assert.Equal(canonical, CanonicalQuantity.Of(written)!.GetValue<string>());

    private static string Name(JsonObject recorded) => $"{recorded["sent"]!["kind"]} {recorded["sent"]!["metadata"]!["name"]}";

    // As a server writes them fields are sorted by their types; here they are sorted by name.
    private static string Text(JsonNode? value) => Yaml.Write(Sorted(value)!.AsObject());

    private static JsonNode? Sorted(JsonNode? value) => value switch
    {
        JsonObject obj => new JsonObject(obj.OrderBy(f => f.Key, StringComparer.Ordinal).Select(f => KeyValuePair.Create(f.Key, Sorted(f.Value)))),
        JsonArray list => new JsonArray([.. list.Select(Sorted)]),
        _ => value?.DeepClone(),
    };
}
