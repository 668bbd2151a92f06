using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Fleet.Controller;
using Xunit;

namespace Fleet.Unit.Controller;

public sealed class AdmissionKeysTests
{
    private const string Host = "fleet-operator-webhook.fleet.svc";
    private static readonly TimeSpan Validity = TimeSpan.FromDays(20);
    private static readonly TimeSpan LongKnown = TimeSpan.FromDays(1);
    private static readonly DateTimeOffset Start = DateTimeOffset.UtcNow;

    [Theory]
    [InlineData("fleet-operator-webhook.fleet.svc")]
    [InlineData("127.0.0.1")]
    [InlineData("2001:db8::1")]
    public void A_pair_is_for_its_host_and_believed_by_its_authority_alone(string host)
    {
        var pair = AdmissionPair.Make(host, Start, Validity);
        Assert.True(pair.IsFor(host));
        Assert.False(pair.IsFor("elsewhere"));
        Assert.True(Believes([pair.Authority], pair));
        Assert.False(Believes([AdmissionPair.Make(host, Start, Validity).Authority], pair));
        using var served = pair.ToCertificate();
        Assert.True(served.HasPrivateKey);
    }

    [Fact]
    public void A_Secret_keeps_them_as_they_are()
    {
        var keys = AdmissionKeys.Begin(Host, Start, Validity).Advanced(Host, Start + Validity, Validity, null);
        var renewing = AdmissionKeys.Begin(Host, Start, Validity).Advanced(Host, Start + (Validity * 0.7), Validity, null);
        foreach (var written in new[] { keys, renewing })
        {
            var read = Read(written)!;
            Assert.Equal((written.Current, written.Next, written.Bundle), (read.Current, read.Next, read.Bundle));
            Assert.Same(read, read.Advanced(Host, Start, Validity, null));
        }

        Assert.NotNull(renewing.Next);
    }

    [Theory]
    [InlineData("""{}""")]
    [InlineData("""{"ca.crt": "AAAA", "tls.crt": "AAAA", "tls.key": "AAAA"}""")]
    [InlineData("""{"ca.crt": "not base64"}""")]
    [InlineData("""{"ca.crt": 1}""")]
    [InlineData("null")]
    public void What_somebody_else_has_written_is_of_no_use(string data) => Assert.Null(AdmissionKeys.Read(JsonElement.Parse(data)));

    [Fact]
    public void A_key_of_another_certificate_is_of_no_use()
    {
        var (one, other) = (AdmissionKeys.Begin(Host, Start, Validity), AdmissionKeys.Begin(Host, Start, Validity));
        Assert.Null(Read(one with { Current = one.Current with { Key = other.Current.Key } }));
        Assert.Null(Read(one with { Authorities = other.Authorities }));
    }

    [Fact]
    public void At_no_time_is_a_certificate_served_that_is_not_trusted_yet()
    {
        var keys = AdmissionKeys.Begin(Host, Start, Validity);
        Assert.Same(keys, keys.Advanced(Host, Start + (Validity * 0.6), Validity, LongKnown));

        var renewAt = Start + (Validity * 0.7);
        var announced = keys.Advanced(Host, renewAt, Validity, LongKnown);
        Assert.Equal(keys.Current, announced.Current);
        Assert.True(Believes(announced.Authorities, announced.Current, renewAt));
        Assert.True(Believes(announced.Authorities, announced.Next!, renewAt));
        Assert.Same(announced, announced.Advanced(Host, renewAt, Validity, null));
        Assert.Same(announced, announced.Advanced(Host, renewAt, Validity, TimeSpan.FromMinutes(9)));

        var promoted = announced.Advanced(Host, renewAt, Validity, TimeSpan.FromMinutes(10));
        Assert.Equal(announced.Next, promoted.Current);
        Assert.Null(promoted.Next);
        Assert.Equal(2, promoted.Authorities.Length); // a replica that has not read it yet shows the old one
        Assert.True(Believes(promoted.Authorities, keys.Current, renewAt));

        var later = promoted.Advanced(Host, promoted.Current.NotAfter - (Validity * 0.3), Validity, LongKnown);
        Assert.Equal([promoted.Current.Authority, later.Next!.Authority], later.Authorities.ToArray()); // the first one has ended
    }

    [Fact]
    public void Who_was_away_for_too_long_begins_anew_and_who_may_not_tell_still_goes_on()
    {
        var keys = AdmissionKeys.Begin(Host, Start, Validity);
        Assert.NotEqual(keys.Current, keys.Advanced(Host, keys.Current.NotAfter, Validity, LongKnown).Current);
        var announced = keys.Advanced(Host, Start + (Validity * 0.7), Validity, null);
        Assert.Equal(announced.Next, announced.Advanced(Host, keys.Current.NotAfter, Validity, null).Current);
        Assert.True(keys.Advanced("127.0.0.1", Start, Validity, LongKnown).Current.IsFor("127.0.0.1"));
    }

    private static AdmissionKeys? Read(AdmissionKeys keys) => AdmissionKeys.Read(JsonElement.Parse(keys.ToData().ToJsonString()));

    private static bool Believes(IEnumerable<string> authorities, AdmissionPair pair, DateTimeOffset? at = null)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities.Select(a => X509Certificate2.CreateFromPem(a)).ToArray());
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationTime = (at ?? Start).UtcDateTime;
        using var certificate = X509Certificate2.CreateFromPem(pair.Certificate);
        return chain.Build(certificate);
    }
}
