using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Fleet.Kubernetes;

/// <summary>A request before it is sent: it may be sent several times.</summary>
/// <param name="Verb">The verb of metrics and messages.</param>
/// <param name="Method">The HTTP method.</param>
/// <param name="PathAndQuery">What follows the server's address.</param>
/// <param name="Subject">What is asked, for messages.</param>
internal sealed record ApiRequest(string Verb, HttpMethod Method, string PathAndQuery, string Subject)
{
    public const string Json = "application/json";

    public Resource? Resource { get; init; }

    public string Accept { get; init; } = Json;

    public ReadOnlyMemory<byte>? Body { get; init; }

    public string ContentType { get; init; } = Json;

    /// <summary>Whether it may be sent, asked each time right before; null for always.</summary>
    public Func<bool>? MaySend { get; init; }

    public bool IsWatch => Verb == "watch";

    public bool IsWrite => Method != HttpMethod.Get;

    /// <summary>
    /// Whether carrying it out twice comes to the same. A 503 does not tell whether a write was carried out; a create sent again would then be answered
    /// AlreadyExists, and a JSON patch would be applied twice.
    /// </summary>
    public bool IsIdempotent => Verb is not ("create" or "patch");

    public HttpRequestMessage Message(Uri address, ClusterConfig config, string userAgent, Credential credential)
    {
        var message = new HttpRequestMessage(Method, address)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower, // plain http:// has no negotiation and is spoken as 1.1
        };
        message.Headers.TryAddWithoutValidation("Accept", Accept);
        message.Headers.TryAddWithoutValidation("User-Agent", userAgent);
        message.Headers.Authorization = credential.Authorization;
        message.Headers.Host = config.TlsServerName; // the handler takes the name that it verifies from here; null leaves the address' own
        foreach (var (name, value) in config.Credentials.Impersonation)
            message.Headers.TryAddWithoutValidation(name, value);
        if (Body is { } body)
        {
            message.Content = new ReadOnlyMemoryContent(body);
            message.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(ContentType);
        }

        return message;
    }
}

/// <summary>A query string, put together.</summary>
internal sealed class Query
{
    private readonly StringBuilder _text = new();

    /// <summary>Adds a parameter; null leaves it out.</summary>
    public Query Add(string name, string? value)
    {
        if (value is not null)
            _text.Append(_text.Length == 0 ? '?' : '&').Append(name).Append('=').Append(Uri.EscapeDataString(value));
        return this;
    }

    public override string ToString() => _text.ToString();
}
