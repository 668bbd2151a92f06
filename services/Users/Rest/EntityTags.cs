using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Fleet.Users;

/// <summary>Entity tags of profiles (RFC 9110, section 8.8.3): another one whenever anything of the answer is another.</summary>
internal static class EntityTags
{
    public static string Of(User user) => $"\"{user.Version}.{user.Orders.Placed}.{user.Orders.Cancelled}\"";

    /// <summary>Whether <c>If-Match</c> allows a change (section 13.1.1). A header that is no list of tags matches nothing.</summary>
    public static bool Match(StringValues ifMatch, User user) =>
        EntityTagHeaderValue.TryParseList(ifMatch, out var tags) && tags.Any(tag => tag.Equals(EntityTagHeaderValue.Any) || (!tag.IsWeak && tag.Tag == Of(user)));
}
