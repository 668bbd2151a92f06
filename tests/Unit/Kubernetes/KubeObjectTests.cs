using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Kubernetes;
using Xunit;

namespace Fleet.Unit.Kubernetes;

/// <summary>What is kept of an object, and what many of them share.</summary>
public class KubeObjectTests
{
    private const string Managed = """
        "managedFields":[{"manager":"a","operation":"Apply","fieldsV1":{"f:spec":{}}}]
        """;

    [Theory]
    [InlineData("""{"metadata":{"name":"x"},"spec":{}}""", """{"metadata":{"name":"x"},"spec":{}}""")]
    [InlineData($$$"""{"metadata":{"name":"x",{{{Managed}}}},"spec":{}}""", """{"metadata":{"name":"x"},"spec":{}}""")]
    [InlineData($$$"""{"metadata":{"name":"x", {{{Managed}}} , "uid":"u"},"spec":{}}""", """{"metadata":{"name":"x", "uid":"u"},"spec":{}}""")]
    [InlineData($$$"""{ "metadata" : { {{{Managed}}}, "name":"x"} , "spec":{}}""", """{ "metadata" : { "name":"x"} , "spec":{}}""")]
    [InlineData($$$"""{"spec":{ {{{Managed}}} },"metadata":{ {{{Managed}}} ,"name":"x"}}""", $$$"""{"spec":{ {{{Managed}}} },"metadata":{ "name":"x"}}""")]
    [InlineData("""{"spec":{}}""", """{"spec":{}}""")]
    [InlineData("""{"metadata":null}""", """{"metadata":null}""")]
    public void Its_text_is_kept_without_managedFields_of_its_metadata(string sent, string kept)
    {
        var read = Read(sent);
        Assert.Equal(kept, Encoding.UTF8.GetString(read.Utf8));
        Assert.Equal(sent.Contains("\"name\"", StringComparison.Ordinal) ? "x" : "", read.Metadata.Name);
        Assert.Equal(JsonDocument.Parse(kept).RootElement.GetRawText(), read.Json.GetRawText());
    }

    [Fact]
    public void What_is_built_here_has_its_characters_as_they_are() =>
        Assert.Contains("\"+1 <é>\"", Encoding.UTF8.GetString(KubeObject.From(Resources.ConfigMaps, new() { ["metadata"] = new JsonObject(), ["amount"] = "+1 <é>" }).Utf8), StringComparison.Ordinal);

    [Fact]
    public void An_object_that_has_nothing_but_managedFields_keeps_none() =>
        Assert.Equal("""{"metadata":{}}""", Encoding.UTF8.GetString(Read($$$"""{"metadata":{ {{{Managed}}}}}""").Utf8));

    [Theory]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("""{"metadata":[]}""")]
    [InlineData("""{"metadata":{"labels":["a"]}}""")]
    [InlineData("""{"metadata":{"labels":{"a":1}}}""")]
    [InlineData("""{"metadata":{"name":"x"}""")]
    [InlineData("""{"metadata":{"name":"x"}} more""")]
    public void What_is_no_object_is_refused(string sent) => Assert.ThrowsAny<JsonException>(() => Read(sent));

    [Fact]
    public void Equal_strings_of_labels_and_owners_are_one_string()
    {
        const string Text = """{"metadata":{"labels":{"team":"blue","odd":"a\"b"},"annotations":{"team":"red","team":"green"},"ownerReferences":[{"apiVersion":"v1","kind":"K","name":"n","uid":"u"}]}}""";
        var (one, other) = (Read(Text).Metadata, Read(Text).Metadata);
        Assert.Same(one.Labels!["team"], other.Labels!["team"]);
        Assert.Same(one.Labels!.Keys.First(), other.Labels!.Keys.First());
        Assert.Same(one.OwnerReferences![0].Uid, other.OwnerReferences![0].Uid);
        Assert.Equal("a\"b", one.Label("odd"));
        Assert.Equal("green", one.Annotation("team"));
        Assert.Null(one.Label("none"));
        Assert.Throws<KeyNotFoundException>(() => one.Labels!["none"]);
        Assert.Equal(2, one.Labels!.Count);
    }

    [Theory]
    [InlineData("""{"f:spec":{"f:replicas":{}}}""")]
    [InlineData("""{"f:metadata":{"f:ownerReferences":{"k:{\"uid\":\"0e5e2b9f-7a4c-4d55-9a63-2f1f2a4b7c01\"}":{}}},"f:spec":{}}""")]
    [InlineData("""{"f:metadata":{"f:ownerReferences":{"k:{\"uid\":\"0e5e2b9f-7a4c-4d55-9a63-2f1f2a4b7c01\"}":{},"k:{\"uid\":\"1e5e2b9f-7a4c-4d55-9a63-2f1f2a4b7c01\"}":{}}}}""")]
    [InlineData("""{"f:metadata":{"f:ownerReferences":{"k:{\"uid\":\"short\"}":{}}}}""")]
    [InlineData("""{"f:metadata":{"f:ownerReferences":{"k:{\"uid\":\"ein Schlüssel mit Umlauten über 36 Bytes\"}":{}}}}""")]
    public void A_set_of_fields_is_what_was_sent(string fields)
    {
        var read = Fields(fields);
        Assert.Equal(fields, read.Json.GetRawText());
        Assert.True(JsonElement.DeepEquals(read.Json, JsonSerializer.SerializeToElement(read)));
    }

    [Fact]
    public void Two_sets_that_differ_in_the_owner_alone_stay_two()
    {
        const string Set = """{"f:metadata":{"f:ownerReferences":{"k:{\"uid\":\"0e5e2b9f-7a4c-4d55-9a63-2f1f2a4b7c01\"}":{}}}}""";
        var (one, other) = (Fields(Set), Fields(Set.Replace("0e5e", "1e5e", StringComparison.Ordinal)));
        Assert.Equal(Set, one.Json.GetRawText());
        Assert.NotEqual(Set, other.Json.GetRawText());
    }

    private static KubeObject Read(string json) => KubeObject.Parse(Resources.ConfigMaps, Encoding.UTF8.GetBytes(json));

    private static FieldsV1 Fields(string json) =>
        Read($$$"""{"metadata":{"name":"x","managedFields":[{"manager":"a","fieldsV1":{{{json}}}}]}}""").Metadata.ManagedFields![0].FieldsV1!;
}
