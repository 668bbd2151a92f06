using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Fleet.Controller;

/// <summary>A serving certificate, its key, and the authority that vouches for it and for nothing else: the authority's own key is thrown away at once. All are PEM.</summary>
internal sealed record AdmissionPair(string Authority, string Certificate, string Key)
{
    private static readonly TimeSpan Skew = TimeSpan.FromHours(1);

    /// <summary>Until when it can be served.</summary>
    internal DateTimeOffset NotAfter { get; } = EndOf(Certificate);

    /// <summary>Makes one. It begins an hour ago, for API servers whose clocks are behind.</summary>
    /// <param name="host">A DNS name or an IP address.</param>
    /// <param name="now">The time.</param>
    /// <param name="validity">How long it is good.</param>
    internal static AdmissionPair Make(string host, DateTimeOffset now, TimeSpan validity)
    {
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        // A name of its own: two authorities of one name are hard to tell apart while both are trusted.
        var authorityRequest = new CertificateRequest($"CN=fleet-operator-webhook-ca-{Guid.NewGuid():N}", authorityKey, HashAlgorithmName.SHA256);
        authorityRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, pathLengthConstraint: 0, critical: true));
        authorityRequest.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        authorityRequest.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(authorityRequest.PublicKey, critical: false));
        using var authority = authorityRequest.CreateSelfSigned(now - Skew, now + validity);

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=fleet-operator-webhook", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(NameOf(host));
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        using var certificate = request.Create(authority, now - Skew, now + validity, RandomNumberGenerator.GetBytes(16));
        return new(authority.ExportCertificatePem(), certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    /// <summary>Whether it is for a host.</summary>
    internal bool IsFor(string host)
    {
        using var certificate = X509Certificate2.CreateFromPem(Certificate);
        return certificate.MatchesHostname(host, allowWildcards: false, allowCommonName: false);
    }

    /// <summary>With its key, as a server takes it.</summary>
    /// <exception cref="CryptographicException">It is no certificate, or the key belongs to another one.</exception>
    internal X509Certificate2 ToCertificate() => X509Certificate2.CreateFromPem(Certificate, Key);

    internal static DateTimeOffset EndOf(string pem)
    {
        using var certificate = X509Certificate2.CreateFromPem(pem);
        return new(certificate.NotAfter.ToUniversalTime());
    }

    private static X509Extension NameOf(string host)
    {
        var names = new SubjectAlternativeNameBuilder();
        if (IPAddress.TryParse(host, out var address))
            names.AddIpAddress(address);
        else
            names.AddDnsName(host);
        return names.Build();
    }
}
