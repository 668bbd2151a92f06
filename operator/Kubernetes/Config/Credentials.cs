using System.Net.Http.Headers;
using System.Text;

namespace Fleet.Kubernetes;

/// <summary>What proves a request's sender: a header, a certificate, both or nothing.</summary>
/// <param name="Authorization">The Authorization header.</param>
/// <param name="Certificate">Used when connecting; another one means other connections.</param>
internal sealed record Credential(AuthenticationHeaderValue? Authorization, ClientCertificate? Certificate);

/// <summary>Keeps the credential fresh: files are read again, plugins run again when their credential has expired or was refused.</summary>
internal sealed class Credentials : IDisposable
{
    private readonly CredentialSpec _spec;
    private readonly TimeProvider _time;
    private readonly AuthenticationHeaderValue? _fixed;
    private readonly FileCredential<AuthenticationHeaderValue>? _tokenFile;
    private readonly FileCredential<ClientCertificate>? _certificateFiles;
    private readonly ExecCredential? _exec;

    public Credentials(CredentialSpec spec, TimeProvider time)
    {
        (_spec, _time) = (spec, time);
        _fixed = spec.Token is { } token ? Bearer(token, "the configured token")
            : spec.Basic is { } basic ? new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{basic.User}:{basic.Password}")))
            : null;
        if (spec.TokenFile is { } file)
            _tokenFile = new(time, [file], texts => Bearer(Encoding.UTF8.GetString(texts[0]).Trim(), file), _fixed);
        if (spec.CertificateFiles is { } files)
        {
            _certificateFiles = new(
                time,
                [files.Certificate, files.Key],
                pems => Certificates.Client(pems[0], pems[1], (isKey, problem) => new IOException($"{(isKey ? files.Key : files.Certificate)} {problem}")),
                spec.Certificate);
        }

        if (spec.Exec is { } exec && _fixed is null && _tokenFile is null)
            _exec = new(exec, time);
    }

    /// <summary>The credential to send now.</summary>
    /// <exception cref="HttpRequestException">There is none to be had (<see cref="HttpRequestError.UserAuthenticationError"/>).</exception>
    public async ValueTask<Credential> GetAsync(CancellationToken stop)
    {
        if (_exec is not null)
        {
            var answer = await _exec.GetAsync(stop);
            return new(answer.Authorization, answer.Certificate ?? _spec.Certificate);
        }

        return new(_tokenFile?.Get() ?? _fixed, _certificateFiles?.Get() ?? _spec.Certificate);
    }

    /// <summary>The server answered 401 to this credential. Returns whether another one may be had now.</summary>
    public async ValueTask<bool> RefusedAsync(Credential refused, CancellationToken stop)
    {
        _exec?.Expire(refused);
        _tokenFile?.Expire();
        _certificateFiles?.Expire();
        return (_exec ?? _tokenFile ?? (object?)_certificateFiles) is not null && await GetAsync(stop) is var now
            && (now.Authorization?.Parameter != refused.Authorization?.Parameter || now.Certificate != refused.Certificate);
    }

    public void Dispose() => _exec?.Dispose();

    /// <summary>A token becomes a header only when it can be one: a line feed inside would start another header.</summary>
    internal static AuthenticationHeaderValue Bearer(string token, string origin) =>
        token.Length > 0 && !token.AsSpan().ContainsAnyExceptInRange('!', '~')
            ? new("Bearer", token)
            : throw Unusable($"{origin} is empty or holds characters that no token has");

    internal static HttpRequestException Unusable(string problem, Exception? inner = null) =>
        new(HttpRequestError.UserAuthenticationError, problem, inner);
}

/// <summary>Something made of files that others renew: read again every minute, and what was read last holds while they cannot be read.</summary>
internal sealed class FileCredential<T>(TimeProvider time, string[] files, Func<byte[][], T> read, T? fallback)
    where T : class
{
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(1);
    private readonly Lock _gate = new();
    private byte[][] _bytes = [];
    private T? _last = fallback;
    private long? _readAt;

    public T Get()
    {
        lock (_gate)
        {
            if (_readAt is { } at && time.GetElapsedTime(at) < Fresh)
                return _last!;
            try
            {
                var bytes = Array.ConvertAll(files, File.ReadAllBytes);
                if (_last is null || !Same(bytes, _bytes))
                    _last = read(bytes); // the same bytes give the same object, or every minute would open new connections
                (_bytes, _readAt) = (bytes, time.GetTimestamp());
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or HttpRequestException)
            {
                if (_last is null)
                    throw Credentials.Unusable($"{string.Join(", ", files)}: no credential can be read: {e.Message}", e);
                _readAt = time.GetTimestamp();
            }

            return _last;
        }
    }

    public void Expire()
    {
        lock (_gate)
            _readAt = null;
    }

    private static bool Same(byte[][] left, byte[][] right) =>
        left.Length == right.Length && left.Zip(right).All(pair => pair.First.AsSpan().SequenceEqual(pair.Second));
}
