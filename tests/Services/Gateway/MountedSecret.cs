namespace Fleet.ServiceTests.Gateway;

/// <summary>A mounted TLS Secret as the kubelet keeps one: the files are links through <c>..data</c>, which is swapped to the next directory.</summary>
internal sealed class MountedSecret : IDisposable
{
    private const string Link = "..data";

    private int _moment;
    private string? _current;

    public string Folder { get; } = Directory.CreateTempSubdirectory("tls-").FullName;

    public void Write(PemPair pair) => Write(pair.Certificates, pair.Key);

    public void Write(string? certificates, string? key)
    {
        var next = Directory.CreateDirectory(Path.Combine(Folder, $"..{_moment++}")).FullName;
        foreach (var (name, text) in new[] { ("tls.crt", certificates), ("tls.key", key) })
        {
            if (text is not null)
                File.WriteAllText(Path.Combine(next, name), text);
            if (_current is null)
                File.CreateSymbolicLink(Path.Combine(Folder, name), Path.Combine(Link, name));
        }

        var swapped = Path.Combine(Folder, "..data_tmp");
        Directory.CreateSymbolicLink(swapped, Path.GetFileName(next));
        Rename(swapped, Path.Combine(Folder, Link));
        if (_current is not null)
            Directory.Delete(_current, recursive: true);
        _current = next;
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    /// <summary>A link to a directory moved over another one, which .NET refuses and rename(2) does at one blow.</summary>
    private static void Rename(string from, string to)
    {
        using var mv = System.Diagnostics.Process.Start("mv", ["-T", from, to]);
        mv.WaitForExit();
        if (mv.ExitCode != 0)
            throw new IOException($"{from} cannot be moved to {to}");
    }
}
