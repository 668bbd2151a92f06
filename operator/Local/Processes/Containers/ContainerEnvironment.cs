using System.Text;

namespace Fleet.Local.Processes;

/// <summary>The variables that a pod's spec gives a container, in the order and with the precedence of the kubelet. Pure.</summary>
internal static class ContainerEnvironment
{
    /// <summary>Resolves them: envFrom first, then env, which may refer to what came before.</summary>
    /// <param name="container">The container.</param>
    /// <param name="facts">What it may ask of its pod.</param>
    /// <param name="find">The ConfigMaps and Secrets.</param>
    /// <exception cref="ConfigErrorException">Something that is not optional is missing.</exception>
    public static Dictionary<string, string> Resolve(Container container, PodFacts facts, ConfigLookup find)
    {
        var result = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var from in container.EnvFrom)
        {
            var (source, optional) = from.ConfigMapRef is { } map ? (new ConfigSource(false, map.Name), map.Optional)
                : (new ConfigSource(true, from.SecretRef?.Name ?? ""), from.SecretRef?.Optional ?? true);
            if (find(source) is { } data)
            {
                // What no process can have as a variable's name is left out, as the kubelet does.
                foreach (var (key, value) in data.Where(e => !e.Key.Contains('=', StringComparison.Ordinal)))
                    result[from.Prefix + key] = Text(value);
            }
            else if (!optional)
            {
                throw new ConfigErrorException(source.NotFound);
            }
        }

        foreach (var variable in container.Env)
        {
            if (Value(variable, container, facts, find, result) is { } value)
                result[variable.Name] = value;
        }

        return result;
    }

    private static string? Value(EnvVar variable, Container container, PodFacts facts, ConfigLookup find, Dictionary<string, string> known)
    {
        if (variable.ValueFrom is not { } from)
            return Expansion.Expand(variable.Value ?? "", known);
        if (from.ConfigMapKeyRef is { } map)
            return Key(new(false, map.Name), map, facts, find);
        if (from.SecretKeyRef is { } secret)
            return Key(new(true, secret.Name), secret, facts, find);
        if (from.FieldRef is { } field)
            return facts.Field(field.FieldPath) ?? throw new ConfigErrorException($"unsupported fieldPath: {field.FieldPath}");
        if (from.ResourceFieldRef is { } resource)
            return facts.Amount(resource, container) ?? throw new ConfigErrorException($"unsupported container resource: {resource.Resource}");
        return "";
    }

    private static string? Key(ConfigSource source, KeySelector selector, PodFacts facts, ConfigLookup find)
    {
        var data = find(source);
        if (data is not null && data.TryGetValue(selector.Key, out var value))
            return Text(value);
        return selector.Optional ? null
            : throw new ConfigErrorException(data is null ? source.NotFound : source.NoKey(facts.Pod.Metadata.Namespace ?? "", selector.Key));
    }

    private static string Text(byte[] value) => Encoding.UTF8.GetString(value).Replace("\0", "", StringComparison.Ordinal);
}
