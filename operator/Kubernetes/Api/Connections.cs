using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Fleet.Kubernetes;

/// <summary>Makes the handler through which all requests of one client certificate go.</summary>
internal static class Connections
{
    /// <summary>A peer that died without a word is noticed after this long and <see cref="PingTimeout"/>, on connections with a request or watch.</summary>
    private static readonly TimeSpan PingDelay = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(15);

    public static SocketsHttpHandler Open(ClusterConfig config, TimeSpan connectTimeout, ClientCertificate? certificate) => new()
    {
        SslOptions = Tls(config, certificate),
        EnableMultipleHttp2Connections = true, // a server allows some hundred streams per connection
        KeepAlivePingDelay = PingDelay,
        KeepAlivePingTimeout = PingTimeout,
        KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
        ConnectTimeout = connectTimeout,
        AutomaticDecompression = config.DisableCompression ? DecompressionMethods.None : DecompressionMethods.GZip,
        Proxy = config.Proxy is { } proxy ? WebProxyOf(proxy) : null,
        UseProxy = config.Proxy is not null,
        AllowAutoRedirect = false, // an API server does not redirect, and a token must not follow
        UseCookies = false,
        ActivityHeadersPropagator = null,
    };

    private static SslClientAuthenticationOptions Tls(ClusterConfig config, ClientCertificate? certificate)
    {
        var options = new SslClientAuthenticationOptions();
        if (certificate is not null)
            options.ClientCertificateContext = SslStreamCertificateContext.Create(certificate.Leaf, certificate.Intermediates, offline: true);
        if (config.Insecure)
        {
#pragma warning disable CA5359 // The user asked for it: insecure-skip-tls-verify.
            options.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        }
        else if (!config.CertificateAuthorities.IsEmpty)
        {
            // A policy and no callback: the runtime goes on to check the host name, which callbacks are prone to forget.
            var policy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
                DisableCertificateDownloads = true,
            };
            policy.CustomTrustStore.AddRange(config.CertificateAuthorities.ToArray());
            options.CertificateChainPolicy = policy;
        }

        return options;
    }

    private static WebProxy WebProxyOf(Uri proxy)
    {
        var made = new WebProxy(proxy);
        if (proxy.UserInfo.Split(':', 2) is [{ Length: > 0 } user, .. var rest])
            made.Credentials = new NetworkCredential(Uri.UnescapeDataString(user), rest is [var password] ? Uri.UnescapeDataString(password) : "");
        return made;
    }
}
