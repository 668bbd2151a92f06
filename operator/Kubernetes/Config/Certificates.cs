using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Fleet.Kubernetes;

/// <summary>Reads certificates and keys from PEM.</summary>
internal static class Certificates
{
    /// <param name="pem">One or several certificates.</param>
    /// <param name="complain">Turns a problem into an exception that says where it is.</param>
    public static ImmutableArray<X509Certificate2> Bundle(byte[] pem, Func<string, Exception> complain)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPem(Encoding.UTF8.GetString(pem));
        }
        catch (CryptographicException e)
        {
            throw complain($"holds a certificate that cannot be read: {e.Message}");
        }

        return certificates.Count > 0 ? [.. certificates] : throw complain("holds no certificate; give PEM text with -----BEGIN CERTIFICATE-----");
    }

    /// <param name="certificatePem">The client's certificate first, then those between it and its root.</param>
    /// <param name="keyPem">The key, not encrypted.</param>
    /// <param name="complain">Turns a problem into an exception; the flag says whether the key is meant.</param>
    public static ClientCertificate Client(byte[] certificatePem, byte[] keyPem, Func<bool, string, Exception> complain)
    {
        var all = Bundle(certificatePem, problem => complain(false, problem));
        var key = Encoding.UTF8.GetString(keyPem);
        if (key.Contains("ENCRYPTED", StringComparison.Ordinal))
            throw complain(true, "is encrypted; decrypt it first (openssl pkey -in KEY -out PLAIN)");
        try
        {
            var leaf = X509Certificate2.CreateFromPem(Encoding.UTF8.GetString(certificatePem), key);
            return new(Usable(leaf), [.. all.Skip(1)]);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw complain(true, $"does not fit the certificate, or is no private key in PEM: {e.Message}");
        }
    }

    /// <summary>The TLS stacks of Windows and macOS take keys from their own stores only, and an import from PKCS #12 puts them there.</summary>
    private static X509Certificate2 Usable(X509Certificate2 certificate)
    {
        if (OperatingSystem.IsLinux())
            return certificate;
        using (certificate)
            return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), password: null);
    }
}
