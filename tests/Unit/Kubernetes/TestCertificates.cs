using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Fleet.Unit.Kubernetes;

/// <summary>A certificate authority of a test's own.</summary>
internal sealed class TestCertificates
{
    private readonly X509Certificate2 _authority;
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public TestCertificates(string name = "test authority")
    {
        var request = new CertificateRequest($"CN={name}", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        _authority = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddYears(1));
    }

    public string AuthorityPem => _authority.ExportCertificatePem();

    /// <summary>A certificate with its key as PEM: for a server of these names, or for a client when there are none.</summary>
    public (string Certificate, string Key) Issue(string name, params string[] dnsNames)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"O=fleet, CN={name}", key, HashAlgorithmName.SHA256);
        if (dnsNames.Length > 0)
        {
            var names = new SubjectAlternativeNameBuilder();
            foreach (var dns in dnsNames)
            {
                if (IPAddress.TryParse(dns, out var address))
                    names.AddIpAddress(address);
                else
                    names.AddDnsName(dns);
            }

            request.CertificateExtensions.Add(names.Build());
        }

        using var issued = request.Create(_authority, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(7), RandomNumberGenerator.GetBytes(8));
        return (issued.ExportCertificatePem(), key.ExportECPrivateKeyPem());
    }
}
