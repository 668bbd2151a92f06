using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Fleet.Gateway;

/// <summary>A certificate with its key and those that lead to its authority, ready to serve.</summary>
/// <param name="Context">What a handshake takes: the certificate and all that is sent with it.</param>
internal sealed record CertificatePair(SslStreamCertificateContext Context)
{
    public X509Certificate2 Certificate => Context.TargetCertificate;

    /// <summary>Reads PEM files as a Secret of type kubernetes.io/tls has them: the server's certificate first, then the intermediate ones.</summary>
    /// <exception cref="CertificateException">They are no pair.</exception>
    public static CertificatePair Read(ReadOnlySpan<byte> certificates, ReadOnlySpan<byte> key)
    {
        var chain = Chain(Encoding.UTF8.GetString(certificates));
        try
        {
            var leaf = X509Certificate2.CreateFromPem(Encoding.UTF8.GetString(certificates), Encoding.UTF8.GetString(key));
            // Offline: what belongs to the chain is in the file, and a start does not wait for somebody's server.
            return new(SslStreamCertificateContext.Create(leaf, chain, offline: true));
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException) // an ArgumentException is a key that belongs to another certificate
        {
            throw new CertificateException($"tls.key is no key of the first certificate in tls.crt: {e.Message}", e);
        }
    }

    private static X509Certificate2Collection Chain(string pem)
    {
        var all = new X509Certificate2Collection();
        try
        {
            all.ImportFromPem(pem);
        }
        catch (CryptographicException e)
        {
            throw new CertificateException($"tls.crt holds what is no certificate: {e.Message}", e);
        }

        if (all.Count == 0)
            throw new CertificateException("tls.crt holds no certificate: it is to be PEM, the server's own first");
        all.RemoveAt(0);
        return all;
    }
}

/// <summary>Two files that cannot be served as certificate and key. The message has nothing of the key.</summary>
internal sealed class CertificateException(string message, Exception? cause = null) : Exception(message, cause);
