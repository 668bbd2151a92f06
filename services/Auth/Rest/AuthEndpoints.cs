using System.Globalization;
using Fleet.Hosting;

namespace Fleet.Auth;

/// <summary>Auth as HTTP, under <c>/auth</c>, or whatever the service is called.</summary>
internal static class AuthEndpoints
{
    public static void Map(WebApplication app)
    {
        var service = app.Services.GetRequiredService<AuthService>();
        var root = app.MapGroup($"/{app.Services.GetRequiredService<ServiceEnvironment>().Service}");
        root.MapPost("/register", context => RegisterAsync(context, service));
        root.MapPost("/login", context => LoginAsync(context, service));
        root.MapPost("/refresh", context => RefreshAsync(context, service));
        root.MapPost("/logout", context => LogoutAsync(context, service));
        root.MapPost("/password", context => ChangePasswordAsync(context, service)).RequireCaller();
    }

    /// <summary>202 and not 201: whether there is a new account is not told. Log in to find out.</summary>
    private static async Task RegisterAsync(HttpContext context, AuthService service)
    {
        if (await JsonBody.ReadAsync(context, AuthJson.Default.Credentials) is not { } given)
            return;
        var email = EmailAddress.TryParse(given.Email);
        var faults = new Faults()
            .Add("email", email is null ? Required(given.Email) ?? "is no e-mail address" : null)
            .Add("password", PasswordPolicy.Fault(given.Password, given.Email));
        if (await faults.RefuseAsync(context))
            return;
        await service.RegisterAsync(email!, given.Password!, context.RequestAborted);
        context.Response.StatusCode = StatusCodes.Status202Accepted;
        await context.Response.WriteAsJsonAsync(new RegistrationAnswer(email!.Text), AuthJson.Default.RegistrationAnswer);
    }

    private static async Task LoginAsync(HttpContext context, AuthService service)
    {
        if (await JsonBody.ReadAsync(context, AuthJson.Default.Credentials) is not { } given)
            return;
        var email = EmailAddress.TryParse(given.Email);
        var faults = new Faults()
            .Add("email", email is null ? Required(given.Email) ?? "is no e-mail address" : null)
            .Add("password", Required(given.Password) ?? TooLong(given.Password!));
        if (await faults.RefuseAsync(context))
            return;
        await AnswerAsync(context, await service.LoginAsync(email!, given.Password!, context.RequestAborted), StatusCodes.Status401Unauthorized, "the e-mail or the password is wrong");
    }

    private static async Task RefreshAsync(HttpContext context, AuthService service)
    {
        if (await ReadTokenAsync(context) is { } token)
            await AnswerAsync(context, await service.RefreshAsync(token, context.RequestAborted), StatusCodes.Status401Unauthorized, "the refresh token is not valid; log in again");
    }

    /// <summary>204 also for an unknown token: the session is over either way (as in RFC 7009, section 2.2).</summary>
    private static async Task LogoutAsync(HttpContext context, AuthService service)
    {
        if (await ReadTokenAsync(context) is not { } token)
            return;
        await service.LogoutAsync(token, context.RequestAborted);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static async Task ChangePasswordAsync(HttpContext context, AuthService service)
    {
        if (await JsonBody.ReadAsync(context, AuthJson.Default.PasswordChange) is not { } given)
            return;
        var faults = new Faults()
            .Add("currentPassword", Required(given.CurrentPassword) ?? TooLong(given.CurrentPassword!))
            .Add("newPassword", PasswordPolicy.Fault(given.NewPassword, email: null));
        if (await faults.RefuseAsync(context))
            return;
        var outcome = await service.ChangePasswordAsync(context.Caller().Subject, given.CurrentPassword!, given.NewPassword!, context.RequestAborted);
        // Not 401: the token is good, and a client should not drop it.
        await AnswerAsync(context, outcome, StatusCodes.Status403Forbidden, "the current password is wrong");
    }

    private static async Task<string?> ReadTokenAsync(HttpContext context)
    {
        if (await JsonBody.ReadAsync(context, AuthJson.Default.GivenToken) is not { } given)
            return null;
        return await new Faults().Add("refreshToken", Required(given.RefreshToken)).RefuseAsync(context) ? null : given.RefreshToken;
    }

    private static async Task AnswerAsync(HttpContext context, Outcome outcome, int refusalStatus, string refusal)
    {
        context.Response.Headers.CacheControl = "no-store";
        switch (outcome)
        {
            case Outcome.Granted({ } tokens):
                await context.Response.WriteAsJsonAsync(
                    new TokenAnswer(tokens.Access.Text, "Bearer", (int)AccessTokens.Lifetime.TotalSeconds, tokens.RefreshToken, tokens.Access.Scope), AuthJson.Default.TokenAnswer);
                break;
            case Outcome.Done:
                context.Response.StatusCode = StatusCodes.Status204NoContent;
                break;
            case Outcome.Locked(var remaining):
                context.Response.Headers.RetryAfter = Math.Ceiling(remaining.TotalSeconds).ToString(CultureInfo.InvariantCulture);
                await Problems.WriteAsync(context, StatusCodes.Status429TooManyRequests, "too many wrong passwords; none is looked at before Retry-After has passed");
                break;
            default:
                await Problems.WriteAsync(context, refusalStatus, refusal);
                break;
        }
    }

    private static string? Required(string? value) => string.IsNullOrEmpty(value) ? "is required" : null;

    private static string? TooLong(string password) => password.Length > PasswordPolicy.MaxLength ? $"must have at most {PasswordPolicy.MaxLength} characters" : null;
}
