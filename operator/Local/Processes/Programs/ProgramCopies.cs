using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Fleet.Local.Processes;

/// <summary>A build of a program, where it is run from.</summary>
/// <param name="Program">The program.</param>
/// <param name="Folder">The copy's folder.</param>
/// <param name="Version">Which build it is: a hash of all its files.</param>
internal sealed record ProgramCopy(LocalProgram Program, string Folder, string Version)
{
    /// <summary>The file that <c>dotnet</c> is given.</summary>
    public string Assembly => Path.Combine(Folder, Program.Assembly);
}

/// <summary>Copies of programs. What runs is a copy, because a build writes over files that a running process has mapped.</summary>
/// <param name="directory">Where copies are kept.</param>
internal sealed class ProgramCopies(string directory)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, (string Stamp, ProgramCopy Copy)> _latest = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _moving = new(StringComparer.Ordinal);

    /// <summary>The copy of what is built now.</summary>
    public ProgramCopy Get(LocalProgram program)
    {
        lock (_gate)
        {
            var stamp = StampOf(program);
            if (_latest.TryGetValue(program.Folder, out var latest) && latest.Stamp == stamp && Directory.Exists(latest.Copy.Folder))
                return latest.Copy;
            var copy = Copy(program, HashOf(program));
            _latest[program.Folder] = (stamp, copy);
            return copy;
        }
    }

    /// <summary>
    /// The copy of a newer build than the one that runs; null when there is none, or when it is still being written: files that have changed must stay
    /// the same from one call to the next.
    /// </summary>
    public ProgramCopy? NewerThan(ProgramCopy running)
    {
        lock (_gate)
        {
            var program = running.Program;
            if (!program.IsBuilt)
                return null;
            var stamp = StampOf(program);
            if (_latest.TryGetValue(program.Folder, out var latest) && latest.Stamp == stamp)
                return latest.Copy.Version == running.Version ? null : latest.Copy;
            var settled = _moving.TryGetValue(program.Folder, out var seen) && seen == stamp;
            _moving[program.Folder] = stamp;
            if (!settled)
                return null;
        }

        return Get(running.Program) is { } now && now.Version != running.Version ? now : null;
    }

    /// <summary>Removes copies of earlier builds. Nothing of them may run.</summary>
    public void RemoveAll()
    {
        if (Directory.Exists(directory))
            Directory.Delete(directory, recursive: true);
    }

    private ProgramCopy Copy(LocalProgram program, string version)
    {
        var folder = Path.Combine(directory, $"{program.Name}-{version}");
        if (Directory.Exists(folder))
            return new(program, folder, version);
        var next = folder + ".next";
        if (Directory.Exists(next))
            Directory.Delete(next, recursive: true);
        foreach (var file in Files(program))
        {
            var to = Path.Combine(next, Path.GetRelativePath(program.Folder, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(file, to);
        }

        Directory.Move(next, folder);
        return new(program, folder, version);
    }

    private static IEnumerable<string> Files(LocalProgram program) =>
        Directory.EnumerateFiles(program.Folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal);

    // What is cheap to look at every second.
    private static string StampOf(LocalProgram program)
    {
        var stamp = new StringBuilder();
        foreach (var file in new DirectoryInfo(program.Folder).EnumerateFiles("*", SearchOption.AllDirectories).OrderBy(f => f.FullName, StringComparer.Ordinal))
            stamp.Append(CultureInfo.InvariantCulture, $"{file.FullName}|{file.Length}|{file.LastWriteTimeUtc.Ticks}\n");
        return stamp.ToString();
    }

    // A build that brings the same bytes again is no news.
    private static string HashOf(LocalProgram program)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in Files(program))
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{Path.GetRelativePath(program.Folder, file)}\n"));
            hash.AppendData(File.ReadAllBytes(file));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset())[..12];
    }
}
