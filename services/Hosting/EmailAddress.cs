using System.Text.RegularExpressions;

namespace Fleet.Hosting;

/// <summary>
/// An e-mail address, the same for each service. Accepted is what mail servers accept in practice of RFC 5321: a local part without quotes or spaces, and a
/// domain name with a dot. Case does not tell two apart, though the RFC would let the local part's do so: no mail provider does.
/// </summary>
public sealed partial record EmailAddress
{
    /// <summary>In characters (RFC 5321, section 4.5.3.1.3, less the two brackets of a path).</summary>
    public const int MaxLength = 254;

    /// <summary>In characters (section 4.5.3.1.1).</summary>
    private const int MaxLocalLength = 64;

    private EmailAddress(string text) => Text = text;

    /// <summary>As it was written.</summary>
    public string Text { get; }

    /// <summary>What makes it unique.</summary>
    public string Key => Text.ToLowerInvariant();

    /// <summary>Reads an address.</summary>
    /// <returns>Null when the text is none.</returns>
    public static EmailAddress? TryParse(string? text) =>
        text?.Trim() is { Length: <= MaxLength } trimmed && trimmed.IndexOf('@', StringComparison.Ordinal) <= MaxLocalLength && Shape().IsMatch(trimmed) ? new EmailAddress(trimmed) : null;

    /// <inheritdoc/>
    public bool Equals(EmailAddress? other) => other is not null && Key == other.Key;

    /// <inheritdoc/>
    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(Key);

    /// <inheritdoc/>
    public override string ToString() => Text;

    [GeneratedRegex(@"\A[^\s@""<>(),:;\[\]\\.\p{C}]+(\.[^\s@""<>(),:;\[\]\\.\p{C}]+)*@([\p{L}\p{N}]([\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.)+[\p{L}\p{N}-]{2,63}\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Shape();
}
