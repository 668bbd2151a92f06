using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fleet.Users;

/// <summary>The body of a creation.</summary>
internal sealed record NewUser(string? Id, string? Email, string? Name);

/// <summary>A profile as it is answered.</summary>
/// <param name="Id">The <c>sub</c> of its owner's tokens.</param>
/// <param name="Email">Its address.</param>
/// <param name="Name">Its name.</param>
/// <param name="OrderCount">How many orders were placed.</param>
/// <param name="CancelledOrderCount">How many of them were cancelled.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="UpdatedAt">When it was last changed.</param>
internal sealed record UserAnswer(string Id, string Email, string Name, long OrderCount, long CancelledOrderCount, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt)
{
    public static UserAnswer Of(User user) => new(user.Id, user.Email.Text, user.Name, user.Orders.Placed, user.Orders.Cancelled, user.CreatedAt, user.UpdatedAt);
}

/// <summary>A page of profiles.</summary>
/// <param name="Items">At most as many as were asked for.</param>
/// <param name="NextCursor">Where the next page begins; absent on the last one.</param>
internal sealed record UserPage(IReadOnlyList<UserAnswer> Items, string? NextCursor);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(NewUser))]
[JsonSerializable(typeof(UserAnswer))]
[JsonSerializable(typeof(UserPage))]
[JsonSerializable(typeof(Dictionary<string, JsonElement>))]
internal sealed partial class UserJson : JsonSerializerContext;
