using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Fleet.Controller;

/// <summary>
/// What the replicas share in a Secret, and how it goes on: pure. A new pair is first only announced, by its authority; it is served when the API server has known that
/// authority for a while, and the old authority stays known until it ends. So at no time is a certificate shown that is not trusted yet.
/// </summary>
/// <param name="Current">What is served.</param>
/// <param name="Next">What will be served, or null.</param>
/// <param name="Authorities">Those the API server is to trust, PEM, the current one first.</param>
internal sealed record AdmissionKeys(AdmissionPair Current, AdmissionPair? Next, ImmutableArray<string> Authorities)
{
    /// <summary>What the API server is told.</summary>
    internal string Bundle => string.Concat(Authorities.Select(a => $"{a.Trim()}\n"));

    /// <summary>The first ones.</summary>
    internal static AdmissionKeys Begin(string host, DateTimeOffset now, TimeSpan validity)
    {
        var pair = AdmissionPair.Make(host, now, validity);
        return new(pair, null, [pair.Authority]);
    }

    /// <summary>For how long an authority must be known before what it vouches for is served, and every replica has read what is new.</summary>
    internal static TimeSpan Overlap(TimeSpan validity) => Least(TimeSpan.FromMinutes(10), validity / 10);

    /// <summary>How often the Secret is looked at.</summary>
    internal static TimeSpan LookEvery(TimeSpan validity) => Least(TimeSpan.FromSeconds(30), validity / 30);

    /// <summary>What is to be next; these same keys when nothing is to change.</summary>
    /// <param name="host">What the API server calls.</param>
    /// <param name="now">The time.</param>
    /// <param name="validity">How long a new pair is good.</param>
    /// <param name="known">For how long the API server is known to trust <see cref="Bundle"/>; null when it does not.</param>
    internal AdmissionKeys Advanced(string host, DateTimeOffset now, TimeSpan validity, TimeSpan? known)
    {
        if (!Current.IsFor(host) || (now >= Current.NotAfter && Next is null))
            return Begin(host, now, validity);
        if (Next is null)
        {
            if (now < Current.NotAfter - (validity / 3))
                return this;
            var next = AdmissionPair.Make(host, now, validity);
            return this with { Next = next, Authorities = [.. Alive(now), next.Authority] };
        }

        // Who may not tell the API server still goes on, when what is served is of no more use.
        return known >= Overlap(validity) || now >= Current.NotAfter
            ? new(Next, null, [Next.Authority, .. Alive(now).Where(a => a != Next.Authority)])
            : this;
    }

    /// <summary>The data of the Secret.</summary>
    internal JsonObject ToData()
    {
        var data = new JsonObject { ["tls.crt"] = Encoded(Current.Certificate), ["tls.key"] = Encoded(Current.Key), ["ca.crt"] = Encoded(Bundle) };
        if (Next is { } next)
            (data["next.crt"], data["next.key"]) = (Encoded(next.Certificate), Encoded(next.Key));
        return data;
    }

    /// <summary>Reads the data of the Secret; null when somebody else has written into it what is of no use.</summary>
    internal static AdmissionKeys? Read(JsonElement data)
    {
        try
        {
            var authorities = Authority(Decoded(data, "ca.crt"));
            if (authorities.IsEmpty || Pair(data, "tls", authorities) is not { } current)
                return null;
            return new(current, Pair(data, "next", authorities), authorities);
        }
        catch (Exception e) when (e is CryptographicException or FormatException or ArgumentException or InvalidOperationException)
        {
            return null;
        }
    }

    private static AdmissionPair? Pair(JsonElement data, string name, ImmutableArray<string> authorities)
    {
        if (Decoded(data, $"{name}.crt") is not { } certificate || Decoded(data, $"{name}.key") is not { } key)
            return null;
        using var read = X509Certificate2.CreateFromPem(certificate, key); // a key of another certificate is of no use
        var authority = authorities.FirstOrDefault(a => SubjectOf(a).AsSpan().SequenceEqual(read.IssuerName.RawData));
        return authority is null ? null : new(authority, certificate, key);
    }

    private static ImmutableArray<string> Authority(string? bundle)
    {
        var all = new X509Certificate2Collection();
        all.ImportFromPem(bundle ?? "");
        return [.. all.Select(c => c.ExportCertificatePem())];
    }

    private IEnumerable<string> Alive(DateTimeOffset now) => Authorities.Where(a => AdmissionPair.EndOf(a) > now);

    private static byte[] SubjectOf(string pem)
    {
        using var certificate = X509Certificate2.CreateFromPem(pem);
        return certificate.SubjectName.RawData;
    }

    private static TimeSpan Least(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private static string Encoded(string text) => Convert.ToBase64String(Encoding.ASCII.GetBytes(text));

    private static string? Decoded(JsonElement data, string name) =>
        data.ValueKind == JsonValueKind.Object && data.TryGetProperty(name, out var value) ? Encoding.ASCII.GetString(value.GetBytesFromBase64()) : null;
}
