using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace Fleet.Gateway;

/// <summary>The lines of a watch as they arrive.</summary>
internal static class WatchLines
{
    /// <summary>A ConfigMap holds 1 MiB; escaped as JSON it may be several times that.</summary>
    public const int MaxLength = 8 << 20;

    /// <exception cref="IOException">The connection was cut within a line, or a line is too long.</exception>
    public static async IAsyncEnumerable<byte[]> ReadAsync(Stream stream, [EnumeratorCancellation] CancellationToken stop)
    {
        var pipe = PipeReader.Create(stream);
        try
        {
            while (true)
            {
                var read = await pipe.ReadAsync(stop);
                var rest = read.Buffer;
                while (rest.PositionOf((byte)'\n') is { } end)
                {
                    if (rest.Slice(0, end) is { IsEmpty: false } line)
                        yield return line.ToArray();
                    rest = rest.Slice(rest.GetPosition(1, end));
                }

                if (rest.Length > MaxLength)
                    throw new IOException($"a line of the watch is longer than {MaxLength} bytes");
                if (read.IsCompleted)
                {
                    if (!rest.IsEmpty)
                        throw new IOException("the watch was cut in the middle of a line");
                    yield break;
                }

                pipe.AdvanceTo(rest.Start, rest.End);
            }
        }
        finally
        {
            await pipe.CompleteAsync();
        }
    }
}
