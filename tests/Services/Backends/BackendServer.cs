using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Fleet.Testing;

namespace Fleet.ServiceTests;

/// <summary>A server of the cache on 127.0.0.1. It can be killed and started again with what it had kept.</summary>
/// <param name="kind">What tests/Backends/run calls it.</param>
/// <param name="ports">How many ports in a row it takes.</param>
/// <param name="isUp">Whether it answers.</param>
public sealed class BackendServer(string kind, int ports, Func<int, Task<bool>> isUp) : IAsyncDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory($"fleet-{kind}-").FullName;
    private readonly ConcurrentQueue<string> _log = new();
    private ServerProcess? _process;

    /// <summary>Where it listens.</summary>
    public int Port { get; } = FreePorts(ports);

    /// <summary>Another address of this machine to listen on; none when null.</summary>
    public string? AlsoListen { get; set; }

    /// <summary>Starts it and returns when it answers.</summary>
    public async Task StartAsync()
    {
        await BackendScripts.InstallAsync();
        _process = ServerProcess.Start(BackendScripts.Run, [kind, _directory, $"{Port}"], new Dictionary<string, string?> { ["ALSO_LISTEN"] = AlsoListen }, _log.Enqueue);
        await Eventually.True(
            async () => _process.HasExited || await isUp(Port), TimeSpan.FromMinutes(4), () => string.Join('\n', _log.TakeLast(15)), $"{kind} is up");
        if (_process.HasExited)
            throw new InvalidOperationException($"{kind} has ended:\n{string.Join('\n', _log.TakeLast(15))}");
    }

    /// <summary>Whether a text is in one of its files of these extensions.</summary>
    public bool HasOnDisk(string text, params string[] extensions) =>
        Directory.EnumerateFiles(_directory, "*", SearchOption.AllDirectories).Any(f => extensions.Contains(Path.GetExtension(f)) && File.ReadAllBytes(f).AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0);

    /// <summary>Kills it as a crash would.</summary>
    public Task KillAsync() => _process?.KillAsync() ?? Task.CompletedTask;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
            await _process.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>Free ports in a row, below those that the kernel gives to outgoing connections.</summary>
    internal static int FreePorts(int count)
    {
        while (true)
        {
            var first = Random.Shared.Next(15000, 32000);
            if (Enumerable.Range(first, count).All(IsFree))
                return first;
        }
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Any, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
