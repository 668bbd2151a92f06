using System.Text;
using System.Text.Json;

namespace Fleet.Kubernetes;

/// <summary>The credential that a plugin gives, kept until it expires or is refused (client.authentication.k8s.io).</summary>
internal sealed class ExecCredential(ExecSpec spec, TimeProvider time) : IDisposable
{
    /// <summary>A server that refuses everybody must not have the plugin run for every request.</summary>
    private static readonly TimeSpan BetweenForcedRuns = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _gate = new(1);
    private volatile Answer? _last;

    internal sealed record Answer(Credential Credential, DateTimeOffset? Expires, long RunAt)
    {
        public bool Refused { get; init; }
    }

    public async ValueTask<Credential> GetAsync(CancellationToken stop)
    {
        if (Usable(_last) is { } kept)
            return kept;
        await _gate.WaitAsync(stop);
        try
        {
            if (Usable(_last) is { } made)
                return made; // by whoever was before us
            var output = await ExecProcess.RunAsync(spec, time, stop);
            var answer = Read(output);
            _last = answer;
            return answer.Credential;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Has the plugin run again, unless the refused credential is an old one or the plugin ran just now.</summary>
    public void Expire(Credential refused)
    {
        if (_last is { } last && last.Credential.Authorization?.Parameter == refused.Authorization?.Parameter &&
            time.GetElapsedTime(last.RunAt) >= BetweenForcedRuns)
        {
            Interlocked.CompareExchange(ref _last, last with { Refused = true }, last);
        }
    }

    public void Dispose() => _gate.Dispose();

    private Credential? Usable(Answer? answer) =>
        answer is { Refused: false } && (answer.Expires is not { } expires || time.GetUtcNow() < expires) ? answer.Credential : null;

    private Answer Read(byte[] output)
    {
        try
        {
            using var document = JsonDocument.Parse(output, new JsonDocumentOptions { MaxDepth = KubeJson.MaxDepth });
            var root = document.RootElement;
            if (Text(root, "kind") != "ExecCredential" || Text(root, "apiVersion") != spec.ApiVersion)
            {
                var printed = $"{Text(root, "apiVersion")} {Text(root, "kind")}";
                throw Unusable($"printed {printed} in place of {spec.ApiVersion} ExecCredential; set the apiVersion that the plugin speaks");
            }

            if (!root.TryGetProperty("status", out var status) || status.ValueKind != JsonValueKind.Object)
                throw Unusable("printed an ExecCredential without status");

            var token = Text(status, "token");
            var certificate = Text(status, "clientCertificateData");
            var key = Text(status, "clientKeyData");
            if ((token is null && certificate is null) || (certificate is null) != (key is null))
                throw Unusable("printed neither a token nor a clientCertificateData with its clientKeyData");
            DateTimeOffset? expires = Text(status, "expirationTimestamp") is null
                ? null
                : status.GetProperty("expirationTimestamp").GetDateTimeOffset();
            return new(
                new(
                    token is null ? null : Credentials.Bearer(token, $"{spec.Origin}: the token of {spec.Command}"),
                    certificate is null ? null : Certificate(certificate, key!)),
                expires,
                time.GetTimestamp());
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            throw Unusable($"printed something that is no ExecCredential: {e.Message}", e);
        }
    }

    private ClientCertificate Certificate(string certificate, string key) => Certificates.Client(
        Encoding.UTF8.GetBytes(certificate),
        Encoding.UTF8.GetBytes(key),
        (isKey, problem) => Unusable($"printed a {(isKey ? "clientKeyData" : "clientCertificateData")} that {problem}"));

    private static string? Text(JsonElement element, string field) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(field, out var value)
        && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text
            ? text
            : null;

    private HttpRequestException Unusable(string problem, Exception? inner = null) => Credentials.Unusable($"{spec.Origin}: {spec.Command} {problem}", inner);
}
