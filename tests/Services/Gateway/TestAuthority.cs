using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Fleet.ServiceTests.Gateway;

/// <summary>A root and an intermediate authority, and the certificates that the second gives out. Clients know the root alone.</summary>
internal sealed class TestAuthority : IDisposable
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;

    private readonly ECDsa _rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _intermediate;
    private int _serial;

    public TestAuthority()
    {
        Root = AuthorityRequest("CN=test root", _rootKey).CreateSelfSigned(Now.AddDays(-400), Now.AddDays(400));
        _intermediate = AuthorityRequest("CN=test intermediate", _key).Create(Root, Now.AddDays(-399), Now.AddDays(399), [1]);
    }

    public X509Certificate2 Root { get; }

    /// <summary>A server's certificate for localhost and 127.0.0.1 with the intermediate one, and its key, as PEM.</summary>
    public PemPair Issue(int beginsInDays = -30, int endsInDays = 90)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Issue(new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256), beginsInDays, endsInDays, key.ExportPkcs8PrivateKeyPem());
    }

    /// <summary>The same with RSA, the key as PKCS #1.</summary>
    public PemPair IssueRsa(int bits)
    {
        using var key = RSA.Create(bits);
        return Issue(new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1), -30, 90, key.ExportRSAPrivateKeyPem());
    }

    public void Dispose()
    {
        Root.Dispose();
        _intermediate.Dispose();
        _rootKey.Dispose();
        _key.Dispose();
    }

    private PemPair Issue(CertificateRequest request, int beginsInDays, int endsInDays, string key)
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(System.Net.IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        var signer = X509SignatureGenerator.CreateForECDsa(_key);
        byte[] serial = [2, (byte)++_serial];
        using var leaf = request.Create(_intermediate.SubjectName, signer, Now.AddDays(beginsInDays), Now.AddDays(endsInDays), serial);
        return new($"{leaf.ExportCertificatePem()}\n{_intermediate.ExportCertificatePem()}\n", key, leaf.SerialNumber, leaf.NotAfter);
    }

    private static CertificateRequest AuthorityRequest(string name, ECDsa key)
    {
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        return request;
    }
}

/// <summary>What the two entries of a TLS Secret hold.</summary>
internal sealed record PemPair(string Certificates, string Key, string Serial, DateTime NotAfter);
