namespace Fleet.Auth;

/// <summary>What a new password must be: long. Rules about kinds of characters make passwords worse (NIST SP 800-63B, section 3.1.1.2).</summary>
internal static class PasswordPolicy
{
    public const int MinLength = 12;

    /// <summary>Far beyond any passphrase; hashing takes the same time for all of them.</summary>
    public const int MaxLength = 256;

    /// <summary>What is wrong with it, or null.</summary>
    public static string? Fault(string? password, string? email) => password switch
    {
        null or "" => "is required",
        { Length: < MinLength } => $"must have at least {MinLength} characters",
        { Length: > MaxLength } => $"must have at most {MaxLength} characters",
        _ when password.Equals(email, StringComparison.OrdinalIgnoreCase) => "must not be the e-mail address",
        _ => null,
    };
}
