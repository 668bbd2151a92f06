using System.Text;

namespace Fleet.Local.Processes;

/// <summary>A file of a volume.</summary>
/// <param name="Path">Relative to the volume.</param>
/// <param name="Bytes">What it holds.</param>
/// <param name="Mode">Its permissions.</param>
internal readonly record struct VolumeFile(string Path, byte[] Bytes, UnixFileMode Mode);

/// <summary>What files a volume made of configuration has. Pure. Rule: kubernetes.io, "Volumes" and "Projected Volumes".</summary>
internal static class VolumeFiles
{
    private const int UsualMode = 0b110_100_100;  // 0644
    private const int SecretMode = 0b110_000_000; // 0600: the processes here are all one user's

    /// <summary>Whether the volume is made of files that the node writes.</summary>
    public static bool Writes(Volume volume) => volume is { ConfigMap: not null } or { Secret: not null } or { DownwardAPI: not null } or { Projected: not null };

    /// <summary>The files.</summary>
    /// <param name="volume">The volume.</param>
    /// <param name="facts">What can be asked of the pod.</param>
    /// <param name="find">The ConfigMaps and Secrets.</param>
    /// <param name="rewrite">Puts addresses of this machine into a ConfigMap's text.</param>
    /// <exception cref="ConfigErrorException">Something that is not optional is missing.</exception>
    public static IReadOnlyList<VolumeFile> Of(Volume volume, PodFacts facts, ConfigLookup find, Func<string, string> rewrite)
    {
        var mode = volume.ConfigMap?.DefaultMode ?? volume.Secret?.DefaultMode ?? volume.DownwardAPI?.DefaultMode ?? volume.Projected?.DefaultMode;
        ProjectedPart[] parts =
            [new() { ConfigMap = volume.ConfigMap, Secret = volume.Secret, DownwardAPI = volume.DownwardAPI }, .. volume.Projected?.Sources ?? []];
        var files = new Dictionary<string, VolumeFile>(StringComparer.Ordinal);
        foreach (var file in parts.SelectMany(p => Of(p, mode, facts, find, rewrite)))
            files[file.Path] = file; // of two for one path the last one stays
        return [.. files.Values];
    }

    private static IEnumerable<VolumeFile> Of(ProjectedPart part, int? mode, PodFacts facts, ConfigLookup find, Func<string, string> rewrite)
    {
        IEnumerable<VolumeFile> files = [];
        if (part.ConfigMap is { } map)
            files = files.Concat(Of(map, new(false, map.ObjectName), mode, find, rewrite));
        if (part.Secret is { } secret)
            files = files.Concat(Of(secret, new(true, secret.ObjectName), mode, find, static text => text));
        return part.DownwardAPI is { } downward ? files.Concat(downward.Items.Select(i => Of(i, downward, mode, facts))) : files;
    }

    private static IEnumerable<VolumeFile> Of(FilesSource wanted, ConfigSource source, int? mode, ConfigLookup find, Func<string, string> rewrite)
    {
        if (find(source) is not { } data)
        {
            if (!wanted.Optional)
                throw new ConfigErrorException(source.NotFound);
            yield break;
        }

        var items = wanted.Items ?? [.. data.Keys.Select(key => new KeyToPath { Key = key, Path = key })];
        foreach (var item in items)
        {
            if (!data.TryGetValue(item.Key, out var bytes))
            {
                if (!wanted.Optional)
                    throw new ConfigErrorException($"references non-existent config key: {item.Key} of {(source.IsSecret ? "Secret" : "ConfigMap")} {source.Name}");
                continue;
            }

            // A Secret's files are the user's alone, whatever wider mode is asked for.
            var permissions = item.Mode ?? mode ?? UsualMode;
            yield return new(Inside(item.Path), source.IsSecret ? bytes : Rewritten(bytes, rewrite), (UnixFileMode)(source.IsSecret ? permissions & SecretMode : permissions));
        }
    }

    private static VolumeFile Of(DownwardItem item, DownwardSource source, int? mode, PodFacts facts)
    {
        var value = item.FieldRef is { } field ? facts.Field(field.FieldPath)
            : item.ResourceFieldRef is { } resource ? facts.Amount(resource, null) : null;
        return new(
            Inside(item.Path),
            Encoding.UTF8.GetBytes(value ?? throw new ConfigErrorException($"{item.Path}: no such field")),
            (UnixFileMode)(item.Mode ?? source.DefaultMode ?? mode ?? UsualMode));
    }

    private static byte[] Rewritten(byte[] bytes, Func<string, string> rewrite)
    {
        // Not a text, or one without a name: byte by byte as it was.
        if (bytes.AsSpan().IndexOf(".svc"u8) < 0)
            return bytes;
        var text = Encoding.UTF8.GetString(bytes);
        return Encoding.UTF8.GetBytes(text).AsSpan().SequenceEqual(bytes) ? Encoding.UTF8.GetBytes(rewrite(text)) : bytes;
    }

    /// <summary>A path that stays inside its volume.</summary>
    private static string Inside(string path) =>
        path.Length > 0 && path[0] != '/' && !path.Split('/').Contains("..", StringComparer.Ordinal)
            ? path : throw new ConfigErrorException($"{path}: a path of a volume must be relative and must not contain '..'");
}
