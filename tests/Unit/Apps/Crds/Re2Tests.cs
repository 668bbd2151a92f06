using Fleet.Apps;
using Xunit;

namespace Fleet.Unit.Apps;

/// <summary>Where .NET reads a pattern in another way than a server does.</summary>
public sealed class Re2Tests
{
    [Theory]
    [InlineData("^a$", "a", true)]
    [InlineData("^a$", "a\n", false)]
    [InlineData("^(a$|b)", "a\n", false)]
    [InlineData(@"^a\$$", "a$", true)]
    [InlineData("^[$]$", "$", true)]
    [InlineData(@"^[^\s]$", "\u00a0", true)] // a blank is one of ASCII
    [InlineData(@"^[^\s]$", "\v", true)]
    [InlineData(@"^[^\s,]+$", "a b", false)]
    [InlineData(@"^\s$", "\u2003", false)]
    [InlineData(@"^\d$", "\u0664", false)]
    [InlineData(@"^\w[\d.]$", "a7", true)]
    [InlineData(@"^\w$", "\u00e4", false)]
    public void A_pattern_means_what_it_means_to_a_server(string pattern, string text, bool matches) => Assert.Equal(matches, Re2.Matches(pattern, text));
}
