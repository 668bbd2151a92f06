using System.Net.Sockets;
using Fleet.Hosting;
using Xunit;

namespace Fleet.ServiceTests.Hosting;

public class WatchedConnectionTests
{
    [Fact]
    public async Task The_kernel_is_told_to_break_it_when_the_other_machine_is_silent()
    {
        await using var other = await TestIssuer.StartAsync();
        Socket? socket = null;
        using var http = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectCallback = async (context, stop) =>
            {
                var stream = await WatchedConnection.ConnectAsync(context, stop);
                socket = ((NetworkStream)stream).Socket;
                return stream;
            },
        });
        await http.GetStringAsync(new Uri($"{other.Address}/.well-known/jwks.json"));

        Assert.NotNull(socket);
        Assert.True(socket.NoDelay);
        Assert.Equal(1, socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive));
        int Option(SocketOptionName name) => (int)socket.GetSocketOption(SocketOptionLevel.Tcp, name)!;
        Assert.Equal(
            WatchedConnection.Patience.TotalSeconds,
            Option(SocketOptionName.TcpKeepAliveTime) + (Option(SocketOptionName.TcpKeepAliveInterval) * Option(SocketOptionName.TcpKeepAliveRetryCount)));
        if (!OperatingSystem.IsLinux())
            return;
        var milliseconds = new byte[sizeof(int)];
        Assert.Equal(sizeof(int), socket.GetRawSocketOption(6, 18, milliseconds)); // TCP_USER_TIMEOUT
        Assert.Equal(WatchedConnection.Patience.TotalMilliseconds, BitConverter.ToInt32(milliseconds));
    }
}
