using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Fleet.NodeDns;

/// <summary>As much of RFC 1035 as resolvers in pods ask: one question per datagram, addresses for an answer.</summary>
/// <param name="address">Where it listens.</param>
/// <param name="find">The addresses of a name; null where there is no such name.</param>
internal sealed class DnsServer(IPEndPoint address, Func<string, IReadOnlyList<IPAddress>?> find) : IDisposable
{
    private const int HeaderLength = 12;
    private const int LongestAnswer = 512;
    private const int AddressRecordLength = 16;
    private const ushort TypeA = 1;

    // A pod that is not ready any more should not be found for long.
    private const uint SecondsToLive = 2;

    private readonly UdpClient _socket = new(address);

    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            while (true)
            {
                var asked = await _socket.ReceiveAsync(stop);
                if (Answer(asked.Buffer) is { } answer)
                    await _socket.SendAsync(answer, asked.RemoteEndPoint, stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
        }
    }

    public void Dispose() => _socket.Dispose();

    // Null: not understood, and nothing is answered.
    private byte[]? Answer(byte[] query)
    {
        if (query.Length < HeaderLength + 5 || BinaryPrimitives.ReadUInt16BigEndian(query.AsSpan(4)) != 1)
            return null;
        var name = new StringBuilder();
        var at = HeaderLength;
        while (query[at] is not 0 and var length)
        {
            if (length > 63 || at + 1 + length + 5 > query.Length)
                return null;
            name.Append(name.Length > 0 ? "." : "").Append(Encoding.ASCII.GetString(query, at + 1, length));
            at += 1 + length;
        }

        var end = at + 5;
        if (end > query.Length)
            return null;
        var found = find(name.ToString());
        var addresses = BinaryPrimitives.ReadUInt16BigEndian(query.AsSpan(at + 1)) == TypeA ? found ?? [] : [];
        // More would have to be asked for again, by TCP.
        addresses = [.. addresses.Take((LongestAnswer - end) / AddressRecordLength)];

        var answer = new byte[end + (addresses.Count * AddressRecordLength)];
        query.AsSpan(0, end).CopyTo(answer);
        // An authoritative answer; the wish for recursion is repeated, and granted in so far as nothing is left to ask.
        BinaryPrimitives.WriteUInt16BigEndian(answer.AsSpan(2), (ushort)(0x8480 | (query[2] << 8 & 0x0100) | (found is null ? 3 : 0)));
        BinaryPrimitives.WriteUInt16BigEndian(answer.AsSpan(6), (ushort)addresses.Count);
        answer.AsSpan(8, 4).Clear(); // no additional records: not those of the question either
        foreach (var one in addresses)
        {
            var record = answer.AsSpan(end, AddressRecordLength);
            BinaryPrimitives.WriteUInt16BigEndian(record, 0xC000 | HeaderLength); // the question's name
            BinaryPrimitives.WriteUInt16BigEndian(record[2..], TypeA);
            BinaryPrimitives.WriteUInt16BigEndian(record[4..], 1);
            BinaryPrimitives.WriteUInt32BigEndian(record[6..], SecondsToLive);
            BinaryPrimitives.WriteUInt16BigEndian(record[10..], 4);
            one.TryWriteBytes(record[12..], out _);
            end += AddressRecordLength;
        }

        return answer;
    }
}
