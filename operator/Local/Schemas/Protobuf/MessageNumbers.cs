namespace Fleet.Local.Schemas;

/// <summary>
/// The numbers that the fields of a message have in protobuf; what the fields are, the <see cref="Shape"/> says. Reads <c>messages.numbers</c>, line by line:
/// <code>
/// package io.k8s.api.core.v1 v1   messages that follow are io.k8s.api.core.v1.X in OpenAPI; kinds among them are written as v1
/// Volume                          a message
///   1 name  2 +VolumeSource       its fields; + is a message of its own here whose fields are the outer object's in JSON
/// </code>
/// </summary>
/// <param name="Package">The beginning of the message's OpenAPI name.</param>
/// <param name="Name">The message's name.</param>
internal sealed record MessageNumbers(string Package, string Name)
{
    private const string Resource = "messages.numbers";

    private static readonly Lazy<(Dictionary<string, MessageNumbers> Messages, Dictionary<string, string> Packages)> Read = new(() =>
    {
        using var reader = new StreamReader(typeof(MessageNumbers).Assembly.GetManifestResourceStream(Resource)!);
        return Parse(reader);
    });

    private readonly Dictionary<int, string> _fields = [];

    /// <summary>The message of a type, by its OpenAPI name; null when it has none.</summary>
    internal static MessageNumbers? Of(string type) => Read.Value.Messages.GetValueOrDefault(type);

    /// <summary>The message of a kind; null when it has none.</summary>
    internal static MessageNumbers? OfKind(string apiVersion, string kind) =>
        Read.Value.Packages.TryGetValue(apiVersion, out var package) ? Of($"{package}.{kind}") : null;

    /// <summary>The OpenAPI name.</summary>
    internal string Type => $"{Package}.{Name}";

    /// <summary>The names of the fields in JSON.</summary>
    internal IEnumerable<string> Fields => _fields.Values;

    /// <summary>A field's name in JSON; null when the number is not known.</summary>
    internal string? this[int number] => _fields.GetValueOrDefault(number);

    /// <summary>The message whose fields are the outer object's, when a field is that.</summary>
    internal MessageNumbers? Inlined(string field) => field[0] == '+' ? Of($"{Package}.{field[1..]}") : null;

    private static (Dictionary<string, MessageNumbers> Messages, Dictionary<string, string> Packages) Parse(TextReader reader)
    {
        var (messages, packages) = (new Dictionary<string, MessageNumbers>(), new Dictionary<string, string>());
        var package = "";
        MessageNumbers? current = null;
        while (reader.ReadLine() is { } line)
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            switch (words)
            {
                case []:
                    break;
                case ["package", var name, .. var apiVersion]:
                    package = name;
                    if (apiVersion is [var version])
                        packages.Add(version, package);
                    break;
                case [var name] when line[0] != ' ':
                    current = new(package, name);
                    messages.Add(current.Type, current);
                    break;
                default:
                    foreach (var pair in words.Chunk(2))
                        current!._fields.Add(int.Parse(pair[0]), pair[1]);
                    break;
            }
        }

        return (messages, packages);
    }
}
