using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;

namespace Fleet.Gateway;

/// <summary>One of Kestrel's endpoints: connections that somebody else accepted, in order.</summary>
internal sealed class LaneListener(EndPoint endPoint) : IConnectionListener
{
    private readonly Channel<ConnectionContext> _accepted = Channel.CreateUnbounded<ConnectionContext>(); // Kestrel takes them at once

    /// <summary>What the server tells as its address.</summary>
    public EndPoint EndPoint { get; set; } = endPoint;

    /// <summary>False when the listener was closed in between.</summary>
    public bool Offer(ConnectionContext connection) => _accepted.Writer.TryWrite(connection);

    public void End(Exception? error = null) => _accepted.Writer.TryComplete(error);

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            return await _accepted.Reader.ReadAsync(cancellationToken);
        }
        catch (ChannelClosedException e) when (e.InnerException is null)
        {
            return null;
        }
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        End();
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => UnbindAsync();
}
