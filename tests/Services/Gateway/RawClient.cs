using System.Net.Sockets;
using System.Text;
using Fleet.Testing;

namespace Fleet.ServiceTests.Gateway;

/// <summary>A client without manners: it sends the bytes it is given.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly TcpClient _tcp = new() { NoDelay = true };

    public static async Task<RawClient> ConnectAsync(int port)
    {
        var client = new RawClient();
        await client._tcp.ConnectAsync("127.0.0.1", port);
        client.Stream = client._tcp.GetStream();
        return client;
    }

    public NetworkStream Stream { get; private set; } = null!;

    public Task SendAsync(string text) => SendAsync(Encoding.Latin1.GetBytes(text));

    public async Task SendAsync(byte[] bytes) => await Stream.WriteAsync(bytes);

    /// <summary>Everything until the server closes, or until enough was seen.</summary>
    public async Task<string> ReadAsync(Func<string, bool>? enough = null)
    {
        var text = new StringBuilder();
        var buffer = new byte[4096];
        using var patience = new CancellationTokenSource(Eventually.Patience);
        try
        {
            while (await Stream.ReadAsync(buffer, patience.Token) is > 0 and var read)
            {
                text.Append(Encoding.Latin1.GetString(buffer, 0, read));
                if (enough?.Invoke(text.ToString()) == true)
                    break;
            }
        }
        catch (IOException)
        {
            // a reset ends it as well
        }

        return text.ToString();
    }

    /// <summary>The status of one HTTP/1.1 answer.</summary>
    public async Task<int> StatusAsync()
    {
        var answer = await ReadAsync(t => t.Contains("\r\n\r\n", StringComparison.Ordinal));
        return answer.StartsWith("HTTP/1.1 ", StringComparison.Ordinal) ? int.Parse(answer.AsSpan(9, 3)) : 0;
    }

    public void Dispose() => _tcp.Dispose();
}
