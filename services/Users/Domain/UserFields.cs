using Fleet.Hosting;

namespace Fleet.Users;

/// <summary>What the fields of a profile may hold. Each check gives what is wrong, as the rest of a sentence that begins with the field, or null.</summary>
internal static class UserFields
{
    public static string? EmailFault(string? email) => Missing(email) ?? (EmailAddress.TryParse(email) is null ? "is no e-mail address" : null);

    public static string? NameFault(string? name) => Missing(name) ?? name switch
    {
        { Length: > User.MaxNameLength } => $"must have at most {User.MaxNameLength} characters",
        _ when name!.Any(char.IsControl) => "must not have control characters",
        _ => null,
    };

    public static string? IdFault(string? id) => Missing(id) ?? id switch
    {
        { Length: > User.MaxIdLength } => $"must have at most {User.MaxIdLength} characters",
        // It is a segment of the URL.
        _ when !id!.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '|' or ':') || id is "." or ".." => "must be of letters, digits and - _ . | : only",
        _ => null,
    };

    private static string? Missing(string? value) => string.IsNullOrWhiteSpace(value) ? "is required" : null;
}
