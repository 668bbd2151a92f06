using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Fleet.Kubernetes;
using Fleet.Local.Schemas;

namespace Fleet.Local.ApiServer;

/// <summary>Which kinds are served now: the built-in ones and those of the CustomResourceDefinitions.</summary>
internal sealed class KindRegistry
{
    private readonly Dictionary<string, ImmutableArray<ServedKind>> _custom = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private volatile State _state = State.Of(BuiltInKinds.All, 0);

    /// <summary>All of them, built-in ones first.</summary>
    internal ImmutableArray<ServedKind> All => _state.All;

    /// <summary>Moves whenever a kind comes, goes or changes.</summary>
    internal int Generation => _state.Generation;

    /// <summary>The kind of a path; null when it is not served.</summary>
    internal ServedKind? Find(string group, string version, string plural) => _state.ByPath.GetValueOrDefault((group, version, plural));

    /// <summary>The kind that an owner reference names; null when it is not served.</summary>
    internal ServedKind? FindKind(string apiVersion, string kind) => All.FirstOrDefault(k => k.Resource.ApiVersion == apiVersion && k.Resource.Kind == kind);

    /// <summary>Serves what a CustomResourceDefinition says.</summary>
    internal void Serve(JsonObject crd)
    {
        lock (_gate)
        {
            _custom[crd.Meta().Text("name")!] = [.. CrdKinds.Of(crd)];
            Publish();
        }
    }

    /// <summary>Serves the kinds of a CustomResourceDefinition no longer.</summary>
    internal void Forget(string crd)
    {
        lock (_gate)
        {
            if (_custom.Remove(crd))
                Publish();
        }
    }

    private void Publish() => _state = State.Of([.. BuiltInKinds.All, .. _custom.OrderBy(c => c.Key, StringComparer.Ordinal).SelectMany(c => c.Value)], _state.Generation + 1);

    private sealed record State(ImmutableArray<ServedKind> All, IReadOnlyDictionary<(string Group, string Version, string Plural), ServedKind> ByPath, int Generation)
    {
        internal static State Of(ImmutableArray<ServedKind> all, int generation) =>
            new(all, all.ToDictionary(k => (k.Resource.Group, k.Resource.Version, k.Resource.Plural)), generation);
    }
}
