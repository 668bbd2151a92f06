using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Kubernetes;
using Fleet.Testing;

namespace Fleet.SystemTests.Conformance;

/// <summary>The API server as any client sees it: paths, bodies and codes, with nothing in between that could hide a difference.</summary>
public sealed class Wire : IDisposable
{
    /// <summary>The media type of server-side apply.</summary>
    public const string Apply = "application/apply-patch+yaml";

    /// <summary>The media type of RFC 6902.</summary>
    public const string JsonPatch = "application/json-patch+json";

    /// <summary>The media type of RFC 7386.</summary>
    public const string MergePatch = "application/merge-patch+json";

    /// <summary>The media type of the patch that knows lists by their keys.</summary>
    public const string StrategicPatch = "application/strategic-merge-patch+json";

    private readonly HttpClient _http;

    /// <summary>Makes one for the current cluster and user of a kubeconfig whose certificates are written inside.</summary>
    public Wire(string kubeconfig)
    {
        var config = Yaml.ParseOne(File.ReadAllText(kubeconfig));
        var cluster = config.At("clusters[0].cluster")!;
        var user = config.At("users[0].user")!;
        var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        trust.CustomTrustStore.ImportFromPem(Pem(cluster, "certificate-authority-data"));
        var handler = new SocketsHttpHandler { SslOptions = { CertificateChainPolicy = trust }, UseProxy = false, EnableMultipleHttp2Connections = true };
        if (user["client-certificate-data"] is not null)
        {
            var pair = X509Certificate2.CreateFromPem(Pem(user, "client-certificate-data"), Pem(user, "client-key-data"));
            handler.SslOptions.ClientCertificates = [pair];
        }

        _http = new HttpClient(handler) { BaseAddress = new Uri((string)cluster["server"]!), Timeout = TimeSpan.FromSeconds(60), DefaultRequestVersion = HttpVersion.Version20 };
        _http.DefaultRequestHeaders.UserAgent.ParseAdd("conformance/1.0");
        if ((string?)user["token"] is { } token)
            _http.DefaultRequestHeaders.Authorization = new("Bearer", token);
    }

    /// <summary>GET.</summary>
    public Task<Answer> GetAsync(string path, string accept = "application/json") => SendAsync(HttpMethod.Get, path, accept: accept);

    /// <summary>POST of an object, which is YAML or JSON.</summary>
    public Task<Answer> PostAsync(string path, string yaml) => SendAsync(HttpMethod.Post, path, Json(yaml));

    /// <summary>POST of an object.</summary>
    public Task<Answer> PostAsync(string path, JsonNode body) => SendAsync(HttpMethod.Post, path, body.ToJsonString());

    /// <summary>PUT of an object.</summary>
    public Task<Answer> PutAsync(string path, JsonNode body) => SendAsync(HttpMethod.Put, path, body.ToJsonString());

    /// <summary>PATCH with a patch written as YAML or JSON.</summary>
    public Task<Answer> PatchAsync(string path, string type, string yaml) => SendAsync(HttpMethod.Patch, path, Json(yaml), type);

    /// <summary>Server-side apply.</summary>
    public Task<Answer> ApplyAsync(string path, string manager, string yaml, bool force = false) =>
        PatchAsync($"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}fieldManager={manager}{(force ? "&force=true" : "")}", Apply, yaml);

    /// <summary>DELETE, with options when there are any.</summary>
    public Task<Answer> DeleteAsync(string path, string? options = null) => SendAsync(HttpMethod.Delete, path, options is null ? null : Json(options));

    /// <summary>Any request.</summary>
    public async Task<Answer> SendAsync(HttpMethod method, string path, string? body = null, string type = "application/json", string accept = "application/json")
    {
        using var request = Request(method, path, accept);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8);
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        }

        using var response = await _http.SendAsync(request);
        return new((int)response.StatusCode, response.Content.Headers.ContentType?.ToString() ?? "", await response.Content.ReadAsStringAsync());
    }

    /// <summary>Opens a watch, which has begun when this returns.</summary>
    /// <param name="path">The collection with its parameters, <c>watch</c> left out.</param>
    /// <param name="accept">As what the objects are wanted.</param>
    public async Task<WireWatch> WatchAsync(string path, string accept = "application/json")
    {
        using var request = Request(HttpMethod.Get, $"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}watch=true", accept);
        var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return response.IsSuccessStatusCode
            ? new(response, new StreamReader(await response.Content.ReadAsStreamAsync()))
            : throw new RefusedWatchException(new((int)response.StatusCode, "", await response.Content.ReadAsStringAsync()));
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private static HttpRequestMessage Request(HttpMethod method, string path, string accept)
    {
        var request = new HttpRequestMessage(method, path) { Version = HttpVersion.Version20 };
        request.Headers.TryAddWithoutValidation("Accept", accept);
        return request;
    }

    private static string Json(string yaml) => Yaml.ParseOne(yaml).ToJsonString();

    private static string Pem(JsonNode from, string field) => Encoding.UTF8.GetString(Convert.FromBase64String((string)from[field]!));
}

/// <summary>How the server answered.</summary>
/// <param name="Code">The HTTP status.</param>
/// <param name="ContentType">The type of the body.</param>
/// <param name="Text">The body.</param>
public sealed record Answer(int Code, string ContentType, string Text)
{
    /// <summary>The body as JSON.</summary>
    public JsonNode Json => field ??= JsonNode.Parse(Text) ?? throw new JsonException("null in place of a body");

    /// <summary>A word such as <c>NotFound</c>, of a refusal.</summary>
    public string Reason => (string?)Json["reason"] ?? "";

    /// <summary>The sentence of a refusal.</summary>
    public string Message => (string?)Json["message"] ?? "";

    /// <summary>The single problems of a refusal.</summary>
    public IReadOnlyList<JsonNode> Causes => [.. Json.At("details.causes")?.AsArray().Select(c => c!) ?? []];

    /// <summary>The paths of the problems, in order.</summary>
    public IReadOnlyList<string> Fields => [.. Causes.Select(c => (string?)c["field"] ?? "").Order(StringComparer.Ordinal)];

    /// <summary>The body, when the answer has that code.</summary>
    public JsonNode Is(int code) => Code == code ? Json : throw new Xunit.Sdk.XunitException($"{code} was expected, not {this}");

    /// <summary>The body of a success.</summary>
    public JsonNode Ok => Code is >= 200 and < 300 ? Json : throw new Xunit.Sdk.XunitException($"a success was expected, not {this}");

    /// <summary>Itself, when it is a Status that refuses with this code and reason.</summary>
    public Answer Refuses(int code, string reason)
    {
        var status = Is(code);
        if ((string?)status["kind"] != "Status" || (string?)status["apiVersion"] != "v1" || (string?)status["status"] != "Failure" || (int?)status["code"] != code || Reason != reason)
            throw new Xunit.Sdk.XunitException($"a Status with reason {reason} was expected, not {this}");
        return this;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Code}: {Text}");
}

/// <summary>A watch that was answered with a refusal in place of events.</summary>
/// <param name="answer">The refusal.</param>
public sealed class RefusedWatchException(Answer answer) : Exception(answer.ToString())
{
    /// <summary>The refusal.</summary>
    public Answer Answer { get; } = answer;
}

/// <summary>A watch under way.</summary>
public sealed class WireWatch : IDisposable
{
    private static readonly TimeSpan Patience = Eventually.Patience;

    private readonly HttpResponseMessage _response;
    private readonly StreamReader _lines;

    internal WireWatch(HttpResponseMessage response, StreamReader lines) => (_response, _lines) = (response, lines);

    /// <summary>The next event, bookmarks included; null when the server has ended the watch.</summary>
    /// <exception cref="OperationCanceledException">None came in time.</exception>
    public async Task<JsonNode?> AnyAsync(TimeSpan? patience = null)
    {
        using var limit = new CancellationTokenSource(patience ?? Patience);
        return await _lines.ReadLineAsync(limit.Token) is { } line ? JsonNode.Parse(line) : null;
    }

    /// <summary>The next event that is no bookmark: its type and object.</summary>
    public async Task<(string Type, JsonNode Object)> NextAsync()
    {
        while (true)
        {
            var next = await AnyAsync() ?? throw new EndOfStreamException("the server has ended the watch");
            if ((string)next["type"]! != "BOOKMARK")
                return ((string)next["type"]!, next["object"]!);
        }
    }

    /// <summary>The next event as <c>ADDED name</c>.</summary>
    public async Task<string> NextLineAsync()
    {
        var (type, obj) = await NextAsync();
        return $"{type} {(string?)obj.At("metadata.name")}";
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _lines.Dispose();
        _response.Dispose();
    }
}

/// <summary>Paths into JSON, for tests to be read in one line.</summary>
public static class JsonPaths
{
    /// <summary>What is at a path such as <c>spec.containers[0].name</c>; null when there is nothing.</summary>
    public static JsonNode? At(this JsonNode? node, string path)
    {
        foreach (var step in path.Replace("[", ".[", StringComparison.Ordinal).Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            node = step[0] != '[' ? (node as JsonObject)?[step]
                : node is JsonArray list && int.Parse(step.AsSpan(1, step.Length - 2), CultureInfo.InvariantCulture) is var i && i < list.Count ? list[i]
                : null;
        }

        return node;
    }

    /// <summary>The text at a path; null when there is none.</summary>
    public static string? Text(this JsonNode? node, string path) => (string?)node.At(path);

    /// <summary>The whole number at a path; null when there is none.</summary>
    public static long? Number(this JsonNode? node, string path) => (long?)node.At(path);

    /// <summary>The names of a list's items, in the list's order.</summary>
    public static IReadOnlyList<string> Names(this JsonNode list) => [.. list["items"]!.AsArray().Select(i => i.Text("metadata.name")!)];

    /// <summary>A copy with something changed.</summary>
    public static JsonNode With(this JsonNode node, Action<JsonNode> change)
    {
        var copy = node.DeepClone();
        change(copy);
        return copy;
    }
}
