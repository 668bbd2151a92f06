using Fleet.Hosting;
using Xunit;

namespace Fleet.ServiceTests.Hosting;

public class EmailAddressTests
{
    [Theory]
    [InlineData("ada@example.com")]
    [InlineData("  ada.l+news@mail.example.co.uk ")]
    [InlineData("o'neil@example.com")]
    [InlineData("jörg@müller.example")]
    public void An_address_is_one(string text) => Assert.Equal(text.Trim(), EmailAddress.TryParse(text)?.Text);

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("ada")]
    [InlineData("@example.com")]
    [InlineData("ada@")]
    [InlineData("ada@localhost")]
    [InlineData("a@b@example.com")]
    [InlineData("ada lovelace@example.com")]
    [InlineData("ada@exa mple.com")]
    [InlineData("ada@-example.com")]
    [InlineData("ada@example..com")]
    [InlineData(".ada@example.com")]
    [InlineData("ada\n@example.com")]
    [InlineData("ada@example.com\nbcc: x@example.com")]
    [InlineData("<ada@example.com>")]
    public void What_is_none_is_none(string? text) => Assert.Null(EmailAddress.TryParse(text));

    [Fact]
    public void Length_is_bounded()
    {
        Assert.NotNull(EmailAddress.TryParse($"{new string('a', 64)}@example.com"));
        Assert.Null(EmailAddress.TryParse($"{new string('a', 65)}@example.com"));
        Assert.Null(EmailAddress.TryParse($"a@{string.Join('.', Enumerable.Repeat(new string('b', 60), 5))}.com"));
    }

    [Fact]
    public void Case_does_not_tell_two_apart() => Assert.Equal(EmailAddress.TryParse("Ada@Example.COM"), EmailAddress.TryParse("ada@example.com"));
}
