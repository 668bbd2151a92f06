using System.Buffers;
using System.IO.Pipelines;

namespace Fleet.Kubernetes;

/// <summary>The lines of a watch as they arrive, without a string or a copy per line.</summary>
internal sealed class WatchLines(Stream stream, int maxLength, TimeSpan idleTimeout, TimeProvider time, string request) : IAsyncDisposable
{
    private const int BufferSize = 16 << 10;

    /// <summary>Zero-byte reads: a watch that waits, and most do most of the time, holds no buffer.</summary>
    private readonly PipeReader _pipe = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: BufferSize, useZeroByteReads: true));
    private readonly CancellationTokenSource _idle = new(Timeout.InfiniteTimeSpan, time);
    private ReadOnlySequence<byte> _unread;
    private long _scanned;
    private bool _started;
    private bool _ended;

    /// <summary>The next line; it is valid until the next call. Null at the end.</summary>
    /// <exception cref="IOException">The connection broke, or ended within a line.</exception>
    /// <exception cref="InvalidDataException">The line is too long.</exception>
    /// <exception cref="TimeoutException">Nothing came for too long.</exception>
    public async ValueTask<ReadOnlySequence<byte>?> NextAsync(CancellationToken stop)
    {
        while (true)
        {
            if (TryTake(out var line))
            {
                if (line.Length > maxLength)
                    throw TooLong();
                if (line.Length > 0)
                    return line;
                continue;
            }

            if (_unread.Length > maxLength)
                throw TooLong();
            if (_ended)
                return _unread.IsEmpty ? null : throw new IOException($"{request}: the connection was cut in the middle of a line");
            await ReadMoreAsync(stop);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _pipe.CompleteAsync();
        _idle.Dispose();
    }

    private bool TryTake(out ReadOnlySequence<byte> line)
    {
        if (_unread.Slice(_scanned).PositionOf((byte)'\n') is { } end)
        {
            line = _unread.Slice(0, end);
            _unread = _unread.Slice(_unread.GetPosition(1, end));
            _scanned = 0;
            return true;
        }

        line = default;
        _scanned = _unread.Length; // what was looked through once holds no line feed
        return false;
    }

    private async ValueTask ReadMoreAsync(CancellationToken stop)
    {
        if (_started)
            _pipe.AdvanceTo(_unread.Start, _unread.End);
        _started = true;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, _idle.Token);
        _idle.CancelAfter(idleTimeout);
        try
        {
            var result = await _pipe.ReadAsync(either.Token);
            _unread = result.Buffer;
            _ended = result.IsCompleted;
        }
        catch (Exception e) when (either.IsCancellationRequested && e is OperationCanceledException or IOException)
        {
            stop.ThrowIfCancellationRequested();
            throw new TimeoutException($"{request}: the connection is stalled, nothing came for {idleTimeout.TotalSeconds:0} s", e);
        }
        finally
        {
            _idle.CancelAfter(Timeout.InfiniteTimeSpan); // while the events are worked on, the silence is ours
        }
    }

    private InvalidDataException TooLong() => new($"{request}: a line is longer than {maxLength} bytes");
}
