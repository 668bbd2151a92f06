using System.Text.Json;
using Fleet.Kubernetes;
using Xunit;

namespace Fleet.Unit.Kubernetes;

/// <summary>Quantities, int-or-string, and models read from JSON that lacks half of it.</summary>
public sealed class ScalarTests
{
    [Theory]
    [InlineData("1000m", "1")]
    [InlineData("1Gi", "1073741824")]
    [InlineData("0.5", "500m")]
    [InlineData("1.5Gi", "1536Mi")]
    [InlineData("1e3", "1k")]
    [InlineData("1E3", "1000")]
    [InlineData("12e-1", "1.2")]
    [InlineData("1E", "1000000000000000000")]
    [InlineData("+5", "5")]
    [InlineData("-5m", "-0.005")]
    [InlineData(".5", "0.5")]
    [InlineData("5.", "5")]
    [InlineData("100n", "0.0000001")]
    [InlineData("2u", "2000n")]
    [InlineData("0.1n", "1n")] // finer than nano is rounded up
    [InlineData("16Ei", "9223372036854775807")] // more than fits is cut, as the server does
    [InlineData("1e20", "16Ei")]
    [InlineData("99999999999999999999999999999999", "16Ei")]
    [InlineData("-1e999", "-16Ei")]
    [InlineData("1e-20", "1n")]
    [InlineData("7E-0389", "1n")]
    [InlineData("0e30", "0")]
    [InlineData("0.000001e24", "1E")]
    [InlineData("0", "0Gi")]
    public void One_amount_in_two_spellings(string left, string right)
    {
        Assert.Equal(Quantity.Parse(left), Quantity.Parse(right));
        Assert.Equal(Quantity.Parse(left).GetHashCode(), Quantity.Parse(right).GetHashCode());
    }

    [Theory]
    [InlineData("100m", "1")]
    [InlineData("1M", "1Mi")]
    [InlineData("-1", "0")]
    public void Amounts_are_ordered(string less, string more) => Assert.True(Quantity.Parse(less) < Quantity.Parse(more) && Quantity.Parse(more) >= Quantity.Parse(less));

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("m")]
    [InlineData("1 Gi")]
    [InlineData(" 1")]
    [InlineData("1gi")]
    [InlineData("1K")]
    [InlineData("1e")]
    [InlineData("1e3k")]
    [InlineData("1e99999")]
    [InlineData("1,5")]
    [InlineData("0x10")]
    [InlineData("--1")]
    [InlineData("NaN")]
    [InlineData("99999999999999999999999999999999999999999999999999999999999999999999")]
    public void What_is_no_quantity_is_refused(string? text) => Assert.False(Quantity.TryParse(text, out _));

    [Fact]
    public void A_refused_quantity_says_what_to_write() => Assert.Contains("Gi", Assert.Throws<FormatException>(() => Quantity.Parse("1GB")).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("1Gi", "1073741824")]
    [InlineData("500m", "0.5")]
    [InlineData("100n", "0.0000001")]
    public void A_quantity_prints_as_a_plain_decimal(string text, string plain) => Assert.Equal(plain, Quantity.Parse(text).ToString());

    [Theory]
    [InlineData("80", 80, null)]
    [InlineData("\"25%\"", null, "25%")]
    [InlineData("\"http\"", null, "http")]
    public void Int_or_string_keeps_what_it_was(string json, int? number, string? text)
    {
        var value = JsonSerializer.Deserialize<IntOrString>(json);
        Assert.Equal((number, text), (value.Number, value.Text));
        Assert.Equal(json, JsonSerializer.Serialize(value));
    }

    [Theory]
    [InlineData("true")]
    [InlineData("1.5")]
    [InlineData("null")]
    public void Int_or_string_is_nothing_else(string json) => Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<IntOrString>(json));

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"metadata":null,"spec":null,"status":null,"apiVersion":null}""")]
    public void What_the_server_leaves_out_is_empty_not_null(string json)
    {
        var pod = JsonSerializer.Deserialize(json, KubeJson.Default.Pod)!;
        Assert.Equal("", pod.Metadata.Name);
        Assert.Null(pod.Status.Phase);
        var lease = JsonSerializer.Deserialize(json, KubeJson.Default.Lease)!;
        Assert.Equal(("coordination.k8s.io/v1", "Lease", null), (lease.ApiVersion, lease.Kind, lease.Spec.HolderIdentity));
        Assert.Null(JsonSerializer.Deserialize(json, KubeJson.Default.ReplicaSet)!.Spec.Replicas);
    }
}
