using System.Threading.Channels;

namespace Fleet.Cli;

/// <summary>Tells of files that were saved, by their new text. Editors write in several steps, or put a new file in place of the old one: only the end counts.</summary>
internal sealed class SavedFiles : IDisposable
{
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(100);

    private readonly Channel<string> _touched = Channel.CreateUnbounded<string>();
    private readonly List<FileSystemWatcher> _watchers = [];
    private readonly Dictionary<string, string> _texts;
    private readonly TimeProvider _time;

    /// <summary>Looks from now on.</summary>
    /// <param name="files">The files with the texts that are known.</param>
    /// <param name="time">The clock.</param>
    internal SavedFiles(IEnumerable<(string File, string Text)> files, TimeProvider time)
    {
        _time = time;
        _texts = files.Where(f => File.Exists(f.File)).ToDictionary(f => f.File, f => f.Text, StringComparer.Ordinal);
        foreach (var file in _texts.Keys)
        {
            var full = Path.GetFullPath(file);
            var watcher = new FileSystemWatcher(Path.GetDirectoryName(full)!, Path.GetFileName(full));
            watcher.Changed += (_, _) => _touched.Writer.TryWrite(file);
            watcher.Created += (_, _) => _touched.Writer.TryWrite(file);
            watcher.Renamed += (_, _) => _touched.Writer.TryWrite(file);
            watcher.EnableRaisingEvents = true;
            _watchers.Add(watcher);
        }
    }

    /// <summary>Calls for every text that is new, until stopped.</summary>
    internal async Task FollowAsync(Func<string, string, Task> saved, CancellationToken stop)
    {
        while (await _touched.Reader.WaitToReadAsync(stop))
        {
            await Task.Delay(Quiet, _time, stop);
            var touched = new HashSet<string>(StringComparer.Ordinal);
            while (_touched.Reader.TryRead(out var file))
                touched.Add(file);
            foreach (var file in touched)
            {
                if (await TryReadAsync(file, stop) is not { } text || text == _texts[file])
                    continue;
                _texts[file] = text;
                await saved(file, text);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _watchers.ForEach(w => w.Dispose());

    // Between two steps of an editor there may be no file; the second step is told as well.
    private static async Task<string?> TryReadAsync(string file, CancellationToken stop)
    {
        try
        {
            return await File.ReadAllTextAsync(file, stop);
        }
        catch (IOException)
        {
            return null;
        }
    }
}
