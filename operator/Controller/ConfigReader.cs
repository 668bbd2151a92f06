using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Runtime;

namespace Fleet.Controller;

/// <summary>
/// Fingerprints of the ConfigMaps and Secrets that apps refer to. Only their metadata is watched; one that moved is read with one GET, hashed and forgotten,
/// so that no value of a Secret stays in memory.
/// </summary>
public sealed class ConfigReader(ApiClient api, WatchedNamespaces watched)
{
    private readonly ConcurrentDictionary<(string Namespace, ConfigKey Key), (string? Uid, string? Version, ConfigContent Content)> _known = new();
    private readonly ConcurrentDictionary<(string Namespace, ConfigKey Key), ImmutableHashSet<ObjectKey>> _users = new();
    private readonly ConcurrentDictionary<ObjectKey, ImmutableHashSet<ConfigKey>> _uses = new();

    /// <summary>The apps that referred to this object when they were last read.</summary>
    public IReadOnlyCollection<ObjectKey> UsersOf(string ns, ConfigKey key) => _users.GetValueOrDefault((ns, key), []);

    /// <summary>Reads what an app refers to; a kind that may not be read, or is not to be, is left out.</summary>
    public async Task<ImmutableDictionary<ConfigKey, ConfigContent>> ReadAsync(ObjectKey app, ImmutableHashSet<ConfigKey> references, CancellationToken stop)
    {
        Remember(app, references);
        if (references.IsEmpty)
            return ImmutableDictionary<ConfigKey, ConfigContent>.Empty;
        var read = await Task.WhenAll(references.Select(async key => (key, Content: await ReadAsync(app.Namespace, key, stop))));
        return read.Where(r => r.Content is not null).ToImmutableDictionary(r => r.key, r => r.Content!);
    }

    /// <summary>Forgets an app that is gone.</summary>
    public void Forget(ObjectKey app) => Remember(app, []);

    private async Task<ConfigContent?> ReadAsync(string ns, ConfigKey key, CancellationToken stop)
    {
        var caches = watched[ns];
        if ((key.Kind == Resources.Secrets.Kind ? caches.Secrets : caches.ConfigMaps) is not { State: CacheState.Synced } cache)
            return null;
        if (cache.Find(ns, key.Name)?.Metadata is not { } metadata)
        {
            _known.TryRemove((ns, key), out _);
            return ConfigContent.Missing;
        }

        if (_known.TryGetValue((ns, key), out var known) && known.Uid == metadata.Uid && known.Version == metadata.ResourceVersion)
            return known.Content;
        try
        {
            var data = await api.FindAsync(Kinds.ConfigData(cache.Resource), ns, key.Name, stop);
            if (data is null)
                return ConfigContent.Missing;
            var content = ContentOf(data);
            _known[(ns, key)] = (data.Metadata.Uid, data.Metadata.ResourceVersion, content);
            return content;
        }
        catch (ApiException e) when (e.IsForbidden)
        {
            return new(); // it is there, and what is in it is not for us
        }
    }

    /// <summary>The fingerprint of each key's value.</summary>
    public static ConfigContent ContentOf(ConfigData data) => new() { Keys = Hashed(data) };

    private static ImmutableSortedDictionary<string, string> Hashed(ConfigData data) =>
        (data.Data ?? new Dictionary<string, string>(StringComparer.Ordinal)).Concat(data.BinaryData ?? new Dictionary<string, string>(StringComparer.Ordinal))
        .ToImmutableSortedDictionary(p => p.Key, p => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(p.Value))), StringComparer.Ordinal);

    // The work queue hands an app to one worker at a time, so its own entry is never changed by two.
    private void Remember(ObjectKey app, ImmutableHashSet<ConfigKey> references)
    {
        var before = _uses.GetValueOrDefault(app, []);
        foreach (var left in before.Except(references))
            Forget((app.Namespace, left), app);
        foreach (var added in references.Except(before))
            _users.AddOrUpdate((app.Namespace, added), [app], (_, users) => users.Add(app));
        if (references.IsEmpty)
            _uses.TryRemove(app, out _);
        else
            _uses[app] = references;
    }

    private void Forget((string Namespace, ConfigKey Key) used, ObjectKey app)
    {
        var users = _users.AddOrUpdate(used, [], (_, users) => users.Remove(app));
        if (users.IsEmpty && _users.TryRemove(new(used, users)))
            _known.TryRemove(used, out _);
    }
}
