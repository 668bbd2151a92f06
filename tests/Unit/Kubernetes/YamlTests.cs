using System.Text;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Fleet.Kubernetes;
using Xunit;

namespace Fleet.Unit.Kubernetes;

/// <summary>YAML read as kubectl reads it, written as kubectl writes it.</summary>
public sealed class YamlTests
{
    /// <summary>Texts made of what means something to YAML.</summary>
    private static readonly Gen<string> Pieces = Gen.ArrayOf(Gen.Elements(
        " ", "  ", "\n", "a", "b", ":", ": ", "-", "#", "'", "\"", "\\", "{", "}", "[", "]", ",", "&", "*", "!", "|", ">", "%", "1", "0", ".", "e", "_", "\t", "~", "=", "ü", "🚀",
        "yes", "? ", "- ", "&a ", "*a", "<<: ", "\n  ", "---\n")).Select(string.Concat);

    [Theory]
    [InlineData("text", "\"text\"")]
    [InlineData("'12'", "\"12\"")]
    [InlineData("\"a\\tb\"", "\"a\\tb\"")]
    [InlineData("12", "12")]
    [InlineData("-12", "-12")]
    [InlineData("+12", "12")]
    [InlineData("0x1F", "31")]
    [InlineData("0o17", "15")]
    [InlineData("0b11", "3")]
    [InlineData("1_000", "1000")]
    [InlineData("1.10", "1.1")]
    [InlineData(".5", "0.5")]
    [InlineData("1e3", "1000")]
    [InlineData("-0", "0")]
    [InlineData("18446744073709551615", "18446744073709551615")]
    [InlineData("99999999999999999999", "100000000000000000000")]
    [InlineData("0644", "420")] // a file mode, and kubectl takes it for one
    [InlineData("089", "89")]
    [InlineData("true", "true")]
    [InlineData("yes", "true")]
    [InlineData("off", "false")]
    [InlineData("n", "false")]
    [InlineData("~", "null")]
    [InlineData("", "null")]
    [InlineData("null", "null")]
    [InlineData("12:30", "\"12:30\"")]
    [InlineData("2020-01-01", "\"2020-01-01\"")]
    [InlineData("1.2.3", "\"1.2.3\"")]
    [InlineData("1Gi", "\"1Gi\"")]
    [InlineData("-", "\"-\"", true)]
    [InlineData("_", "\"_\"")]
    [InlineData("=", "\"=\"")]
    [InlineData("!!str 12", "\"12\"")]
    [InlineData("! 12", "\"12\"")]
    [InlineData("!!int '12'", "12")]
    [InlineData("!!float 12", "12")]
    [InlineData("!!null ''", "null")]
    [InlineData("!!bool 'true'", "true")]
    public void A_scalar_means_what_it_means_to_kubectl(string yaml, string json, bool inFlow = false)
    {
        var node = Yaml.ParseOne(inFlow ? $"a: [\"{yaml}\"]" : $"a: [{yaml} ]");
        Assert.Equal(json, yaml.Length == 0 ? Yaml.ParseOne("a:")["a"]?.ToJsonString() ?? "null" : node["a"]![0]?.ToJsonString() ?? "null");
    }

    [Fact]
    public void A_number_converts_to_every_type_it_fits()
    {
        var node = Yaml.ParseOne("a: 7")["a"]!;
        Assert.Equal((7, 7L, 7.0), (node.GetValue<int>(), node.GetValue<long>(), node.GetValue<double>()));
    }

    [Fact]
    public void Documents_are_read_one_by_one_and_empty_ones_left_out()
    {
        var documents = Yaml.Parse("# first\n---\na: 1\n---\n# nothing\n---\n- b\n...\n---\nc\n");
        Assert.Equal(["{\"a\":1}", "[\"b\"]", "\"c\""], documents.Select(d => d.ToJsonString()));
        Assert.Empty(Yaml.Parse(""));
        Assert.Empty(Yaml.Parse("# only a comment\n"));
    }

    [Theory]
    [InlineData("a: [\n  1,\n  2\n]\n", "[1,2]")]
    [InlineData("a: {\n  b: 1,\n}\n", "{\"b\":1}")]
    [InlineData("a: [\n{b: 1},\n{b: 2}\n]\n", "[{\"b\":1},{\"b\":2}]")]
    [InlineData("a: >-\n  b\n  c\n", "\"b c\"")]
    public void Values_over_several_lines(string text, string json) => Assert.Equal(json, Yaml.ParseOne(text)["a"]!.ToJsonString());

    [Fact]
    public void Json_is_read_with_tabs_and_all() => Assert.Equal("{\"a\":[1,true]}", Yaml.ParseOne("\uFEFF\n{\n\t\"a\":\t[1, true]\n}\n").ToJsonString());

    [Fact]
    public void Keys_keep_their_order_and_become_text() => Assert.Equal("{\"z\":1,\"a\":2,\"12\":3,\"true\":4}", Yaml.ParseOne("z: 1\na: 2\n12: 3\non: 4\n").ToJsonString());

    [Fact]
    public void Anchors_aliases_and_merges_are_expanded()
    {
        const string text = "base: &b {cpu: 1, mem: 2}\nother: &o {mem: 3, disk: 4}\none: *b\ntwo:\n  mem: 9\n  <<: [*b, *o]\nthree: {<<: *o}\n";
        Assert.Equal(
            """{"base":{"cpu":1,"mem":2},"other":{"mem":3,"disk":4},"one":{"cpu":1,"mem":2},"two":{"mem":9,"cpu":1,"disk":4},"three":{"mem":3,"disk":4}}""",
            Yaml.ParseOne(text).ToJsonString());
    }

    [Theory]
    [InlineData("a: 1\nb: [1, 2\nc: 3\n", 2, 6)]
    [InlineData("a: 1\na: 2\n", 2, 1)]
    [InlineData("a:\n  b: 1\n c: 2\n", 3, 2)]
    [InlineData("a: *nothing\n", 1, 4)]
    [InlineData("a: &x [*x]\n", 1, 8)]
    [InlineData("a: !custom 1\n", 1, 4)]
    [InlineData("a: !!int x\n", 1, 4)]
    [InlineData("a: !custom {b: 1}\n", 1, 4)]
    [InlineData("a: .nan\n", 1, 4)]
    [InlineData("a: 1e999\n", 1, 4)]
    [InlineData("{a: 1}: 2\n", 1, 1)]
    [InlineData("~: 2\n", 1, 1)]
    [InlineData("<<: 2\n", 1, 1)]
    [InlineData("a: \"\\q\"\n", 1, 4)]
    [InlineData("{\"a\": 1,\n \"a\": 2}\n", 2, 2)]
    [InlineData("a: 'never ends\n", 1, 4)]
    [InlineData("a: \"\\uD83D\"\n", 1, 4)]
    [InlineData("{\"a\": \"\\uD83D\"}", 1, 7)]
    public void An_error_says_where(string text, int line, int column)
    {
        var e = Assert.Throws<YamlFormatException>(() => Yaml.Parse(text));
        Assert.Equal((line, column), (e.Line, e.Column));
        Assert.StartsWith($"line {line}, column {column}: ", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", e.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_bomb_of_aliases_is_defused()
    {
        var text = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for (var i = 1; i < 12; i++)
            text.Append($"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]\n");
        Assert.Contains("aliases", Assert.Throws<YamlFormatException>(() => Yaml.Parse(text.ToString())).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[", "]")]
    [InlineData("{a: ", "}")]
    public void Nesting_is_bounded(string open, string close)
    {
        var deep = string.Concat(Enumerable.Repeat(open, 100_000)) + string.Concat(Enumerable.Repeat(close, 100_000));
        Assert.Contains("128 levels", Assert.Throws<YamlFormatException>(() => Yaml.Parse(deep)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Objects_are_written_as_kubectl_prints_them()
    {
        var node = JsonNode.Parse("""
            {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","labels":{},"x":[]},
             "data":{"routes.json":"{\n  \"a\": 1\n}\n","plain":"a b","number":"12","yes":"yes","empty":"","colon":"a: b","hash":"a #b","url":"http://x:80/y","star":"*","quote":"it's","indented":"  x\ny","tab":"a\tb"},
             "spec":{"ports":[{"name":"main","port":80},{"name":"x","tags":["a","b"],"deep":[[1,2],[]]}],"on":true,"none":null}}
            """);
        const string expected = """
            apiVersion: v1
            kind: ConfigMap
            metadata:
              name: a
              labels: {}
              x: []
            data:
              routes.json: |
                {
                  "a": 1
                }
              plain: a b
              number: "12"
              "yes": "yes"
              empty: ""
              colon: 'a: b'
              hash: 'a #b'
              url: http://x:80/y
              star: '*'
              quote: it's
              indented: |2-
                  x
                y
              tab: "a\tb"
            spec:
              ports:
              - name: main
                port: 80
              - name: x
                tags:
                - a
                - b
                deep:
                - - 1
                  - 2
                - []
              "on": true
              none: null

            """;
        Assert.Equal(expected, Yaml.Write(node), ignoreLineEndingDifferences: true);
        Assert.True(JsonNode.DeepEquals(node, Yaml.ParseOne(expected)));
    }

    [Theory]
    [InlineData("\n")]
    [InlineData("\n\na")]
    [InlineData("a\n\n\n")]
    [InlineData("a\n \n  b")]
    [InlineData("a\r\nb")]
    [InlineData(" a\nb\n")]
    [InlineData("\ta\nb")]
    [InlineData("a\tb\nc")]
    [InlineData("a \nb ")]
    [InlineData("---\na")]
    [InlineData("--- a")]
    [InlineData("...")]
    [InlineData("- a")]
    [InlineData("-a")]
    [InlineData("? a")]
    [InlineData(": a")]
    [InlineData("a:")]
    [InlineData("a :")]
    [InlineData(" a ")]
    [InlineData("%a")]
    [InlineData("@a")]
    [InlineData("`a")]
    [InlineData("&a *b !c |d >e")]
    [InlineData("[a")]
    [InlineData("a, b]")]
    [InlineData("# a")]
    [InlineData("0x1F")]
    [InlineData("0644")]
    [InlineData("1_0")]
    [InlineData("12:30:45")]
    [InlineData("2020-01-01T10:00:00Z")]
    [InlineData("1e3")]
    [InlineData(".5")]
    [InlineData(".inf")]
    [InlineData("~")]
    [InlineData("y")]
    [InlineData("<<")]
    [InlineData("=")]
    [InlineData("null")]
    [InlineData("\u0001\u0085\u2028\uFEFF")]
    [InlineData("ü 🚀 \"q\" \\")]
    [InlineData("🚀\n🚀\n")]
    public void Any_text_comes_back(string text)
    {
        var node = new JsonObject { ["k"] = text, ["l"] = new JsonArray(text, new JsonArray(text), new JsonObject { ["m"] = text }), ["n"] = 1 };
        if (!text.Contains('\n'))
            node[text] = "as a key";
        AssertRoundTrip(node);
        AssertRoundTrip(JsonValue.Create(text)!);
    }

    [Property(MaxTest = 300)]
    public Property No_text_breaks_the_reader() => Prop.ForAll(Pieces.ToArbitrary(), text =>
    {
        try
        {
            Yaml.Parse(text);
        }
        catch (YamlFormatException e)
        {
            Assert.True(e.Line > 0 && e.Column > 0, e.Message);
        }
    });

    [Property(MaxTest = 100)]
    public Property Any_object_comes_back()
    {
        var text = Pieces;
        var leaf = Gen.OneOf(
            text.Select(JsonNode? (t) => JsonValue.Create(t)), Gen.Choose(-100, 100).Select(JsonNode? (n) => n), Gen.Elements(true, false).Select(JsonNode? (b) => b), Gen.Constant<JsonNode?>(null));
        var list = Gen.ArrayOf(leaf).Select(JsonNode? (items) => new JsonArray([.. items.Select(i => i?.DeepClone())]));
        var map = Gen.ArrayOf(text.Zip(Gen.OneOf(leaf, list))).Select(JsonNode? (items) =>
        {
            var made = new JsonObject();
            foreach (var (key, value) in items)
                made[key] = value?.DeepClone();
            return made;
        });
        var any = Gen.ArrayOf(text.Zip(Gen.OneOf(leaf, list, map))).Select(items =>
        {
            var made = new JsonObject();
            foreach (var (key, value) in items)
                made[key] = new JsonArray(value?.DeepClone(), new JsonObject { ["x"] = value?.DeepClone() });
            return made;
        });
        return Prop.ForAll(any.ToArbitrary(), AssertRoundTrip);
    }

    private static void AssertRoundTrip(JsonNode node)
    {
        var text = Yaml.Write(node);
        JsonNode? read;
        try
        {
            read = Yaml.Parse(text) is [var one] ? one : null;
        }
        catch (YamlFormatException e)
        {
            Assert.Fail($"{e.Message} in\n{text}\nmade of {node.ToJsonString()}");
            return;
        }

        Assert.True(JsonNode.DeepEquals(node, read), $"{node.ToJsonString()}\nbecame {read?.ToJsonString()}\nby\n{text}");
    }
}
