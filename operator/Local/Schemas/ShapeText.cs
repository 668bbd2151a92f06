using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Local.Schemas;

/// <summary>
/// Reads the language of <c>Kinds/*.shapes</c>, line by line:
/// <code>
/// package core io.k8s.api.core.v1 v1  types that follow are core.X elsewhere, X here, io.k8s.api.core.v1.X in OpenAPI; kinds are served as v1
/// kind Pod pods short po status       a type that is served; apiVersion, kind and metadata are understood; more words below, in KindOf
/// type Container -- a description     a type; `atomic` and `retain` may follow its name
///   name!  text                       ! must be there
///   stdin  bool                       false, 0, "", [] and {} mean the same as nothing and are left out
///   tty    bool?                      ? an empty value is not the same as none
///   spec   PodSpec                    an object that is always there, empty if need be; with ? only when given
///   ports  [Port] by port,protocol merge port   a list: atomic, or `set`, or told apart by fields; `merge` is for strategic patches
///   labels {text} atomic              a map
///   type   text(A|B) = "A" -- what    choices, a default as JSON, a description
/// </code>
/// </summary>
internal sealed class ShapeText
{
    private static readonly Dictionary<string, Shape> Scalars = new(StringComparer.Ordinal)
    {
        ["text"] = new() { Type = ShapeType.Text },
        ["int32"] = new() { Type = ShapeType.Integer, Format = "int32" },
        ["int64"] = new() { Type = ShapeType.Integer, Format = "int64" },
        ["double"] = new() { Type = ShapeType.Number, Format = "double" },
        ["bool"] = new() { Type = ShapeType.Boolean },
        ["bytes"] = new() { Type = ShapeType.Bytes, Format = "byte" },
        ["any"] = new() { Type = ShapeType.Any, KeepsUnknown = true },
        ["intstr"] = new() { Type = ShapeType.IntOrString, Format = "int-or-string", Name = "io.k8s.apimachinery.pkg.util.intstr.IntOrString", Description = "A whole number, or a string such as a name or 25%." },
        ["quantity"] = new() { Type = ShapeType.Quantity, Name = "io.k8s.apimachinery.pkg.api.resource.Quantity", Description = "An amount such as 500m, 2 or 256Mi." },
        ["time"] = new() { Type = ShapeType.Time, Format = "date-time", Name = "io.k8s.apimachinery.pkg.apis.meta.v1.Time", Description = "A time in RFC 3339, in whole seconds." },
        ["microtime"] = new() { Type = ShapeType.Time, Format = "date-time", Name = "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime", Description = "A time in RFC 3339, in microseconds." },
    };

    private readonly Dictionary<string, Draft> _types = new(StringComparer.Ordinal);

    private readonly List<(Draft Draft, string Version, string[] Words)> _kinds = [];

    /// <summary>Reads files that may name each other's types.</summary>
    /// <param name="files">Their contents.</param>
    /// <exception cref="FormatException">A line that says nothing, or a type that is nowhere.</exception>
    internal static (ImmutableArray<ServedKind> Kinds, IReadOnlyDictionary<string, Shape> Types) Read(IEnumerable<string> files)
    {
        var text = new ShapeText();
        foreach (var file in files)
            text.Collect(file);
        foreach (var draft in text._types.Values)
            draft.Shape.Fields = text.FieldsOf(draft);
        var types = text._types.Values.ToDictionary(d => d.Shape.Name!, d => d.Shape, StringComparer.Ordinal);
        return ([.. text._kinds.Select(k => KindOf(k.Draft, k.Version, k.Words))], types);
    }

    private void Collect(string file)
    {
        var (alias, package, version) = ("", "", "");
        Draft? current = null;
        foreach (var line in file.Split('\n').Select(l => l.TrimEnd()).Where(l => l.Length > 0 && l[0] != '#'))
        {
            var (said, description) = Split(line, " -- ");
            if (line[0] == ' ')
            {
                (current ?? throw new FormatException($"A field before any type: {line}")).Lines.Add((said.Trim(), description));
                continue;
            }

            var words = said.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            switch (words)
            {
                case ["package", var name, var full, .. var served]:
                    (alias, package, version) = (name, full, served.FirstOrDefault(""));
                    break;
                case ["type" or "kind", var name, .. var rest]:
                    current = new(alias, words[0] == "kind", new()
                    {
                        Type = ShapeType.Object,
                        Name = $"{package}.{name}",
                        Description = description,
                        IsAtomic = rest.Contains("atomic"),
                        RetainsKeys = rest.Contains("retain"),
                    });
                    _types.Add($"{alias}.{name}", current);
                    if (current.IsKind)
                        _kinds.Add((current, version, words));
                    break;
                default:
                    throw new FormatException($"Neither package, kind, type nor field: {line}");
            }
        }
    }

    private OrderedDictionary<string, Field> FieldsOf(Draft draft)
    {
        var fields = new OrderedDictionary<string, Field>(StringComparer.Ordinal);
        if (draft.IsKind)
        {
            fields["apiVersion"] = new(Scalars["text"], Description: "The group and version that the object is written in.");
            fields["kind"] = new(Scalars["text"], Description: "What the object is.");
            fields["metadata"] = new(Named("ObjectMeta", "meta"), Default: new JsonObject(), Description: "Name, labels and whatever else all objects have.");
        }

        foreach (var (line, description) in draft.Lines)
        {
            var (declared, fallback) = Split(line, " = ");
            if (declared.Split(' ', StringSplitOptions.RemoveEmptyEntries) is not [var name, var type, .. var words])
                throw new FormatException($"A field without a type: {line}");
            fields.Add(name.TrimEnd('!'), FieldOf(name.EndsWith('!'), type, words, fallback, description, draft.Alias));
        }

        return fields;
    }

    private Field FieldOf(bool required, string type, string[] words, string? fallback, string? description, string alias)
    {
        var keepsEmpty = type.EndsWith('?');
        var shape = Typed(type.TrimEnd('?'), words, alias);
        var standard = fallback is not null ? JsonNode.Parse(fallback)
            : shape.Type == ShapeType.Object && !keepsEmpty ? new JsonObject() : null;
        return new(shape, required, standard, description, OmitsEmpty: !keepsEmpty && !(required && shape.Type == ShapeType.Boolean) && shape.Type is not (ShapeType.Object or ShapeType.Any));
    }

    private Shape Typed(string type, string[] words, string alias)
    {
        if (type[0] == '[')
        {
            return new()
            {
                Type = ShapeType.List,
                Items = Typed(type[1..^1], [], alias),
                Keys = After("by")?.Split(',').ToImmutableArray() ?? [],
                IsSet = words.Contains("set"),
                IsAtomic = !words.Contains("set") && !words.Contains("by"),
                MergeKey = After("merge"),
                MergesScalars = words is [.., "merge"],
                RetainsKeys = words.Contains("retain"),
            };
        }

        if (type[0] == '{')
            return new() { Type = ShapeType.Map, Items = Typed(type[1..^1], [], alias), IsAtomic = words.Contains("atomic") };
        if (type.EndsWith(')'))
            return new() { Type = ShapeType.Text, Choices = [.. type[(type.IndexOf('(', StringComparison.Ordinal) + 1)..^1].Split('|')] };
        return Scalars.GetValueOrDefault(type) ?? Named(type, alias);

        string? After(string word) => Array.IndexOf(words, word) is >= 0 and var at && at + 1 < words.Length ? words[at + 1] : null;
    }

    private Shape Named(string type, string alias) =>
        _types.GetValueOrDefault(type.Contains('.', StringComparison.Ordinal) ? type : $"{alias}.{type}")?.Shape
        ?? throw new FormatException($"No type {type} in {alias}");

    private static ServedKind KindOf(Draft draft, string version, string[] words)
    {
        var (kind, plural) = (words[1], words[2]);
        var slash = version.IndexOf('/', StringComparison.Ordinal);
        var served = new ServedKind
        {
            Resource = new(slash < 0 ? "" : version[..slash], version[(slash + 1)..], kind, plural, Namespaced: !words.Contains("cluster")),
            Singular = kind.ToLowerInvariant(),
            ShortNames = After("short"),
            Categories = After("category"),
            Shape = draft.Shape,
            HasStatus = words.Contains("status"),
            HasGeneration = words.Contains("generation"),
            Scale = After("scale") is [var spec, var status, var selector] ? new(spec, status, selector) : null,
        };
        served = served with
        {
            Singular = After("singular").FirstOrDefault(served.Singular),
            Actions = [.. After("action").Select(a => a.Split(':')).Select(a => new Subresource(a[0], a.Length > 2 ? served.Resource with { Kind = a[2] } : served.Resource, [a[1]]))],
        };
        return After("verbs") is { Length: > 0 } verbs ? served with { Verbs = verbs } : served;

        ImmutableArray<string> After(string word) => Array.IndexOf(words, word) is >= 0 and var at ? [.. words[at + 1].Split(',')] : [];
    }

    private static (string Before, string? After) Split(string text, string mark) =>
        text.IndexOf(mark, StringComparison.Ordinal) is >= 0 and var at ? (text[..at], text[(at + mark.Length)..].Trim()) : (text, null);

    /// <summary>A type whose fields are not read yet, because they may name types that come later.</summary>
    private sealed record Draft(string Alias, bool IsKind, Shape Shape)
    {
        internal List<(string Line, string? Description)> Lines { get; } = [];
    }
}
