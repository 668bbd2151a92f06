using System.Text;
using Fleet.Rpc;
using FsCheck;
using FsCheck.Xunit;
using Xunit;

namespace Fleet.ServiceTests.Rpc;

public class RpcHeadersTests
{
    [Theory]
    [InlineData("application/grpc", true)]
    [InlineData("application/grpc+proto", true)]
    [InlineData("application/grpc; charset=utf-8", true)]
    [InlineData("application/grpc-web", false)]
    [InlineData("application/grpc+json", false)]
    [InlineData("application/json", false)]
    [InlineData(null, false)]
    public void Knows_its_content_type(string? type, bool ours) => Assert.Equal(ours, RpcHeaders.IsGrpc(type));

    [Theory]
    [InlineData("1H", 36_000_000_000)]
    [InlineData("2M", 1_200_000_000)]
    [InlineData("3S", 30_000_000)]
    [InlineData("250m", 2_500_000)]
    [InlineData("7u", 70)]
    [InlineData("900n", 9)]
    [InlineData("99999999H", 25_920_000_000_000)]
    public void Reads_a_timeout(string text, long ticks)
    {
        Assert.True(RpcHeaders.TryReadTimeout(text, out var timeout));
        Assert.Equal(ticks, timeout.Ticks);
    }

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("S")]
    [InlineData("-1S")]
    [InlineData("+1S")]
    [InlineData("1.5S")]
    [InlineData("1s")]
    [InlineData("123456789S")]
    public void Refuses_what_is_no_timeout(string text) => Assert.False(RpcHeaders.TryReadTimeout(text, out _));

    [Property]
    public bool A_timeout_survives_the_wire_to_a_thousandth(PositiveInt milliseconds)
    {
        var sent = TimeSpan.FromMilliseconds(milliseconds.Get);
        return RpcHeaders.TryReadTimeout(RpcHeaders.WriteTimeout(sent), out var read) && read <= sent && read >= sent * 0.999;
    }

    [Theory]
    [InlineData("plain text", "plain text")]
    [InlineData("100%", "100%25")]
    [InlineData("naïve\n", "na%C3%AFve%0A")]
    public void Encodes_a_message(string text, string encoded) => Assert.Equal(encoded, RpcHeaders.PercentEncode(text));

    [Theory]
    [InlineData("%", "%")]
    [InlineData("50%zz", "50%zz")]
    [InlineData("%4", "%4")]
    [InlineData("%41%e2%82%ac", "A€")]
    public void Decodes_a_message_and_keeps_what_is_broken(string encoded, string text) => Assert.Equal(text, RpcHeaders.PercentDecode(encoded));

    [Property]
    public bool A_message_survives_the_wire(UnicodeString text)
    {
        // A lone surrogate has no UTF-8 and becomes U+FFFD.
        var sent = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text.Get));
        var encoded = RpcHeaders.PercentEncode(sent);
        return encoded.All(c => c is >= ' ' and <= '~') && RpcHeaders.PercentDecode(encoded) == sent;
    }

    [Theory]
    [InlineData("Upper")]
    [InlineData("grpc-timeout")]
    [InlineData("content-type")]
    [InlineData("key-bin")]
    [InlineData("")]
    public void Refuses_keys_that_metadata_cannot_have(string key) => Assert.Throws<ArgumentException>(() => new RpcMetadata().Add(key, "value"));

    [Fact]
    public void Refuses_text_that_metadata_cannot_carry() => Assert.Throws<ArgumentException>(() => new RpcMetadata().Add("key", "naïve"));

    [Property]
    public bool Bytes_survive_metadata(byte[] bytes)
    {
        var metadata = new RpcMetadata();
        metadata.Add("key-bin", bytes);
        return metadata.Bytes("key-bin").Single().SequenceEqual(bytes) && !metadata.Find("key-bin")!.Contains('=');
    }
}
