using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fleet.Auth;

/// <summary>The body of register and login.</summary>
internal sealed record Credentials(string? Email, string? Password);

/// <summary>The body of refresh and logout.</summary>
internal sealed record GivenToken(string? RefreshToken);

/// <summary>The body of a change of password.</summary>
internal sealed record PasswordChange(string? CurrentPassword, string? NewPassword);

/// <summary>The answer of login and refresh.</summary>
/// <param name="AccessToken">For the header <c>Authorization: Bearer</c>.</param>
/// <param name="TokenType">Always <c>Bearer</c>.</param>
/// <param name="ExpiresIn">How long the access token is good, in seconds.</param>
/// <param name="RefreshToken">Good for one refresh.</param>
/// <param name="Scope">What the access token allows, separated by spaces.</param>
internal sealed record TokenAnswer(string AccessToken, string TokenType, int ExpiresIn, string RefreshToken, string Scope);

/// <summary>What is told of a registration: the same whether the e-mail was free or taken.</summary>
/// <param name="Email">The address that was registered.</param>
internal sealed record RegistrationAnswer(string Email);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, AllowDuplicateProperties = false, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(Credentials))]
[JsonSerializable(typeof(GivenToken))]
[JsonSerializable(typeof(PasswordChange))]
[JsonSerializable(typeof(TokenAnswer))]
[JsonSerializable(typeof(RegistrationAnswer))]
internal sealed partial class AuthJson : JsonSerializerContext;
