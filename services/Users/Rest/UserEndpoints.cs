using System.Globalization;
using System.Text.Json;
using Fleet.Hosting;

namespace Fleet.Users;

/// <summary>Users as HTTP, under <c>/users</c>, or whatever the service is called.</summary>
internal sealed class UserEndpoints
{
    private const int UsualLimit = 50;
    private const int MaxLimit = 200;
    private const string MergePatch = "application/merge-patch+json"; // RFC 7396

    private readonly UserService _service;
    private readonly string _root;

    private UserEndpoints(UserService service, string root) => (_service, _root) = (service, root);

    public static void Map(WebApplication app)
    {
        var root = $"/{app.Services.GetRequiredService<ServiceEnvironment>().Service}";
        var users = new UserEndpoints(app.Services.GetRequiredService<UserService>(), root);
        string[] reading = [HttpMethods.Get, HttpMethods.Head];
        app.MapPost(root, users.CreateAsync).RequireCaller();
        app.MapMethods(root, reading, users.ListAsync).RequireCaller();
        app.MapMethods($"{root}/{{id}}", reading, users.GetAsync).RequireCaller();
        app.MapPatch($"{root}/{{id}}", (RequestDelegate)users.ChangeAsync).RequireCaller();
        app.MapDelete($"{root}/{{id}}", (RequestDelegate)users.RemoveAsync).RequireCaller();
        app.MapMethods($"{root}/openapi.json", reading, OpenApi.AnswerAsync);
    }

    private async Task CreateAsync(HttpContext context)
    {
        if (await JsonBody.ReadAsync(context, UserJson.Default.NewUser) is not { } given)
            return;
        var faults = new Faults()
            .Add("id", given.Id is null ? null : UserFields.IdFault(given.Id))
            .Add("email", UserFields.EmailFault(given.Email))
            .Add("name", UserFields.NameFault(given.Name));
        if (await faults.RefuseAsync(context))
            return;
        var outcome = await _service.CreateAsync(context.Caller(), given.Id, EmailAddress.TryParse(given.Email)!, given.Name!.Trim(), context.RequestAborted);
        if (outcome is Outcome.Done { User: var user })
        {
            context.Response.StatusCode = StatusCodes.Status201Created;
            context.Response.Headers.Location = $"{_root}/{Uri.EscapeDataString(user.Id)}";
        }

        await AnswerAsync(context, outcome);
    }

    private async Task ListAsync(HttpContext context)
    {
        var limit = context.Request.Query["limit"].ToString();
        var wanted = UsualLimit;
        var faults = new Faults()
            .Add("limit", limit.Length == 0 || (int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out wanted) && wanted is >= 1 and <= MaxLimit)
                ? null : $"must be a number from 1 to {MaxLimit}")
            .Add("cursor", Cursor.TryRead(context.Request.Query["cursor"], out var after) ? null : "is none that this service gave out");
        if (await faults.RefuseAsync(context))
            return;
        // One more than wanted tells whether there is another page.
        var found = await _service.ListAsync(context.Caller(), after, wanted + 1, context.RequestAborted);
        var page = new UserPage([.. found.Take(wanted).Select(UserAnswer.Of)], found.Count > wanted ? Cursor.After(found[wanted - 1].Id) : null);
        await context.Response.WriteAsJsonAsync(page, UserJson.Default.UserPage);
    }

    private async Task GetAsync(HttpContext context) => await AnswerAsync(context, await _service.GetAsync(context.Caller(), Id(context), context.RequestAborted));

    private async Task ChangeAsync(HttpContext context)
    {
        var seen = context.Request.Headers.IfMatch;
        if (seen.Count == 0)
        {
            // RFC 6585, section 3: a change that was made meanwhile must not be lost.
            await Problems.WriteAsync(context, StatusCodes.Status428PreconditionRequired, "send the ETag of the profile as you know it in If-Match");
            return;
        }

        if (await JsonBody.ReadAsync(context, UserJson.Default.DictionaryStringJsonElement, MergePatch, "application/json") is not { } patch)
            return;
        var faults = new Faults();
        var email = Field(patch, "email", UserFields.EmailFault, faults);
        var name = Field(patch, "name", UserFields.NameFault, faults);
        foreach (var other in patch.Keys.Where(k => k is not ("email" or "name")))
            faults.Add(other, "is not a field that can be changed");
        if (await faults.RefuseAsync(context))
            return;
        var change = new UserChange(email is null ? null : EmailAddress.TryParse(email), name?.Trim());
        await AnswerAsync(context, await _service.ChangeAsync(context.Caller(), Id(context), user => EntityTags.Match(seen, user), change, context.RequestAborted));
    }

    private async Task RemoveAsync(HttpContext context)
    {
        var seen = context.Request.Headers.IfMatch;
        await AnswerAsync(context, await _service.RemoveAsync(context.Caller(), Id(context), user => seen.Count == 0 || EntityTags.Match(seen, user), context.RequestAborted));
    }

    private static string Id(HttpContext context) => (string)context.Request.RouteValues["id"]!;

    // RFC 7396: a member that is absent stays, one that is null is taken away, which no field of a profile can be.
    private static string? Field(Dictionary<string, JsonElement> patch, string name, Func<string?, string?> fault, Faults faults)
    {
        if (!patch.TryGetValue(name, out var value))
            return null;
        if (value.ValueKind is not (JsonValueKind.String or JsonValueKind.Null))
        {
            faults.Add(name, "must be a text");
            return null;
        }

        var text = value.GetString();
        faults.Add(name, fault(text));
        return text;
    }

    private static async Task AnswerAsync(HttpContext context, Outcome outcome)
    {
        switch (outcome)
        {
            case Outcome.Done { User: var user }:
                context.Response.Headers.ETag = EntityTags.Of(user);
                await context.Response.WriteAsJsonAsync(UserAnswer.Of(user), UserJson.Default.UserAnswer);
                break;
            case Outcome.Gone:
                context.Response.StatusCode = StatusCodes.Status204NoContent;
                break;
            case Outcome.Unknown:
                await Problems.WriteAsync(context, StatusCodes.Status404NotFound, "there is no such user, or none that you may see");
                break;
            case Outcome.Forbidden { Why: var why }:
                await Problems.WriteAsync(context, StatusCodes.Status403Forbidden, why);
                break;
            case Outcome.Taken { Field: var field }:
                var errors = new Dictionary<string, string[]> { [field] = ["is taken already"] };
                await Problems.WriteAsync(context, StatusCodes.Status409Conflict, $"{field} is taken already", errors: errors);
                break;
            case Outcome.Changed { Now: var now }:
                context.Response.Headers.ETag = EntityTags.Of(now);
                await Problems.WriteAsync(context, StatusCodes.Status412PreconditionFailed, "the profile was changed meanwhile: read it again, and change that");
                break;
            default:
                throw new InvalidOperationException("no such outcome");
        }
    }
}
