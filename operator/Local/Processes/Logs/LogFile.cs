using System.Globalization;
using System.Text;

namespace Fleet.Local.Processes;

/// <summary>
/// What one run of a container writes, a line each with its time in front. Of a log that grows beyond its bound only the last part and the one before it
/// are kept.
/// </summary>
internal sealed class LogFile : IDisposable
{
    /// <summary>What the name of the part before the last ends with.</summary>
    public const string Older = ".1";

    private const int LongestLine = 64 * 1024;

    private readonly string _path;
    private readonly TimeProvider _time;
    private readonly long _bound;
    private readonly Lock _gate = new();
    private FileStream? _file;
    private TaskCompletionSource _grown = NewSignal();

    /// <summary>Opens a log to write.</summary>
    /// <param name="path">The file.</param>
    /// <param name="time">The clock of its lines.</param>
    /// <param name="bound">The most bytes of a part.</param>
    public LogFile(string path, TimeProvider time, long bound = 10 << 20)
    {
        (_path, _time, _bound) = (path, time, bound);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        _file = Open();
    }

    /// <summary>The file.</summary>
    public string Path => _path;

    /// <summary>How many parts were begun.</summary>
    public int Parts { get; private set; } = 1;

    /// <summary>Whether nothing more will be written.</summary>
    public bool IsComplete
    {
        get
        {
            lock (_gate)
                return _file is null;
        }
    }

    /// <summary>Completes when more was written, or all.</summary>
    public Task Grown
    {
        get
        {
            lock (_gate)
                return _file is null ? Task.CompletedTask : _grown.Task;
        }
    }

    /// <summary>Copies what a process writes into the log, line by line, until it ends.</summary>
    public async Task CopyAsync(Stream output)
    {
        var buffer = new byte[LongestLine];
        var filled = 0;
        try
        {
            while (await output.ReadAsync(buffer.AsMemory(filled)) is > 0 and var read)
            {
                filled += read;
                var from = 0;
                while (buffer.AsSpan(from, filled - from).IndexOf((byte)'\n') is >= 0 and var length)
                {
                    Append(buffer.AsSpan(from, length));
                    from += length + 1;
                }

                if (from == 0 && filled == buffer.Length)
                    (from, _) = (filled, Append(buffer)); // a line without end
                buffer.AsSpan(from, filled - from).CopyTo(buffer);
                filled -= from;
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The pipe is gone with its process.
        }

        if (filled > 0)
            Append(buffer.AsSpan(0, filled));
    }

    /// <summary>Appends a line.</summary>
    /// <returns>How many bytes it took.</returns>
    public int Append(ReadOnlySpan<byte> line)
    {
        var stamp = Encoding.ASCII.GetBytes(_time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z '", CultureInfo.InvariantCulture));
        TaskCompletionSource grown;
        lock (_gate)
        {
            if (_file is null)
                return 0;
            if (_file.Length > 0 && _file.Length + stamp.Length + line.Length + 1 > _bound)
                Rotate();
            _file.Write([.. stamp, .. line, (byte)'\n']);
            _file.Flush();
            (grown, _grown) = (_grown, NewSignal());
        }

        grown.TrySetResult();
        return stamp.Length + line.Length + 1;
    }

    /// <summary>Opens the last two parts to read, as they are at one moment, and tells how many were begun by then.</summary>
    public (FileStream? Older, FileStream? Last, int Parts) Read()
    {
        lock (_gate)
            return (LogReader.OpenPart(_path + Older), LogReader.OpenPart(_path), Parts);
    }

    /// <summary>The run has ended.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _file?.Dispose();
            _file = null;
        }

        _grown.TrySetResult();
    }

    private void Rotate()
    {
        _file!.Dispose();
        File.Move(_path, _path + Older, overwrite: true);
        _file = Open();
        Parts++;
    }

    private FileStream Open() => new(_path, FileMode.Create, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
