using System.Globalization;
using System.Text;

namespace Fleet.Rpc;

/// <summary>The protocol's own headers and how their values are written (gRPC over HTTP/2, "Requests" and "Responses").</summary>
public static class RpcHeaders
{
    public const string ContentType = "application/grpc";
    public const string Status = "grpc-status";
    public const string Message = "grpc-message";
    public const string Details = "grpc-status-details-bin";
    public const string Timeout = "grpc-timeout";
    public const string Encoding = "grpc-encoding";
    public const string AcceptEncoding = "grpc-accept-encoding";
    public const string PreviousAttempts = "grpc-previous-rpc-attempts";
    public const string Identity = "identity";
    public const string Gzip = "gzip";
    public const string Accepted = "identity,gzip";

    private static readonly TimeSpan Longest = TimeSpan.FromDays(30);

    /// <summary>Whether this content type is ours: <c>application/grpc</c>, alone, with <c>+proto</c>, or with parameters. gRPC-Web is not.</summary>
    public static bool IsGrpc(string? contentType)
    {
        if (contentType is null || !contentType.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase))
            return false;
        var rest = contentType.AsSpan(ContentType.Length);
        if (rest.StartsWith("+proto", StringComparison.OrdinalIgnoreCase))
            rest = rest["+proto".Length..];
        return rest.IsEmpty || rest[0] is ';' or ' ';
    }

    /// <summary>Reads grpc-timeout ("Timeout": at most eight digits and a unit); false when it is none.</summary>
    public static bool TryReadTimeout(string value, out TimeSpan timeout)
    {
        timeout = default;
        if (value.Length is < 2 or > 9 || !long.TryParse(value.AsSpan(0, value.Length - 1), NumberStyles.None, null, out var amount))
            return false;
        var unit = value[^1] switch
        {
            'H' => TimeSpan.TicksPerHour,
            'M' => TimeSpan.TicksPerMinute,
            'S' => TimeSpan.TicksPerSecond,
            'm' => TimeSpan.TicksPerMillisecond,
            'u' => TimeSpan.TicksPerMicrosecond,
            'n' => 0L,
            _ => -1L,
        };
        if (unit < 0)
            return false;
        // A timer cannot wait 11,000 years, and need not: thirty days are as good as no deadline.
        var ticks = unit == 0 ? amount / 100 : Math.Min(amount, Longest.Ticks / unit) * unit;
        timeout = TimeSpan.FromTicks(ticks);
        return true;
    }

    /// <summary>Writes grpc-timeout in the finest unit that eight digits can hold.</summary>
    public static string WriteTimeout(TimeSpan timeout)
    {
        var ticks = Math.Max(timeout.Ticks, 0);
        const long limit = 100_000_000;
        return (ticks / TimeSpan.TicksPerMicrosecond) switch
        {
            < limit and var us => $"{us}u",
            var us when us / 1000 < limit => $"{us / 1000}m",
            var us when us / 1_000_000 < limit => $"{us / 1_000_000}S",
            var us => $"{us / 3_600_000_000}H",
        };
    }

    /// <summary>Writes a status message ("Percent-Encoded": UTF-8 whose bytes outside of printable ASCII, and the percent sign, are encoded).</summary>
    public static string PercentEncode(string text)
    {
        if (!text.AsSpan().ContainsAnyExceptInRange(' ', '~') && !text.Contains('%'))
            return text;
        var encoded = new StringBuilder(text.Length + 16);
        foreach (var b in System.Text.Encoding.UTF8.GetBytes(text))
        {
            if (b is >= 0x20 and <= 0x7E and not (byte)'%')
                encoded.Append((char)b);
            else
                encoded.Append(CultureInfo.InvariantCulture, $"%{b:X2}");
        }

        return encoded.ToString();
    }

    /// <summary>Reads a status message. What is not well encoded stays as it is: "MUST NOT … discard the message".</summary>
    public static string PercentDecode(string text)
    {
        if (!text.Contains('%'))
            return text;
        var bytes = new List<byte>(text.Length);
        var source = System.Text.Encoding.UTF8.GetBytes(text);
        for (var i = 0; i < source.Length; i++)
        {
            if (source[i] == '%' && i + 2 < source.Length && char.IsAsciiHexDigit((char)source[i + 1]) && char.IsAsciiHexDigit((char)source[i + 2]))
            {
                bytes.Add((byte)((Convert.FromHexString([(char)source[i + 1], (char)source[i + 2]]))[0]));
                i += 2;
            }
            else
            {
                bytes.Add(source[i]);
            }
        }

        return System.Text.Encoding.UTF8.GetString([.. bytes]);
    }
}
