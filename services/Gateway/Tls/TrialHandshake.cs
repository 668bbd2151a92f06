using System.IO.Pipelines;
using System.Net.Security;
using System.Security.Authentication;

namespace Fleet.Gateway;

/// <summary>
/// A handshake with oneself, in memory. A pair can be well formed and still be refused by the TLS library when it is used, for a key that is too short above all; that
/// must not show first in the handshakes of clients.
/// </summary>
internal static class TrialHandshake
{
    /// <exception cref="CertificateException">No handshake comes about with the pair.</exception>
    public static async Task RunAsync(CertificatePair pair, CancellationToken stop)
    {
        var (up, down) = (new Pipe(), new Pipe());
        using var server = new SslStream(new PipeStream(up.Reader, down.Writer));
        // Whom the certificate names, and who vouches for it, is for real clients to judge.
        using var client = new SslStream(
            new PipeStream(down.Reader, up.Writer), leaveInnerStreamOpen: false, (_, seen, _, _) => seen?.GetRawCertData().AsSpan().SequenceEqual(pair.Certificate.RawDataMemory.Span) == true);
        var serving = ServeAsync(server, pair, down.Writer, stop);
        Exception? refused = null;
        try
        {
            await client.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "" }, stop);
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            refused = e;
            await up.Writer.CompleteAsync();
        }

        if ((await serving ?? refused) is { } error)
            throw new CertificateException($"no handshake comes about with this certificate: {(error.InnerException ?? error).Message}", error);
    }

    private static async Task<Exception?> ServeAsync(SslStream server, CertificatePair pair, PipeWriter output, CancellationToken stop)
    {
        try
        {
            await server.AuthenticateAsServerAsync(TlsEndPoint.Options(pair), stop);
            return null;
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            await output.CompleteAsync(); // the client would wait for more
            return e;
        }
    }

    /// <summary>Both directions of one end as a stream.</summary>
    private sealed class PipeStream(PipeReader input, PipeWriter output) : Stream
    {
        private readonly Stream _input = input.AsStream();
        private readonly Stream _output = output.AsStream();

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => _input.ReadAsync(buffer, cancellationToken);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => _output.WriteAsync(buffer, cancellationToken);

        public override Task FlushAsync(CancellationToken cancellationToken) => _output.FlushAsync(cancellationToken);

        public override void Flush() => _output.Flush();

        public override int Read(byte[] buffer, int offset, int count) => _input.Read(buffer, offset, count);

        public override void Write(byte[] buffer, int offset, int count) => _output.Write(buffer, offset, count);

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
