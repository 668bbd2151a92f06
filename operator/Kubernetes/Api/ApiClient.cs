using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Fleet.Kubernetes;

/// <summary>
/// A client of one API server. Safe to use from many threads; make one and keep it, its connections are shared. Whatever is refused surfaces as
/// <see cref="ApiException"/>; a slow server as <see cref="TimeoutException"/>; an unreachable one, or a credential that cannot be had, as
/// <see cref="HttpRequestException"/>; a broken connection as <see cref="IOException"/>; an answer that is no JSON or beyond bounds as
/// <see cref="JsonException"/> or <see cref="InvalidDataException"/>; the caller's cancellation as <see cref="OperationCanceledException"/>. A server that
/// answers 429, or 503 to what may be repeated, with a Retry-After of at most 10 s is asked up to three times.
/// </summary>
public sealed partial class ApiClient : IDisposable
{
    private const string AsPartialList = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";
    private const string AsPartial = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";

    private readonly ApiClientOptions _options;
    private readonly Transport _transport;
    private readonly Func<bool>? _mayWrite;

    /// <summary>Makes one; nothing is sent yet.</summary>
    public ApiClient(ClusterConfig config, ApiClientOptions options)
        : this(config, options, certificate => Connections.Open(config, options.RequestTimeout, certificate))
    {
    }

    /// <summary>For tests that answer in the server's place.</summary>
    internal ApiClient(ClusterConfig config, ApiClientOptions options, Func<ClientCertificate?, HttpMessageHandler> open) =>
        (Config, _options, _transport) = (config, options, new(config, options, open));

    private ApiClient(ApiClient shared, Func<bool> mayWrite) => (Config, _options, _transport, _mayWrite) = (shared.Config, shared._options, shared._transport, mayWrite);

    /// <summary>
    /// The same client, on the same connections, for writes that are allowed for a time only: each is asked for right before it is sent, when it has waited for its turn and
    /// for whatever stopped this process, and what is no longer allowed ends in <see cref="NotAllowedException"/>. It need not be disposed.
    /// </summary>
    /// <param name="mayWrite">Whether a write may be sent now; must return at once and not throw.</param>
    public ApiClient WritingWhile(Func<bool> mayWrite) => new(this, mayWrite);

    /// <summary>The server that is asked.</summary>
    public ClusterConfig Config { get; }

    /// <summary>Reads one object.</summary>
    /// <param name="kind">The kind, and as what it is read.</param>
    /// <param name="ns">The namespace; null for a cluster-wide kind.</param>
    /// <param name="name">The object's name.</param>
    /// <param name="stop">Cancels.</param>
    public Task<T> GetAsync<T>(ResourceKind<T> kind, string? ns, string name, CancellationToken stop)
        where T : class, IKubeObject
    {
        var request = For("get", HttpMethod.Get, kind.Resource, ns, name) with { Accept = kind.MetadataOnly ? AsPartial : ApiRequest.Json };
        return SendAsync(request, kind.Read, stop);
    }

    /// <summary>Reads one object; null when there is none, or no such API.</summary>
    /// <inheritdoc cref="GetAsync"/>
    public async Task<T?> FindAsync<T>(ResourceKind<T> kind, string? ns, string name, CancellationToken stop)
        where T : class, IKubeObject
    {
        try
        {
            return await GetAsync(kind, ns, name, stop);
        }
        catch (ApiException e) when (e.IsNotFound)
        {
            return null;
        }
    }

    /// <summary>Lists the objects page by page, all as of one moment. A list that took too long for the server to remember ends in IsGone.</summary>
    /// <param name="kind">The kind, and as what it is read.</param>
    /// <param name="scope">Which objects.</param>
    /// <param name="stop">Cancels.</param>
    /// <param name="pageSize">The most objects per page; the server may send fewer, or (from its cache) all of them.</param>
    public async IAsyncEnumerable<ListPage<T>> ListAsync<T>(
        ResourceKind<T> kind, ListScope scope, [EnumeratorCancellation] CancellationToken stop, int pageSize = 500)
        where T : class, IKubeObject
    {
        for (string? token = null; ;)
        {
            var query = Selectors(scope).Add("limit", $"{pageSize}").Add("continue", token);
            var request = For("list", HttpMethod.Get, kind.Resource, scope.Namespace, null, query) with
            {
                Accept = kind.MetadataOnly ? AsPartialList : ApiRequest.Json,
            };
            var reader = new ListPageReader<T>(kind.Read, _options.MaxLineLength);
            var (items, meta) = await _transport.SendAsync(
                request,
                async (response, within) => await reader.ReadAsync(await response.Content.ReadAsStreamAsync(within), within),
                stop);
            var next = meta.Continue is { Length: > 0 } more ? more : null;
            if (next is not null && next == token)
                throw new InvalidDataException($"{request.Subject}: the server repeats itself, the list would never end");
            token = next;
            yield return new(items, meta.ResourceVersion ?? "", token is null);
            if (token is null)
                yield break;
        }
    }

    /// <summary>
    /// Watches the objects from a version on. Ends when the server closes the watch, which it is asked to within
    /// <see cref="ApiClientOptions.WatchIdleTimeout"/>; resume from the last event's version. An ERROR event surfaces as <see cref="ApiException"/>, IsGone
    /// when the version is too old; a connection cut in the middle of a line as <see cref="IOException"/>; one that is silent for too long as
    /// <see cref="TimeoutException"/>.
    /// </summary>
    /// <param name="kind">The kind, and as what it is read.</param>
    /// <param name="scope">Which objects.</param>
    /// <param name="resourceVersion">A list's version, or the last event's.</param>
    /// <param name="stop">Cancels.</param>
    /// <param name="length">After how long the server is asked to close it, in whole seconds.</param>
    public async IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(
        ResourceKind<T> kind, ListScope scope, string resourceVersion, [EnumeratorCancellation] CancellationToken stop, TimeSpan? length = null)
        where T : class, IKubeObject
    {
        var query = Selectors(scope).Add("watch", "true").Add("allowWatchBookmarks", "true").Add("resourceVersion", resourceVersion)
            .Add("timeoutSeconds", $"{length?.TotalSeconds ?? WatchSeconds():0}");
        var request = For("watch", HttpMethod.Get, kind.Resource, scope.Namespace, null, query) with
        {
            Accept = kind.MetadataOnly ? AsPartial : ApiRequest.Json,
        };

        using var response = await _transport.SendAsync(request, static (response, _) => Task.FromResult(response), stop);
        await using var body = await response.Content.ReadAsStreamAsync(stop);
        await using var lines = new WatchLines(body, _options.MaxLineLength, _options.WatchIdleTimeout, _options.TimeProvider, request.Subject);
        ObjectReader<WatchEvent<T>> read = utf8 => WatchFrame.Read(utf8, kind, request.Subject);
        while (await lines.NextAsync(stop) is { } line)
            yield return JsonSlice.Read(line, read);
    }

    /// <summary>Asks what the server serves, all of it.</summary>
    public Task<ServedApis> DiscoverAsync(CancellationToken stop) => new Discovery(DiscoverAsync, interest: null).RunAsync(stop);

    /// <summary>Asks what the server serves, as far as these resources are concerned: fewer requests to servers before 1.26.</summary>
    public Task<ServedApis> DiscoverAsync(IReadOnlyCollection<Resource> interest, CancellationToken stop) =>
        new Discovery(DiscoverAsync, interest).RunAsync(stop);

    /// <summary>Asks the server's version.</summary>
    public Task<ServerVersion> GetVersionAsync(CancellationToken stop) => SendAsync(
        new("get", HttpMethod.Get, "/version", "get the server's version"),
        static utf8 => JsonSerializer.Deserialize(utf8, ApiJson.Default.VersionBody) is { } body
            ? new ServerVersion(ServerVersion.Number(body.Major), ServerVersion.Number(body.Minor), body.GitVersion ?? "")
            : throw new JsonException("null in place of a version"),
        stop);

    /// <summary>Closes the connections; what is under way fails.</summary>
    public void Dispose()
    {
        if (_mayWrite is null)
            _transport.Dispose();
    }

    private Task<DiscoveryBody> DiscoverAsync(string path, string accept, CancellationToken stop) => SendAsync(
        new("get", HttpMethod.Get, path, $"discover {path}") { Accept = accept },
        static utf8 => JsonSerializer.Deserialize(utf8, ApiJson.Default.DiscoveryBody) ?? throw new JsonException("null in place of a discovery"),
        stop);

    private Task<T> SendAsync<T>(ApiRequest request, ObjectReader<T> read, CancellationToken stop) => _transport.SendAsync(
        request.IsWrite ? request with { MaySend = _mayWrite } : request,
        async (response, within) =>
        {
            using var body = await PooledBody.ReadAsync(await response.Content.ReadAsStreamAsync(within), _options.MaxBodyLength, within);
            return read(body.Bytes.Span);
        },
        stop);

    /// <summary>
    /// Silence proves nothing by itself: Kubernetes 1.20, for one, sends no bookmark while nothing at all has changed since the watch began. So the server
    /// is to end the watch earlier: when not even the end arrives, the connection is stalled. At random, so that not all watches end at once.
    /// </summary>
    private int WatchSeconds()
    {
        var most = Math.Max(1, (int)(_options.WatchIdleTimeout.TotalSeconds * 0.9));
        return Random.Shared.Next((most + 1) / 2, most + 1);
    }

    private static Query Selectors(ListScope scope) => new Query().Add("labelSelector", scope.LabelSelector).Add("fieldSelector", scope.FieldSelector);

    private static ApiRequest For(
        string verb, HttpMethod method, Resource resource, string? ns, string? name, Query? query = null, string? subresource = null)
    {
        // "pods/.." would be another URL altogether, and "" the whole collection.
        if (ns is not null)
            RequireSegment(ns, nameof(ns));
        if (name is not null)
            RequireSegment(name, nameof(name));
        var what = subresource is null ? $"{resource}" : $"{resource}/{subresource}";
        var which = name is null ? ns : ns is null ? name : $"{ns}/{name}";
        var subject = which is null ? $"{verb} {what}" : $"{verb} {what} {which}";
        return new(verb, method, resource.Path(ns, name, subresource) + query, subject) { Resource = resource };
    }

    private static void RequireSegment(string segment, string parameter)
    {
        if (segment is "" or "." or "..")
            throw new ArgumentException($"\"{segment}\" names nothing", parameter);
    }
}
