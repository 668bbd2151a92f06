using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Fleet.NodeHost;

/// <summary>What test pods do.</summary>
internal static class Workload
{
    /// <summary>Answers every HTTP request, whatever it is, with the name of its pod, and closes.</summary>
    public static int Serve()
    {
        var address = IPAddress.Parse(Environment.GetEnvironmentVariable("LISTEN_ADDRESS")!);
        var port = int.Parse(Environment.GetEnvironmentVariable("PORT") ?? "8080", CultureInfo.InvariantCulture);
        var name = Environment.GetEnvironmentVariable("HOSTNAME")!;
        var answer = Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {name.Length}\r\nConnection: close\r\n\r\n{name}");
        var listener = new TcpListener(address, port);
        listener.Start();
        Console.WriteLine($"{name} listens on {address}:{port}");
        while (true)
        {
            // Each on its own: a client may open a connection and keep it in store, silent.
            var client = listener.AcceptSocket();
            new Thread(() => Answer(client, answer)) { IsBackground = true }.Start();
        }
    }

    private static void Answer(Socket client, byte[] answer)
    {
        using (client)
        {
            try
            {
                if (client.Receive(new byte[4096]) > 0)
                    client.Send(answer);
                client.Shutdown(SocketShutdown.Both);
            }
            catch (SocketException)
            {
                // The client is gone.
            }
        }
    }

    /// <summary>Takes so much memory that is no managed heap, and keeps it.</summary>
    public static int Eat(long bytes)
    {
        Console.WriteLine($"eats {bytes} bytes");
        unsafe
        {
            var memory = (byte*)System.Runtime.InteropServices.NativeMemory.Alloc((nuint)bytes);
            for (long at = 0; at < bytes; at += 4096)
                memory[at] = 1;
        }

        Thread.Sleep(Timeout.Infinite);
        return 0;
    }
}
