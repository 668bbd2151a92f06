using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Testing;

/// <summary>A namespace of a test's own. Disposing starts its deletion and does not wait for the end.</summary>
public sealed class TestNamespace : IAsyncDisposable
{
    /// <summary>The label that has the name as its value, for selectors; the server's own one came with 1.21.</summary>
    public const string Label = "fleet-test/namespace";

    private readonly ApiClient _api;

    private TestNamespace(ApiClient api, string name) => (_api, Name) = (api, name);

    /// <summary>Its name, not used before.</summary>
    public string Name { get; }

    /// <summary>Makes one and returns when pods can be created in it, that is, when it has its default service account.</summary>
    /// <param name="api">With which; not disposed by this.</param>
    /// <param name="prefix">What the name begins with, for people.</param>
    /// <param name="labels">More labels.</param>
    /// <param name="stop">Gives up.</param>
    public static async Task<TestNamespace> CreateAsync(
        ApiClient api, string prefix = "test", IReadOnlyDictionary<string, string>? labels = null, CancellationToken stop = default)
    {
        var name = $"{prefix}-{Guid.NewGuid().ToString("N")[..8]}";
        var all = new JsonObject { [Label] = name };
        foreach (var (key, value) in labels ?? new Dictionary<string, string>())
            all[key] = value;
        var metadata = new JsonObject { ["name"] = name, ["labels"] = all };
        await api.CreateAsync(KubeObject.From(Resources.Namespaces, new JsonObject { ["metadata"] = metadata }), stop);
        await Eventually.True(async () => await api.FindAsync(Kinds.MetadataOf(Resources.ServiceAccounts), name, "default", stop) is not null);
        return new TestNamespace(api, name);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await _api.DeleteAsync(Resources.Namespaces, null, Name, new DeleteOptions(), CancellationToken.None);
        }
        catch (ApiException e) when (e.IsNotFound || e.IsConflict)
        {
            // Gone or going already.
        }
    }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
