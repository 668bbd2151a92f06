using System.Collections.ObjectModel;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fleet.Testing;

/// <summary>What the API server was asked and answered, one entry per finished request, as its audit log has it.</summary>
public sealed class AuditLog
{
    private readonly string _file;
    private readonly Func<string, Task> _mark;

    internal AuditLog(string file, Func<string, Task> mark) => (_file, _mark) = (file, mark);

    /// <summary>A place in the log: now. Every request that was answered before this call lies before it, every later one after.</summary>
    public async Task<AuditPosition> NowAsync()
    {
        var before = File.Exists(_file) ? new FileInfo(_file).Length : 0;
        var word = Guid.NewGuid().ToString("N");
        await _mark(word);
        var found = await Eventually.That(
            () => Task.FromResult(EndOfLineWith(word, before)), offset => offset >= 0, what: "the request just made is in the audit log");
        return new AuditPosition(found);
    }

    /// <summary>The requests from one place up to now.</summary>
    public async Task<IReadOnlyList<AuditEntry>> SinceAsync(AuditPosition start)
    {
        var end = await NowAsync();
        return Read(start).TakeWhile(line => line.Start < end.Offset).Select(line => line.Entry).ToList();
    }

    /// <summary>The requests between two places.</summary>
    public ReadOnlyCollection<AuditEntry> Between(AuditPosition start, AuditPosition end) =>
        Read(start).TakeWhile(line => line.Start < end.Offset).Select(line => line.Entry).ToList().AsReadOnly();

    /// <summary>All requests that are in the log so far, read as they are enumerated.</summary>
    public IEnumerable<AuditEntry> All() => Read(default).Select(line => line.Entry);

    private long EndOfLineWith(string word, long from)
    {
        foreach (var (line, next) in Lines(from))
        {
            if (line.AsSpan().IndexOf(Encoding.UTF8.GetBytes(word)) >= 0)
                return next;
        }

        return -1;
    }

    private IEnumerable<(AuditEntry Entry, long Start)> Read(AuditPosition start)
    {
        var from = start.Offset;
        foreach (var (line, next) in Lines(from))
        {
            var entry = JsonSerializer.Deserialize(line, AuditJson.Default.AuditEntry) ?? throw new JsonException($"null in {_file}");
            if (entry.Stage == "ResponseComplete")
                yield return (entry, from);
            from = next;
        }
    }

    /// <summary>The whole lines from an offset on, each with the offset of the next.</summary>
    private IEnumerable<(byte[] Line, long Next)> Lines(long offset)
    {
        if (!File.Exists(_file))
            yield break;
        using var file = new FileStream(_file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1 << 16);
        file.Position = offset;
        var line = new List<byte>(1024);
        var buffer = new byte[1 << 16];
        int count;
        while ((count = file.Read(buffer)) > 0)
        {
            for (var i = 0; i < count; i++)
            {
                if (buffer[i] != (byte)'\n')
                {
                    line.Add(buffer[i]);
                    continue;
                }

                offset += line.Count + 1;
                yield return (line.ToArray(), offset);
                line.Clear();
            }
        }
    }
}

/// <summary>A place in an <see cref="AuditLog"/>; the default is its beginning.</summary>
/// <param name="Offset">In bytes.</param>
public readonly record struct AuditPosition(long Offset);

/// <summary>audit.k8s.io/v1 Event, in part: one request.</summary>
public sealed record AuditEntry
{
    /// <summary>ResponseComplete, or ResponseStarted for a watch that goes on.</summary>
    public string Stage { get; init; } = "";

    /// <summary>get, list, watch, create, update, patch, delete or deletecollection.</summary>
    public string Verb { get; init; } = "";

    /// <summary>Path and query.</summary>
    [JsonPropertyName("requestURI")]
    public string RequestUri { get; init; } = "";

    /// <summary>The client's program.</summary>
    public string UserAgent { get; init; } = "";

    /// <summary>The client.</summary>
    public AuditUser User { get; init; } = new();

    /// <summary>What was asked for; null for paths that are no resource.</summary>
    public AuditObject? ObjectRef { get; init; }

    /// <summary>The answer; null when there was none.</summary>
    public AuditResponse? ResponseStatus { get; init; }

    /// <summary>What the server's own parts noted: <c>authorization.k8s.io/decision</c> for instance.</summary>
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }

    /// <summary>Whether authorization refused it. An admission that refuses answers 403 as well, and is no matter of Roles.</summary>
    public bool IsForbidden => Annotations?.GetValueOrDefault("authorization.k8s.io/decision") == "forbid";

    /// <summary>When the request came in.</summary>
    [JsonPropertyName("requestReceivedTimestamp")]
    public DateTimeOffset Received { get; init; }

    /// <summary>When the answer was complete.</summary>
    [JsonPropertyName("stageTimestamp")]
    public DateTimeOffset Completed { get; init; }

    /// <summary>The HTTP status; 0 when there was none.</summary>
    public int Code => ResponseStatus?.Code ?? 0;

    /// <summary>Whether the request asked for a change.</summary>
    public bool IsWrite => Verb is "create" or "update" or "patch" or "delete" or "deletecollection";

    /// <summary>A write of a client that counts: leases, events and questions about permissions change nothing of the user's.</summary>
    public bool IsRealWrite => IsWrite && ObjectRef is not { Resource: "leases" or "events" or "selfsubjectaccessreviews" or "selfsubjectrulesreviews" };

    /// <inheritdoc/>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Received:HH:mm:ss.fff} {Code} {Verb} {RequestUri} ({User.Username}, {UserAgent})");
}

/// <summary>Who asked.</summary>
public sealed record AuditUser
{
    /// <summary>The user's name, <c>system:serviceaccount:...</c> for instance.</summary>
    public string Username { get; init; } = "";

    /// <summary>What else the credentials say: of a token that is bound to a pod, the pod.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>>? Extra { get; init; }

    /// <summary>The pod whose token it was, or null.</summary>
    public string? Pod => Extra?.GetValueOrDefault("authentication.kubernetes.io/pod-name")?[0];
}

/// <summary>What a request was about.</summary>
public sealed record AuditObject
{
    /// <summary>The plural, <c>deployments</c> for instance.</summary>
    public string Resource { get; init; } = "";

    /// <summary>The API group; null for the core group.</summary>
    public string? ApiGroup { get; init; }

    /// <summary>The namespace; null for cluster-wide kinds and for requests over all namespaces.</summary>
    public string? Namespace { get; init; }

    /// <summary>The object's name; null for lists, watches and creations.</summary>
    public string? Name { get; init; }

    /// <summary><c>status</c>, <c>scale</c>...; null for the object itself.</summary>
    public string? Subresource { get; init; }
}

/// <summary>How a request was answered.</summary>
public sealed record AuditResponse
{
    /// <summary>The HTTP status.</summary>
    public int Code { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(AuditEntry))]
internal sealed partial class AuditJson : JsonSerializerContext;
