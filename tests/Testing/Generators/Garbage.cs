using System.Text;
using System.Text.Json.Nodes;

namespace Fleet.Testing;

/// <summary>What is no app, or hardly one: the text of a file, or the bytes of an answer.</summary>
/// <param name="Seed">What it follows from.</param>
/// <param name="Text">The text.</param>
public sealed record Garbage(int Seed, string Text)
{
    // Names that mean something somewhere below, so that what is laid over a pod comes to where it is looked at.
    private static readonly string[] Names =
    [
        "spec", "metadata", "labels", "annotations", "containers", "initContainers", "name", "env", "envFrom", "valueFrom", "secretKeyRef", "configMapRef", "key", "volumes", "secret", "configMap", "items",
        "projected", "sources", "volumeMounts", "mountPath", "ports", "containerPort", "$patch", "$retainKeys", "securityContext", "livenessProbe", "exec", "httpGet", "lifecycle", "optional", "replicas", "image",
        "", " ", "a.b[0]", "]", "\u0000", "\u202e", "__proto__", "\ud83d\ude80",
    ];

    private static readonly string[] Numbers =
        ["0", "-0", "-1", "1.0", "1.5", "1e2", "1E400", "-1e400", "1e-400", "2147483648", "9223372036854775807", "9223372036854775808", "-9223372036854775809", "123456789012345678901234567890", "0.1000000000000000055511151231257827"];

    /// <summary>An app of which parts are something else, as JSON.</summary>
    public static Garbage Json(int seed)
    {
        var dice = new Dice(seed);
        var text = Mutated(dice).ToJsonString();
        if (dice.Chance(0.2))
            text = dice.One("[]", "null", "\"text\"", "{", "{}", "[[[[", "{\"a\":", "{\"kind\":\"MicroserviceApp\",\"apiVersion\":\"fleet.microservices.dev/v1\"}", Deep("[", "]", 5000), Deep("{\"a\":", "1}", 300));
        if (dice.Chance(0.3))
            text = Spoilt(text, dice, ["{", "}", "[", "]", ",", ":", "\"", "\\", "\\ud83d", "\\u0000", "\u0000", "null", "1e999", "\ufeff", "//", "\"port\":1,", "\"spec\":{},", "\"a\":1,\"a\":2,"]);
        return new(seed, text);
    }

    /// <summary>An app of which parts are something else, as YAML, and with what only YAML has.</summary>
    public static Garbage Yaml(int seed)
    {
        var dice = new Dice(seed);
        var text = Kubernetes.Yaml.Write(JsonNode.Parse(Mutated(dice).ToJsonString()));
        if (dice.Chance(0.7))
        {
            text = Spoilt(text, dice,
            [
                " ", "  ", "\n", "\t", "- ", ": ", "? ", "#", "&a ", "*a", "!!int ", "!!binary ", "!custom ", "|\n", ">-\n", "'", "\"", "{", "}", "[", "]", ",", "%YAML 1.2\n", "---\n", "...\n", "<<: *a\n", "\u0000",
                "\u0085", "\u2028", "\\ud800", "\"\\ud800\"", ".inf", "~", "null", "0o17", "1_000", "yes", "12:30:45", "\r", "\ufeff", "a: &b [*b]\n", "&x [&y [*x]]\n",
            ]);
        }

        return new(seed, text);
    }

    /// <summary>What is less than it: without some of its lines, or without a part of its only one.</summary>
    public IEnumerable<Garbage> Shrink()
    {
        var lines = Text.Split('\n');
        return lines.Length > 1
            ? Runs(lines.Length).Select(r => this with { Text = string.Join('\n', lines.Where((_, at) => at < r.Start || at >= r.Start + r.Length)) })
            : Runs(Text.Length).Select(r => this with { Text = Text.Remove(r.Start, r.Length) });
    }

    // Halves, quarters and so on; of single ones not all, or a long text would take for ever.
    private static IEnumerable<(int Start, int Length)> Runs(int whole)
    {
        for (var length = whole / 2; length > 0; length /= 2)
        {
            for (var start = 0; start + length <= whole && start < 200 * length; start += length)
                yield return (start, length);
        }
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Sample.SeedVariable}={Seed}\n{Text}";

    private static JsonObject Mutated(Dice dice)
    {
        var document = ValidSpecs.Document(dice);
        if (dice.Chance(0.4) && dice.One([.. document["spec"]!["services"]!.AsArray()]) is JsonObject service)
            service["podTemplate"] = Tree(dice, depth: 5);
        for (var left = dice.Between(1, 4); left > 0; left--)
        {
            // Mostly within the spec, since the rest is soon told.
            var all = Places(dice.Chance(0.9) ? document["spec"]! : document).ToArray();
            if (all.Length > 0)
                Change(dice.One(all), dice);
        }

        return document;
    }

    private static void Change((JsonNode Parent, object Step) place, Dice dice)
    {
        switch (place)
        {
            case (JsonArray items, int at):
                items[at] = Tree(dice, depth: 2);
                break;
            case (JsonObject fields, string name) when dice.Chance(0.2):
                fields.Remove(name);
                fields[dice.One(Names)] = Tree(dice, depth: 2);
                break;
            case (JsonObject fields, string name):
                fields[name] = Tree(dice, depth: 2);
                break;
        }
    }

    private static IEnumerable<(JsonNode Parent, object Step)> Places(JsonNode node) => node switch
    {
        JsonObject fields => fields.SelectMany(f => (f.Value is null ? [] : Places(f.Value)).Prepend((fields, (object)f.Key))),
        JsonArray items => items.SelectMany((item, i) => (item is null ? [] : Places(item)).Prepend((items, (object)i))),
        _ => [],
    };

    private static JsonNode? Tree(Dice dice, int depth) => dice.Between(0, depth > 0 ? 11 : 6) switch
    {
        0 => null,
        1 => dice.Chance(0.5),
        2 => JsonNode.Parse(dice.One(Numbers)),
        3 or 4 => OddText.Of(dice, 0, 2000),
        5 => dice.One("delete", "replace", "merge", "auth", "users", "gateway", "gRPC", "GatewayAPI"),
        6 => new JsonObject(),
        7 or 8 => new JsonArray([.. Enumerable.Range(0, dice.Between(0, 4)).Select(_ => Tree(dice, depth - 1))]),
        _ => new JsonObject(dice.Some(dice.Between(0, 4), Names).Select(n => KeyValuePair.Create(n, Tree(dice, depth - 1)))),
    };

    private static string Deep(string open, string close, int levels) => string.Concat(Enumerable.Repeat(open, levels)) + string.Concat(Enumerable.Repeat(close, levels));

    private static string Spoilt(string text, Dice dice, string[] bits)
    {
        var spoilt = new StringBuilder(text);
        for (var left = dice.Between(1, 3); left > 0 && spoilt.Length > 0; left--)
        {
            var at = dice.Between(0, spoilt.Length - 1);
            switch (dice.Between(0, 3))
            {
                case 0:
                    spoilt.Remove(at, Math.Min(dice.Between(1, 5), spoilt.Length - at));
                    break;
                case 1:
                    spoilt.Insert(at, spoilt.ToString(at, Math.Min(dice.Between(1, 200), spoilt.Length - at)));
                    break;
                default:
                    spoilt.Insert(at, dice.One(bits));
                    break;
            }
        }

        return spoilt.ToString();
    }
}
