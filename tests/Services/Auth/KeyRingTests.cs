using Fleet.Auth;
using Fleet.Hosting;
using Xunit;

namespace Fleet.ServiceTests.Auth;

public class KeyRingTests
{
    private static readonly DateTimeOffset Begin = DateTimeOffset.UnixEpoch.AddYears(50);
    private static readonly TimeSpan Rotation = TimeSpan.FromDays(30);

    [Fact]
    public void Over_a_year_every_token_can_be_verified_as_long_as_it_is_good_and_no_key_is_kept_for_ever()
    {
        var ring = KeyRing.Empty;
        var signed = new Queue<(string Key, DateTimeOffset Expires)>();
        var signers = new List<string>();
        for (var now = Begin; now < Begin.AddYears(1); now += TimeSpan.FromMinutes(1))
        {
            ring = Update(ring, now);
            var signer = ring.Signer(now)!;
            if (!signers.Contains(signer.Id))
            {
                // All but the first were published long enough before their first signature.
                Assert.True(signers.Count == 0 || now - signer.CreatedAt >= KeyRing.Notice);
                signers.Add(signer.Id);
            }

            signed.Enqueue((signer.Id, now + AccessTokens.Lifetime + TokenVerifier.ClockSkew));
            while (signed.Peek().Expires < now)
                signed.Dequeue();
            Assert.All(signed, token => Assert.Contains(ring.Keys, k => k.Id == token.Key));
            Assert.True(ring.Keys.Length <= 2);
        }

        Assert.Equal(13, signers.Count);
    }

    [Fact]
    public void After_a_long_sleep_the_old_key_signs_until_the_next_has_had_its_notice()
    {
        var ring = Update(KeyRing.Empty, Begin);
        var late = Begin + (10 * Rotation);
        ring = Update(ring, late);
        Assert.Equal(2, ring.Keys.Length);
        Assert.Equal(ring.Keys[0], ring.Signer(late));
        Assert.False(ring.NeedsNext(late, Rotation));
        Assert.Equal(ring.Keys[1], ring.Signer(late + KeyRing.Notice));
    }

    private static KeyRing Update(KeyRing ring, DateTimeOffset now)
    {
        var retired = ring.Retired(now);
        SigningKey[] next = ring.NeedsNext(now, Rotation) ? [new SigningKey(Guid.NewGuid().ToString(), now, ring.NextSignsFrom(now), default)] : [];
        return new KeyRing([.. ring.Keys.Except(retired), .. next]);
    }
}
