using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using Fleet.Local.ApiServer;

namespace Fleet.Local.Processes;

/// <summary>Reads the log of one run as <c>kubectl logs</c> asks for it.</summary>
/// <param name="path">The file.</param>
/// <param name="live">The same while it is written; null when the run is of the past.</param>
/// <param name="query">What is asked for.</param>
/// <param name="now">The time that <c>since</c> counts from.</param>
internal sealed class LogReader(string path, LogFile? live, LogQuery query, DateTimeOffset now)
{
    private readonly DateTimeOffset _since = query.SinceSeconds is { } seconds ? now.AddSeconds(-seconds) : DateTimeOffset.MinValue;
    private long _left = query.LimitBytes ?? long.MaxValue;

    /// <summary>The text as a stream that a task of its own fills.</summary>
    public Stream Open(CancellationToken stop)
    {
        var pipe = new Pipe();
        _ = FillAsync(pipe.Writer, stop);
        return pipe.Reader.AsStream();
    }

    private async Task FillAsync(PipeWriter to, CancellationToken stop)
    {
        try
        {
            await CopyAsync(to, stop);
            await to.CompleteAsync();
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await to.CompleteAsync();
        }
        catch (IOException e)
        {
            await to.CompleteAsync(e);
        }
    }

    private async Task CopyAsync(PipeWriter to, CancellationToken stop)
    {
        var tail = query.TailLines is { } lines ? new Queue<byte[]>(Math.Min(lines, 1024)) : null;
        var reader = new LogLines();
        // At one moment: a part that is begun in between would be read twice.
        var (older, file, part) = live?.Read() ?? (OpenPart(path + LogFile.Older), OpenPart(path), 1);
        try
        {
            // The part before the last, then the last; what is asked for by its end is collected first.
            if (older is not null)
                await ReadAsync(older, reader, tail, to, stop);
            var grown = live?.Grown ?? Task.CompletedTask;
            if (file is not null)
                await ReadAsync(file, reader, tail, to, stop);
            while (tail?.TryDequeue(out var line) == true)
                await WriteAsync(line, to, stop);

            while (query.Follow && live is not null && _left > 0)
            {
                var complete = live.IsComplete;
                await grown.WaitAsync(stop);
                grown = live.Grown;
                var isLast = live.Parts == part;
                // Asked before: what another part follows is read to its end here, and nothing more comes to it.
                if (file is not null)
                    await ReadAsync(file, reader, null, to, stop);
                if (!isLast)
                {
                    var read = part;
                    await CloseAsync(older, file);
                    (older, file, part) = live.Read();
                    if (older is not null && part > read + 1)
                        await ReadAsync(older, reader, null, to, stop);
                    if (file is not null)
                        await ReadAsync(file, reader, null, to, stop);
                }

                if (complete)
                    return;
            }
        }
        finally
        {
            await CloseAsync(older, file);
        }
    }

    private static async Task CloseAsync(params FileStream?[] files)
    {
        foreach (var file in files)
        {
            if (file is not null)
                await file.DisposeAsync();
        }
    }

    private async Task ReadAsync(FileStream file, LogLines reader, Queue<byte[]>? tail, PipeWriter to, CancellationToken stop)
    {
        while (_left > 0 && await reader.NextAsync(file, stop) is { } line)
        {
            if (TimeOf(line) < _since)
                continue;
            if (tail is null)
            {
                await WriteAsync(line, to, stop);
                continue;
            }

            tail.Enqueue(line);
            if (tail.Count > query.TailLines)
                tail.Dequeue();
        }
    }

    private async Task WriteAsync(byte[] line, PipeWriter to, CancellationToken stop)
    {
        var text = query.Timestamps ? line : line.AsMemory(line.AsSpan().IndexOf((byte)' ') + 1);
        text = text.Length > _left ? text[..(int)_left] : text;
        _left -= text.Length;
        if ((await to.WriteAsync(text, stop)).IsCompleted)
            _left = 0; // nobody reads on
    }

    /// <summary>Opens a part to read; null when there is none.</summary>
    internal static FileStream? OpenPart(string path) =>
        File.Exists(path) ? new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete) : null;

    private static DateTimeOffset TimeOf(byte[] line) =>
        line.AsSpan().IndexOf((byte)' ') is > 0 and var end &&
        DateTimeOffset.TryParse(Encoding.ASCII.GetString(line, 0, end), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time : DateTimeOffset.MaxValue;
}

/// <summary>Whole lines, their ends included, of files that may still grow.</summary>
internal sealed class LogLines
{
    private byte[] _buffer = new byte[32 * 1024];
    private int _from;
    private int _to;

    /// <summary>The next line; null when the file has no more whole ones now.</summary>
    public async ValueTask<byte[]?> NextAsync(FileStream file, CancellationToken stop)
    {
        for (var scanned = _from; ;)
        {
            var end = _buffer.AsSpan(scanned, _to - scanned).IndexOf((byte)'\n');
            if (end >= 0)
            {
                var line = _buffer[_from..(scanned + end + 1)];
                _from = scanned + end + 1;
                return line;
            }

            scanned = MakeRoom();
            var read = await file.ReadAsync(_buffer.AsMemory(_to), stop);
            if (read == 0)
                return null;
            _to += read;
        }
    }

    // What is left of a line moves to the front; where to look on for its end.
    private int MakeRoom()
    {
        _buffer.AsSpan(_from, _to - _from).CopyTo(_buffer);
        (_from, _to) = (0, _to - _from);
        if (_to == _buffer.Length)
            Array.Resize(ref _buffer, _buffer.Length * 2);
        return _to;
    }
}
