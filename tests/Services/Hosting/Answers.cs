using System.Net.Http.Json;
using System.Text.Json;
using Xunit;

namespace Fleet.ServiceTests.Hosting;

/// <summary>Reads what services answer.</summary>
internal static class Answers
{
    /// <summary>The body of an answer with this status; fails with the body when it has another.</summary>
    public static async Task<JsonElement> Json(this Task<HttpResponseMessage> sent, int status = 200)
    {
        var answer = await sent;
        var body = await answer.Content.ReadAsStringAsync();
        Assert.True(status == (int)answer.StatusCode, $"{(int)answer.StatusCode} {body}");
        return body.Length == 0 ? default : JsonDocument.Parse(body).RootElement;
    }

    /// <summary>The problem that was answered, with this status.</summary>
    public static async Task<JsonElement> Problem(this Task<HttpResponseMessage> sent, int status)
    {
        var problem = await sent.Json(status);
        Assert.Equal("application/problem+json", (await sent).Content.Headers.ContentType?.MediaType);
        Assert.Equal(status, problem.GetProperty("status").GetInt32());
        return problem;
    }

    /// <summary>The fields that a problem names.</summary>
    public static string[] Fields(this JsonElement problem) => [.. problem.GetProperty("errors").EnumerateObject().Select(e => e.Name)];

    public static string Text(this JsonElement element, string name) => element.GetProperty(name).GetString()!;

    public static Task<HttpResponseMessage> SendAsync(
        this HttpClient client, string method, string path, string? token = null, object? body = null, string? ifMatch = null, string mediaType = "application/json")
    {
        var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (token is not null)
            request.Headers.Authorization = new("Bearer", token);
        if (ifMatch is not null)
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        if (body is string text)
            request.Content = new StringContent(text, System.Text.Encoding.UTF8, mediaType);
        else if (body is not null)
            request.Content = JsonContent.Create(body, mediaType: new System.Net.Http.Headers.MediaTypeHeaderValue(mediaType));
        return client.SendAsync(request);
    }
}
