using System.Text;
using Fleet.Auth;
using Xunit;

namespace Fleet.ServiceTests.Auth;

public class PasswordTests
{
    [Fact]
    public void It_is_PBKDF2_with_HMAC_SHA_512()
    {
        // The known answer for one iteration over "password" and "salt".
        var hash = Convert.FromHexString("867f70cf1ade02cff3752599a3a53dc4af34c7a669815ae5d513554e1c8cf252c02d470a285a0501bad999bfe943c08f050235d7d68b1da55e63f73b60a57fce");
        var kept = $"pbkdf2-sha512$1${Convert.ToBase64String(Encoding.UTF8.GetBytes("salt"))}${Convert.ToBase64String(hash)}";
        Assert.True(PasswordHasher.Verify(kept, "password"));
        Assert.False(PasswordHasher.Verify(kept, "Password"));
    }

    [Fact]
    public void A_hash_has_the_count_of_OWASP_and_a_salt_of_its_own()
    {
        var hasher = new PasswordHasher();
        var hash = hasher.Hash("correct horse battery staple");
        Assert.StartsWith("pbkdf2-sha512$210000$", hash, StringComparison.Ordinal);
        Assert.NotEqual(hash, hasher.Hash("correct horse battery staple"));
        Assert.True(PasswordHasher.Verify(hash, "correct horse battery staple"));
        Assert.False(hasher.IsOutdated(hash));
        Assert.True(new PasswordHasher(220_000).IsOutdated(hash));
    }

    [Fact]
    public void The_decoy_costs_what_a_password_costs_and_is_none()
    {
        var hasher = new PasswordHasher(1000);
        var (decoy, real) = (hasher.Decoy.Split('$'), hasher.Hash("x").Split('$'));
        Assert.Equal(real[..2], decoy[..2]);
        Assert.Equal(real[2].Length, decoy[2].Length);
        Assert.Equal(real[3].Length, decoy[3].Length);
        Assert.False(PasswordHasher.Verify(hasher.Decoy, ""));
    }

    [Theory]
    [InlineData(null, "is required")]
    [InlineData("eleven char", "must have at least 12 characters")]
    [InlineData("Ada@Example.com", "must not be the e-mail address")]
    [InlineData("twelve chars", null)]
    public void A_password_must_be_long(string? password, string? fault) => Assert.Equal(fault, PasswordPolicy.Fault(password, "ada@example.com"));

    [Fact]
    public void A_password_may_be_a_long_phrase_but_no_book()
    {
        Assert.Null(PasswordPolicy.Fault(new string('a', 256), null));
        Assert.Equal("must have at most 256 characters", PasswordPolicy.Fault(new string('a', 257), null));
    }
}
