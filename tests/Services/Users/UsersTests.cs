using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Fleet.ServiceTests.Hosting;
using Fleet.ServiceTests.Storage;
using Fleet.Users;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Fleet.ServiceTests.Users;

/// <summary>Users as its callers meet it, on one kind of store.</summary>
public abstract class UsersTests(IStoreUnderTest store) : IAsyncLifetime
{
    private TestIssuer _issuer = null!;
    private TestService _service = null!;

    public async Task InitializeAsync()
    {
        _issuer = await TestIssuer.StartAsync();
        _service = await TestService.StartAsync(UsersApp.Build([.. TestService.Arguments(), .. _issuer.Arguments, $"--ConnectionStrings:Default={await store.CreateAsync()}"]));
    }

    public async Task DisposeAsync()
    {
        await _service.DisposeAsync();
        await _issuer.DisposeAsync();
    }

    [Fact]
    public async Task A_subject_makes_reads_changes_and_removes_its_own_profile()
    {
        var created = await SendAsync("ann", HttpMethod.Post, "/users", """{"email":"Ann@Example.com","name":"Ann"}""");
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        Assert.Equal("/users/ann", created.Headers.Location!.ToString());
        Assert.Equal("Ann@Example.com", (string?)(await BodyAsync(created))["email"]);

        var read = await SendAsync("ann", HttpMethod.Get, "/users/ann");
        Assert.Equal((await BodyAsync(created)).ToJsonString(), (await BodyAsync(read)).ToJsonString());
        Assert.Equal(created.Headers.ETag, read.Headers.ETag);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync("ann", HttpMethod.Head, "/users/ann")).StatusCode);

        var changed = await SendAsync("ann", HttpMethod.Patch, "/users/ann", """{"name":" Anna "}""", read.Headers.ETag!.Tag);
        Assert.Equal("Anna", (string?)(await BodyAsync(changed))["name"]);
        Assert.Equal("Ann@Example.com", (string?)(await BodyAsync(changed))["email"]);
        Assert.NotEqual(read.Headers.ETag, changed.Headers.ETag);

        Assert.Equal(HttpStatusCode.PreconditionFailed, (await SendAsync("ann", HttpMethod.Delete, "/users/ann", ifMatch: read.Headers.ETag.Tag)).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await SendAsync("ann", HttpMethod.Delete, "/users/ann")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync("ann", HttpMethod.Get, "/users/ann")).StatusCode);
    }

    [Fact]
    public async Task Nobody_sees_or_changes_a_profile_of_somebody_else_and_an_operator_does_both()
    {
        await CreateAsync("ann");
        foreach (var (method, body, tag) in new[] { (HttpMethod.Get, null, null), (HttpMethod.Patch, """{"name":"x"}""", "*"), (HttpMethod.Delete, (string?)null, (string?)null) })
            Assert.Equal(HttpStatusCode.NotFound, (await SendAsync("bob", method, "/users/ann", body, tag)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync("bob", HttpMethod.Post, "/users", """{"id":"eve","email":"eve@example.com","name":"Eve"}""")).StatusCode);
        Assert.Empty((await BodyAsync(await SendAsync("bob", HttpMethod.Get, "/users")))["items"]!.AsArray());

        Assert.Equal(HttpStatusCode.OK, (await SendAsync("root!", HttpMethod.Patch, "/users/ann", """{"name":"x"}""", "*")).StatusCode);
        Assert.Equal(HttpStatusCode.Created, (await SendAsync("root!", HttpMethod.Post, "/users", """{"id":"eve","email":"eve@example.com","name":"Eve"}""")).StatusCode);
        Assert.Equal(36, ((string)(await BodyAsync(await SendAsync("root!", HttpMethod.Post, "/users", """{"email":"new@example.com","name":"New"}""")))["id"]!).Length);
    }

    [Fact]
    public async Task Without_a_token_with_a_forged_one_and_with_an_expired_one_it_is_401()
    {
        foreach (var token in new[] { null, _issuer.Token("ann", signer: _issuer.ForgedKey()), _issuer.Token("ann", expires: DateTimeOffset.UtcNow.AddHours(-1)), _issuer.Token("ann", audience: "other") })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/users/ann") { Headers = { Authorization = token is null ? null : new("Bearer", token) } };
            var answer = await _service.Public.SendAsync(request);
            Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
            Assert.Equal("Bearer", answer.Headers.WwwAuthenticate.Single().Scheme);
        }
    }

    [Fact]
    public async Task Every_wrong_field_is_named_at_once()
    {
        var answer = await SendAsync("root!", HttpMethod.Post, "/users", """{"id":"a/b","email":"nobody","name":""}""");
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var errors = (await BodyAsync(answer))["errors"]!;
        Assert.Equal("must be of letters, digits and - _ . | : only", (string?)errors["id"]![0]);
        Assert.Equal("is no e-mail address", (string?)errors["email"]![0]);
        Assert.Equal("is required", (string?)errors["name"]![0]);

        await CreateAsync("ann");
        errors = (await BodyAsync(await SendAsync("ann", HttpMethod.Patch, "/users/ann", """{"email":null,"name":7,"id":"bob","colour":"red"}""", "*")))["errors"]!;
        Assert.Equal("is required", (string?)errors["email"]![0]);
        Assert.Equal("must be a text", (string?)errors["name"]![0]);
        Assert.Equal("is not a field that can be changed", (string?)errors["id"]![0]);
        Assert.Equal("is not a field that can be changed", (string?)errors["colour"]![0]);
    }

    [Fact]
    public async Task An_email_and_an_id_are_there_once_in_whatever_case()
    {
        await CreateAsync("ann");
        var again = await SendAsync("ann", HttpMethod.Post, "/users", """{"email":"other@example.com","name":"Ann"}""");
        Assert.Equal(HttpStatusCode.Conflict, again.StatusCode);
        Assert.NotNull((await BodyAsync(again))["errors"]!["id"]);
        var email = await SendAsync("bob", HttpMethod.Post, "/users", """{"email":"ANN@example.com","name":"Bob"}""");
        Assert.Equal(HttpStatusCode.Conflict, email.StatusCode);
        Assert.NotNull((await BodyAsync(email))["errors"]!["email"]);
        await CreateAsync("bob");
        Assert.Equal(HttpStatusCode.Conflict, (await SendAsync("bob", HttpMethod.Patch, "/users/bob", """{"email":"Ann@example.com"}""", "*")).StatusCode);
    }

    [Fact]
    public async Task A_change_needs_the_tag_of_what_is_changed()
    {
        await CreateAsync("ann");
        Assert.Equal(HttpStatusCode.PreconditionRequired, (await SendAsync("ann", HttpMethod.Patch, "/users/ann", """{"name":"x"}""")).StatusCode);
        foreach (var tag in new[] { "\"9.0.0\"", "W/\"1.0.0\"" })
            Assert.Equal(HttpStatusCode.PreconditionFailed, (await SendAsync("ann", HttpMethod.Patch, "/users/ann", """{"name":"x"}""", tag)).StatusCode);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await SendAsync("ann", HttpMethod.Patch, "/users/ann", "name=x", "*", "text/plain")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync("ann", HttpMethod.Patch, "/users/ann", """{"name":"x"}""", "\"9.0.0\", \"1.0.0\"")).StatusCode);
    }

    [Fact]
    public async Task Of_many_who_change_the_same_version_one_wins_and_the_others_are_told()
    {
        await CreateAsync("ann");
        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => SendAsync("ann", HttpMethod.Patch, "/users/ann", $$"""{"name":"name {{i}}"}""", "\"1.0.0\"")));
        Assert.Single(answers, a => a.StatusCode == HttpStatusCode.OK);
        Assert.Equal(11, answers.Count(a => a.StatusCode == HttpStatusCode.PreconditionFailed));
        Assert.Equal("\"2.0.0\"", (await SendAsync("ann", HttpMethod.Get, "/users/ann")).Headers.ETag!.Tag);
    }

    [Fact]
    public async Task A_list_comes_in_pages_that_miss_nothing()
    {
        var ids = Enumerable.Range(0, 7).Select(i => $"u{i}").ToArray();
        await Task.WhenAll(ids.Select(CreateAsync));
        var (seen, cursor, pages) = (new List<string>(), "", 0);
        do
        {
            var page = await BodyAsync(await SendAsync("root!", HttpMethod.Get, $"/users?limit=3&cursor={cursor}"));
            seen.AddRange(page["items"]!.AsArray().Select(u => (string)u!["id"]!));
            cursor = (string?)page["nextCursor"];
            pages++;
        }
        while (cursor is not null);
        Assert.Equal(ids, seen);
        Assert.Equal(3, pages);
        Assert.Equal(["u3"], (await BodyAsync(await SendAsync("u3", HttpMethod.Get, "/users")))["items"]!.AsArray().Select(u => (string)u!["id"]!));
        foreach (var wrong in new[] { "limit=0", "limit=201", "limit=x", "cursor=!", "cursor=Lw" })
            Assert.Equal(HttpStatusCode.BadRequest, (await SendAsync("root!", HttpMethod.Get, $"/users?{wrong}")).StatusCode);
    }

    [Fact]
    public async Task An_order_event_is_counted_once_however_often_and_by_however_many_it_is_told()
    {
        await CreateAsync("ann");
        var users = _service.App.Services.GetRequiredService<UserService>();
        var events = Enumerable.Range(0, 40).Select(i => new OrderEvent($"event-{i % 20}", "ann", i % 20 < 15 ? OrderEventKind.Placed : OrderEventKind.Cancelled));
        var counted = await Task.WhenAll(events.Select(e => users.CountAsync(e, CancellationToken.None)));
        Assert.Equal(20, counted.Count(isNew => isNew));
        var ann = await SendAsync("ann", HttpMethod.Get, "/users/ann");
        Assert.Equal(15, (int)(await BodyAsync(ann))["orderCount"]!);
        Assert.Equal(5, (int)(await BodyAsync(ann))["cancelledOrderCount"]!);
        Assert.Equal("\"1.15.5\"", ann.Headers.ETag!.Tag);
    }

    [Fact]
    public async Task The_openapi_document_says_what_there_is()
    {
        var document = (await _service.Public.GetFromJsonAsync<JsonNode>("/users/openapi.json"))!;
        var described = document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject().Where(o => o.Key != "parameters").Select(o => $"{o.Key.ToUpperInvariant()} {path.Key}"));
        var mapped = _service.App.Services.GetRequiredService<Microsoft.AspNetCore.Routing.EndpointDataSource>().Endpoints.OfType<Microsoft.AspNetCore.Routing.RouteEndpoint>()
            .SelectMany(e => e.Metadata.GetMetadata<Microsoft.AspNetCore.Routing.HttpMethodMetadata>()!.HttpMethods.Where(m => m != "HEAD").Select(m => $"{m} {e.RoutePattern.RawText}"));
        Assert.Equal(mapped.Order(StringComparer.Ordinal), described.Order(StringComparer.Ordinal));

        await CreateAsync("ann");
        var answer = await BodyAsync(await SendAsync("ann", HttpMethod.Get, "/users/ann"));
        Assert.Equal(document["components"]!["schemas"]!["User"]!["properties"]!.AsObject().Select(p => p.Key), answer.AsObject().Select(p => p.Key));
    }

    private async Task CreateAsync(string subject) =>
        Assert.Equal(HttpStatusCode.Created, (await SendAsync(subject, HttpMethod.Post, "/users", $$"""{"email":"{{subject}}@example.com","name":"{{subject}}"}""")).StatusCode);

    /// <param name="subject">Who asks; an operator when it ends with an exclamation mark.</param>
    /// <param name="method">The method.</param>
    /// <param name="path">The path.</param>
    /// <param name="body">The body, or none.</param>
    /// <param name="ifMatch">The tag, or none.</param>
    /// <param name="type">The body's type.</param>
    private Task<HttpResponseMessage> SendAsync(string subject, HttpMethod method, string path, string? body = null, string? ifMatch = null, string type = "application/json")
    {
        var request = new HttpRequestMessage(method, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _issuer.Token(subject.TrimEnd('!'), subject.EndsWith('!') ? "fleet:operator" : ""));
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, type);
        if (ifMatch is not null)
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        return _service.Public.SendAsync(request);
    }

    private static async Task<JsonNode> BodyAsync(HttpResponseMessage answer) => JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
}

/// <inheritdoc/>
public sealed class UsersOnSqliteTests(SqliteStore store) : UsersTests(store), IClassFixture<SqliteStore>;

/// <inheritdoc/>
[Trait("Needs", "Backends")]
[Collection(nameof(PostgreSqlStore))]
public sealed class UsersOnPostgreSqlTests(PostgreSqlStore store) : UsersTests(store);
