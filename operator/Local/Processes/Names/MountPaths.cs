using System.Text;

namespace Fleet.Local.Processes;

/// <summary>A volume as a container sees it.</summary>
/// <param name="MountPath">The path inside the container.</param>
/// <param name="Folder">The folder or file on this machine.</param>
internal readonly record struct Mount(string MountPath, string Folder);

/// <summary>Puts real folders in the place of a container's mount paths, wherever these stand in a text.</summary>
internal sealed class MountPaths
{
    private readonly Mount[] _mounts;

    /// <summary>The paths of one container.</summary>
    public MountPaths(IEnumerable<Mount> mounts) =>
        _mounts = [.. mounts.Select(m => m with { MountPath = m.MountPath.TrimEnd('/') }).Where(m => m.MountPath.Length > 1).OrderByDescending(m => m.MountPath.Length)];

    /// <summary>The folder behind a mount path or below one; null when nothing is mounted there.</summary>
    public string? Find(string path)
    {
        foreach (var mount in _mounts)
        {
            if (path == mount.MountPath || path.StartsWith(mount.MountPath + "/", StringComparison.Ordinal))
                return mount.Folder + path[mount.MountPath.Length..];
        }

        return null;
    }

    /// <summary>Rewrites a text, the longest mount path first.</summary>
    public string Rewrite(string text)
    {
        if (_mounts.Length == 0 || !text.Contains('/', StringComparison.Ordinal))
            return text;
        var result = new StringBuilder(text.Length);
        for (var at = 0; at < text.Length;)
        {
            if (text[at] == '/' && Begins(text, at) && _mounts.FirstOrDefault(m => IsAt(text, at, m.MountPath)) is { MountPath: { } path } mount)
            {
                result.Append(mount.Folder);
                at += path.Length;
            }
            else
            {
                result.Append(text[at++]);
            }
        }

        return result.ToString();
    }

    // Not inside a longer path, nor the path of a URL; but that of a file URL is one of ours.
    private static bool Begins(string text, int at) =>
        at == 0 || !(char.IsAsciiLetterOrDigit(text[at - 1]) || text[at - 1] is '/' or '.' or '_' or '-' or '~' or '%' or '}' or ']') ||
        text.AsSpan(0, at).EndsWith("file://", StringComparison.Ordinal);

    private static bool IsAt(string text, int at, string path)
    {
        var end = at + path.Length;
        return string.CompareOrdinal(text, at, path, 0, path.Length) == 0 &&
            (end == text.Length || !(char.IsAsciiLetterOrDigit(text[end]) || text[end] is '.' or '_' or '-' or '~' or '%'));
    }
}
