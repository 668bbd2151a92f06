using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Fleet.Kubernetes;

namespace Fleet.Unit.Kubernetes;

/// <summary>Answers in an API server's place, and remembers what it was asked.</summary>
internal sealed class StubServer(Func<StubRequest, HttpResponseMessage> answer) : HttpMessageHandler
{
    private readonly ConcurrentQueue<StubRequest> _requests = new();

    public static readonly Uri Address = new("https://cluster.test/base/");

    public IReadOnlyList<StubRequest> Requests => [.. _requests];

    /// <summary>A server that gives these answers one after the other.</summary>
    public static StubServer Answering(params HttpResponseMessage[] answers)
    {
        var left = new ConcurrentQueue<HttpResponseMessage>(answers);
        return new(_ => left.TryDequeue(out var next) ? next : throw new InvalidOperationException("asked more often than expected"));
    }

    public static HttpResponseMessage Json(string body, HttpStatusCode code = HttpStatusCode.OK) =>
        new(code) { Content = new StringContent(body, Encoding.UTF8, "application/json") };

    public static HttpResponseMessage Stream(Stream body) =>
        new(HttpStatusCode.OK) { Content = new StreamContent(body) { Headers = { ContentType = new("application/json") } } };

    public static HttpResponseMessage Refusal(HttpStatusCode code, string reason, string message = "no", int? retryAfter = null)
    {
        var response = Json($$"""{"kind":"Status","apiVersion":"v1","status":"Failure","message":"{{message}}","reason":"{{reason}}","code":{{(int)code}}}""", code);
        if (retryAfter is { } seconds)
            response.Headers.RetryAfter = new(TimeSpan.FromSeconds(seconds));
        return response;
    }

    public ApiClient Client(ApiClientOptions? options = null, ClusterConfig? config = null) =>
        new(config ?? new ClusterConfig { Server = Address }, options ?? new(), _ => this);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var body = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken);
        var made = new StubRequest(
            request.Method.Method,
            request.RequestUri!,
            body,
            request.Headers.NonValidated.Concat(request.Content?.Headers.NonValidated ?? Enumerable.Empty<KeyValuePair<string, HeaderStringValues>>())
                .ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase),
            cancellationToken);
        _requests.Enqueue(made);
        return answer(made);
    }
}

internal sealed record StubRequest(string Method, Uri Url, string Body, IReadOnlyDictionary<string, string> Headers, CancellationToken Stop)
{
    public string Path => Url.AbsolutePath;

    public string? Header(string name) => Headers.GetValueOrDefault(name);

    public string? Query(string name) => Url.Query.TrimStart('?').Split('&').Select(p => p.Split('=', 2)).Where(p => p[0] == name).Select(p => Uri.UnescapeDataString(p[1])).SingleOrDefault();
}
