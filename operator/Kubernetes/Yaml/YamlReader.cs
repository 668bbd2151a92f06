using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Fleet.Kubernetes;

/// <summary>Turns YamlDotNet's events into JSON nodes.</summary>
internal sealed class YamlReader(string text)
{
    /// <summary>What aliases may add in all, counted in nodes and sixteenths of text: enough for any manifest, too little for a bomb.</summary>
    private const int MaxExpansion = 200_000;

    private readonly Parser _parser = new(new StringReader(text));
    private readonly Dictionary<AnchorName, (JsonNode? Node, int Cost)> _anchors = [];
    private int _expansion;
    private int _cost;

    public IReadOnlyList<JsonNode> Read()
    {
        try
        {
            return ReadStream();
        }
        catch (YamlException e)
        {
            throw new YamlFormatException(e.Start.Line, e.Start.Column, e.Message, e);
        }
    }

    private List<JsonNode> ReadStream()
    {
        var documents = new List<JsonNode>();
        while (MoveNext())
        {
            if (_parser.Current is not DocumentStart)
                continue;
            _anchors.Clear(); // an anchor lives in its document only
            Next();
            if (ReadNode(depth: 1) is { } document)
                documents.Add(document);
        }

        return documents;
    }

    /// <summary>Reads the node whose first event is current; its last event is current afterwards.</summary>
    private JsonNode? ReadNode(int depth)
    {
        var first = _parser.Current!;
        if (depth > KubeJson.MaxDepth)
            throw Problem(first, $"nested deeper than {KubeJson.MaxDepth} levels");
        if (first is AnchorAlias alias)
            return Expand(alias);

        var before = _cost++;
        JsonNode? node = first switch
        {
            Scalar scalar => ReadScalar(scalar),
            SequenceStart start => ReadSequence(start, depth),
            MappingStart start => ReadMapping(start, depth),
            _ => throw Problem(first, "a value is expected"),
        };
        if (first is NodeEvent { Anchor.IsEmpty: false } anchored)
            _anchors[anchored.Anchor] = (node, _cost - before);
        return node;
    }

    private JsonNode? Expand(AnchorAlias alias)
    {
        // An anchor is known once its node is complete, so a node cannot hold itself.
        if (!_anchors.TryGetValue(alias.Value, out var anchor))
            throw Problem(alias, $"no anchor &{alias.Value} stands before this alias");
        _cost += anchor.Cost;
        _expansion += anchor.Cost;
        if (_expansion > MaxExpansion)
            throw Problem(alias, "the aliases of this text expand to too much");
        return anchor.Node?.DeepClone();
    }

    private JsonValue? ReadScalar(Scalar scalar)
    {
        _cost += scalar.Value.Length / 16;
        try
        {
            return YamlScalar.Resolve(scalar);
        }
        catch (FormatException e)
        {
            throw Problem(scalar, e.Message);
        }
    }

    private JsonArray ReadSequence(SequenceStart start, int depth)
    {
        RequireTag(start, start.Tag, "tag:yaml.org,2002:seq");
        var array = new JsonArray();
        while (Next() is not SequenceEnd)
            array.Add(ReadNode(depth + 1));
        return array;
    }

    private JsonObject ReadMapping(MappingStart start, int depth)
    {
        RequireTag(start, start.Tag, "tag:yaml.org,2002:map");
        var map = new JsonObject();
        var merged = new List<JsonObject>();
        while (Next() is var key and not MappingEnd)
        {
            if (key is Scalar { Value: "<<", Style: ScalarStyle.Plain })
            {
                Next();
                Merge(key, ReadNode(depth + 1), merged);
                continue;
            }

            var name = ReadKey(key, depth);
            Next();
            if (!map.TryAdd(name, ReadNode(depth + 1)))
                throw Problem(key, $"the key \"{name}\" stands here twice");
        }

        // A merge key fills in what the mapping itself does not say, and an earlier source wins over a later one.
        foreach (var (name, value) in merged.SelectMany(m => m))
        {
            if (!map.ContainsKey(name))
                map.Add(name, value?.DeepClone());
        }

        return map;
    }

    private static void Merge(ParsingEvent at, JsonNode? source, List<JsonObject> merged)
    {
        IEnumerable<JsonNode?> sources = source is JsonArray several ? several : [source];
        foreach (var one in sources)
            merged.Add(one as JsonObject ?? throw Problem(at, "<< takes a mapping or a list of mappings"));
    }

    private string ReadKey(ParsingEvent key, int depth) => ReadNode(depth + 1) switch
    {
        JsonValue value => value.ToString(),
        null => throw Problem(key, "a key cannot be null"),
        _ => throw Problem(key, "a key must be plain text, not a list or a mapping; quote it when it starts with { or ["),
    };

    private ParsingEvent Next() => MoveNext() ? _parser.Current! : throw new YamlFormatException(1, 1, "the text ends too early");

    private bool MoveNext()
    {
        var at = _parser.Current?.End ?? Mark.Empty;
        try
        {
            return _parser.MoveNext();
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or IndexOutOfRangeException)
        {
            // The scanner stumbles over some malformed texts, an open bracket followed by a key for one, instead of refusing them.
            throw new YamlFormatException(at.Line, at.Column, "what follows cannot be read; is a bracket or quote left open?", e);
        }
    }

    private static void RequireTag(ParsingEvent at, TagName tag, string expected)
    {
        if (!tag.IsEmpty && !tag.IsNonSpecific && tag.Value != expected)
            throw Problem(at, $"the tag {tag.Value} has no meaning in JSON");
    }

    private static YamlFormatException Problem(ParsingEvent at, string problem) => new(at.Start.Line, at.Start.Column, problem);
}
