using System.Runtime.InteropServices;

namespace Fleet.Local.Processes;

/// <summary>
/// A folder whose files change all at once: they stand in a folder of their own behind the link <c>..data</c>, which is replaced by a rename, and the names
/// in the volume are links through it. So a reader has all of the old or all of the new, and a watch of the folder sees one rename, as in a real pod.
/// </summary>
internal static partial class AtomicFolder
{
    private const string Data = "..data";
    private const string Next = "..data_next";

    /// <summary>Makes the folder hold exactly these files; false when it did already.</summary>
    /// <param name="folder">The volume's folder.</param>
    /// <param name="files">Its files.</param>
    /// <param name="version">A name for this state, not used before.</param>
    public static bool Write(string folder, IReadOnlyList<VolumeFile> files, string version)
    {
        Directory.CreateDirectory(folder);
        var link = Path.Combine(folder, Data);
        var before = new DirectoryInfo(link).LinkTarget;
        if (before is not null && Holds(Path.Combine(folder, before), files))
            return false;

        var now = $"..{version}";
        var root = Path.Combine(folder, now);
        Directory.CreateDirectory(root, UserOnly | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        foreach (var file in files)
        {
            var path = Path.Combine(root, file.Path);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            using (var stream = new FileStream(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = file.Mode | UnixFileMode.UserWrite }))
                stream.Write(file.Bytes);
            File.SetUnixFileMode(path, file.Mode);
        }

        var next = Path.Combine(folder, Next);
        File.Delete(next);
        File.CreateSymbolicLink(next, now);
        Replace(next, link);
        Link(folder, files);
        if (before is not null)
            Directory.Delete(Path.Combine(folder, before), recursive: true);
        return true;
    }

    private const UnixFileMode UserOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    // There is no moment without a ..data. File.Move would follow the link, and finds a folder.
    private static void Replace(string from, string to)
    {
        if (rename(from, to) != 0)
            throw new IOException($"{to} cannot be replaced: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
#pragma warning disable IDE1006, SA1300 // the name is libc's
    private static partial int rename(string from, string to);
#pragma warning restore IDE1006, SA1300

    private static void Link(string folder, IReadOnlyList<VolumeFile> files)
    {
        var names = files.Select(f => f.Path.Split('/')[0]).ToHashSet(StringComparer.Ordinal);
        foreach (var entry in new DirectoryInfo(folder).EnumerateFileSystemInfos())
        {
            if (!entry.Name.StartsWith("..", StringComparison.Ordinal) && !names.Remove(entry.Name))
                entry.Delete();
        }

        foreach (var name in names)
            File.CreateSymbolicLink(Path.Combine(folder, name), Path.Combine(Data, name));
    }

    private static bool Holds(string folder, IReadOnlyList<VolumeFile> files)
    {
        var there = Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Count() : -1;
        return there == files.Count && files.All(f =>
            Path.Combine(folder, f.Path) is var path && File.Exists(path) && File.GetUnixFileMode(path) == f.Mode && File.ReadAllBytes(path).AsSpan().SequenceEqual(f.Bytes));
    }
}
