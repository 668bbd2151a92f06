using System.Net.Security;
using System.Security.Authentication;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Fleet.Gateway;

/// <summary>The public TLS endpoint: HTTP/1.1 and HTTP/2 by ALPN (RFC 7301), the certificate of the moment for each handshake.</summary>
internal static class TlsEndPoint
{
    /// <summary>A client that has not ended the handshake by then is not waited for.</summary>
    private static readonly TimeSpan HandshakePatience = TimeSpan.FromSeconds(10);

    public static void Configure(ListenOptions endpoint, TlsCertificates certificates, GatewayMeter meter)
    {
        endpoint.Protocols = HttpProtocols.Http1AndHttp2;
        endpoint.Use(next => connection =>
        {
            if (certificates.Current is not null)
                return next(connection);
            meter.ConnectionDropped("no-certificate");
            connection.Abort(new ConnectionAbortedException("There is no certificate yet."));
            return Task.CompletedTask;
        });
        endpoint.UseHttps(new TlsHandshakeCallbackOptions
        {
            HandshakeTimeout = HandshakePatience,
            OnConnection = _ => ValueTask.FromResult(Options(certificates.Current!)), // once there is one, there always is one
        });
    }

    /// <summary>New for each handshake: the server adds to them. Sessions are resumed with the certificate that they began with, or not at all.</summary>
    public static SslServerAuthenticationOptions Options(CertificatePair pair) => new()
    {
        ServerCertificateContext = pair.Context,
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13, // RFC 8996 has ended what was before, whatever the system still allows
    };
}
