namespace Fleet.Cli;

/// <summary>Reads the files of <c>-f</c>.</summary>
internal static class ManifestSource
{
    /// <summary>Stands for standard input.</summary>
    private const string StandardInput = "-";

    /// <summary>The files with their texts.</summary>
    /// <exception cref="CommandException">One cannot be read.</exception>
    internal static async Task<IReadOnlyList<(string File, string Text)>> ReadAsync(IReadOnlyList<string> files, CancellationToken stop)
    {
        if (files.Count(f => f == StandardInput) > 1)
            throw CommandException.Usage("-f -: standard input can be read once only");
        var read = new List<(string, string)>();
        foreach (var file in files)
            read.Add(file == StandardInput ? ("stdin", await Console.In.ReadToEndAsync(stop)) : (file, await ReadAsync(file, stop)));
        return read;
    }

    private static async Task<string> ReadAsync(string file, CancellationToken stop)
    {
        if (Directory.Exists(file))
            throw CommandException.Usage($"{file}: is a directory; name the files in it, each with -f");
        try
        {
            return await File.ReadAllTextAsync(file, stop);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw CommandException.Usage($"{file}: cannot be read: {e.Message}", e);
        }
    }
}
