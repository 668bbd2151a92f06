using System.Buffers.Text;
using System.Text;

namespace Fleet.Users;

/// <summary>Where a page begins, as callers pass it on: a text that means nothing to them.</summary>
internal static class Cursor
{
    public static string After(string id) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(id));

    /// <summary>Reads one that <see cref="After"/> made.</summary>
    /// <returns>False when it is none.</returns>
    public static bool TryRead(string? text, out string? after)
    {
        after = null;
        if (string.IsNullOrEmpty(text))
            return true;
        if (!Base64Url.IsValid(text))
            return false;
        after = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text));
        return UserFields.IdFault(after) is null;
    }
}
