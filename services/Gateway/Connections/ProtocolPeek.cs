using Microsoft.AspNetCore.Connections;

namespace Fleet.Gateway;

/// <summary>Waits for enough of a connection's first bytes to know its protocol, and leaves them unread.</summary>
internal sealed class ProtocolPeek(TimeProvider time, GatewayMeter meter)
{
    /// <summary>A client that has not said by then what it speaks is not waited for: connections that never speak would pile up.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>How many connections may be silent at once. They cost a socket and a timer each.</summary>
    public const int MaxSilent = 8192;

    private int _silent;

    /// <summary>The lane, or <see cref="Lane.Undecided"/> when the client went away or kept silent; the connection is then of no more use.</summary>
    public async ValueTask<Lane> DecideAsync(ConnectionContext connection)
    {
        if (Interlocked.Increment(ref _silent) > MaxSilent)
        {
            Interlocked.Decrement(ref _silent);
            meter.ConnectionDropped("too-many-silent");
            return Lane.Undecided;
        }

        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, connection.ConnectionClosed);
        try
        {
            return await ReadAsync(connection, either.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            meter.ConnectionDropped(patience.IsCancellationRequested ? "silent" : "closed");
            return Lane.Undecided;
        }
        finally
        {
            Interlocked.Decrement(ref _silent);
        }
    }

    private static async ValueTask<Lane> ReadAsync(ConnectionContext connection, CancellationToken stop)
    {
        var input = connection.Transport.Input;
        long seen = 0;
        while (true)
        {
            var read = await input.ReadAsync(stop);
            var lane = Preface.Judge(read.Buffer);
            if (lane == Lane.Undecided && !read.IsCompleted)
            {
                seen = read.Buffer.Length;
                input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                continue;
            }

            // The last bytes stay unexamined: else the server's first read would wait for more than the client has to say.
            input.AdvanceTo(read.Buffer.Start, read.Buffer.GetPosition(seen));
            return lane;
        }
    }
}
