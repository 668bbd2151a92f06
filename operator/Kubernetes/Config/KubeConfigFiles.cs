using System.Text.Json.Nodes;

namespace Fleet.Kubernetes;

/// <summary>
/// One or several kubeconfig files as one. The first file that names a context, cluster or user wins, whole; so does the first current-context
/// (kubernetes.io, "Organizing Cluster Access Using kubeconfig Files").
/// </summary>
internal sealed class KubeConfigFiles
{
    private readonly Dictionary<string, ConfigNode> _contexts = [];
    private readonly Dictionary<string, ConfigNode> _clusters = [];
    private readonly Dictionary<string, ConfigNode> _users = [];
    private string? _currentContext;

    public KubeConfigFiles(IReadOnlyList<string> paths)
    {
        Files = string.Join(Path.PathSeparator, paths);
        foreach (var path in paths)
            Add(path);
    }

    /// <summary>The files, for messages.</summary>
    public string Files { get; }

    public bool IsEmpty => _contexts.Count == 0 && _clusters.Count == 0;

    /// <summary>The context to use, with its name.</summary>
    public (string Name, ConfigNode Node) Context(string? wanted)
    {
        var name = wanted ?? _currentContext ?? throw new ConfigException(
            $"{Files}: current-context is not set; choose one with --context or kubectl config use-context ({Known(_contexts)})");
        return (name, _contexts.GetValueOrDefault(name) ?? throw new ConfigException(
            wanted is null
                ? $"{Files}: current-context is \"{name}\", but no such context is defined; choose another with kubectl config use-context ({Known(_contexts)})"
                : $"{Files}: contexts has no \"{name}\"; name one of those defined ({Known(_contexts)})"));
    }

    public ConfigNode Cluster(ConfigNode context)
    {
        var name = context.Required("cluster", $"name one of the clusters ({Known(_clusters)})");
        return _clusters.GetValueOrDefault(name) ??
            throw context.Problem("cluster", $"is \"{name}\", but no such cluster is defined; name one of them ({Known(_clusters)})");
    }

    /// <summary>The context's user; null when it names none and the server is asked anonymously.</summary>
    public ConfigNode? User(ConfigNode context)
    {
        if (context.Text("user") is not { } name)
            return null;
        return _users.GetValueOrDefault(name) ??
            throw context.Problem("user", $"is \"{name}\", but no such user is defined; name one of them ({Known(_users)})");
    }

    private void Add(string path)
    {
        if (Parse(path) is not { } json)
            return;
        var root = new ConfigNode(json, path, "");
        Collect(root, "contexts", "context", _contexts);
        Collect(root, "clusters", "cluster", _clusters);
        Collect(root, "users", "user", _users);
        _currentContext ??= root.Text("current-context");
    }

    private static JsonObject? Parse(string path)
    {
        try
        {
            return Yaml.Parse(File.ReadAllText(path)) switch
            {
                [] => null,
                [JsonObject only] => only,
                [_] => throw new ConfigException($"{path}: this is no kubeconfig, but a list or a single value; is it the right file?"),
                _ => throw new ConfigException($"{path}: a kubeconfig is one document; remove the others (they begin with ---)"),
            };
        }
        catch (YamlFormatException e)
        {
            throw new ConfigException($"{path}: {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigException($"{path}: cannot be read: {e.Message} Check the path and its permissions.", e);
        }
    }

    private static void Collect(ConfigNode root, string list, string part, Dictionary<string, ConfigNode> into)
    {
        var names = new HashSet<string>();
        foreach (var entry in root.Children(list))
        {
            var name = entry.Required("name", "give the entry a name");
            if (!names.Add(name))
                throw entry.Problem("name", $"is \"{name}\" for the second time; remove one of the two");
            into.TryAdd(name, (entry.Child(part) ?? new ConfigNode([], root.File, "")) with { Path = $"{list}[{name}].{part}" });
        }
    }

    private static string Known(Dictionary<string, ConfigNode> entries) =>
        entries.Count == 0 ? "none is defined" : "defined: " + string.Join(", ", entries.Keys.Order(StringComparer.Ordinal));
}
