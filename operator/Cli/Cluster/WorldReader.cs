using System.Collections.Immutable;
using System.Text.Json;
using Fleet.Apps;
using Fleet.Controller;
using Fleet.Kubernetes;

namespace Fleet.Cli;

/// <summary>Reads what the operator would see of one app, by asking once where the operator watches.</summary>
/// <param name="api">The cluster.</param>
/// <param name="settings">The operator's.</param>
/// <param name="secrets">Whether the operator may read Secrets.</param>
internal sealed class WorldReader(ApiClient api, OperatorSettings settings, bool secrets)
{
    /// <summary>What could not be read and what follows from it, for people.</summary>
    internal List<string> Notes { get; } = [];

    /// <summary>The app of a manifest as it would be after it was applied: known by its UID, with the status that it has.</summary>
    /// <param name="app">The app of the manifest.</param>
    /// <param name="stop">Cancels.</param>
    internal async Task<MicroserviceApp> AppliedAsync(MicroserviceApp app, CancellationToken stop)
    {
        if (await api.FindAsync(MicroserviceApp.Type, app.Metadata.Namespace, app.Metadata.Name, stop) is not { } live)
            return app;
        var same = live.Unreadable is null && JsonElement.DeepEquals(SpecOf(live), SpecOf(app));
        return app with
        {
            Metadata = app.Metadata with { Uid = live.Metadata.Uid, Generation = live.Metadata.Generation + (same ? 0 : 1) },
            Status = live.Status,
        };
    }

    /// <summary>The world around an app.</summary>
    /// <param name="app">The app, by its UID.</param>
    /// <param name="stop">Cancels.</param>
    internal async Task<Observed> ReadAsync(MicroserviceApp app, CancellationToken stop)
    {
        var version = api.GetVersionAsync(stop);
        var config = ConfigAsync(app, stop);
        var labelled = await Task.WhenAll(AppCaches.ChildKinds.Select(async kind => (Kind: kind, Objects: await ListAsync(kind, app, stop))));
        var world = new Observed
        {
            Children = [.. labelled.SelectMany(c => c.Objects ?? [])],
            Config = await config,
            Features = ClusterFeatures.Of(await version),
            Missing = labelled.Where(c => c.Objects is null).ToImmutableDictionary(c => c.Kind, c => OptionalKinds.NotServed(c.Kind)),
        };

        // What stands under a planned name and lacks our label is in the way, and is seen by its name only.
        var unseen = Planner.Plan(app, world, settings).Desired.Where(d => d.Held is null).Select(d => d.Object).Where(o => world.Children.All(c => c.Id != o.Id));
        var found = await Task.WhenAll(unseen.Select(o => api.FindAsync(Kinds.Raw(o.Resource), o.Metadata.Namespace, o.Metadata.Name, stop)));
        return world with { Children = [.. world.Children, .. found.OfType<KubeObject>()] };
    }

    // Null when the kind is not served.
    private async Task<List<KubeObject>?> ListAsync(Resource kind, MicroserviceApp app, CancellationToken stop)
    {
        var objects = new List<KubeObject>();
        try
        {
            await foreach (var page in api.ListAsync(Kinds.Raw(kind), new(app.Metadata.Namespace, $"{Keys.App}={app.Metadata.Name}"), stop))
                objects.AddRange(page.Items);
        }
        catch (ApiException e) when (e.IsNotFound && OptionalKinds.All.Contains(kind))
        {
            return null;
        }

        return objects;
    }

    private async Task<ImmutableDictionary<ConfigKey, ConfigContent>> ConfigAsync(MicroserviceApp app, CancellationToken stop)
    {
        var known = Planner.References(app, settings).Where(key => secrets || key.Kind != Resources.Secrets.Kind);
        var read = await Task.WhenAll(known.Select(async key => (key, Content: await ContentAsync(app.Metadata.Namespace!, key, stop))));
        return read.ToImmutableDictionary(r => r.key, r => r.Content);
    }

    private async Task<ConfigContent> ContentAsync(string ns, ConfigKey key, CancellationToken stop)
    {
        try
        {
            var resource = key.Kind == Resources.Secrets.Kind ? Resources.Secrets : Resources.ConfigMaps;
            return await api.FindAsync(Kinds.ConfigData(resource), ns, key.Name, stop) is { } data ? ConfigReader.ContentOf(data) : ConfigContent.Missing;
        }
        catch (ApiException e) when (e.IsForbidden)
        {
            Notes.Add($"{key} may not be read with these credentials: whether its content has changed is not known");
            return new();
        }
    }

    // Applying the same spec leaves the generation as it is.
    private static JsonElement SpecOf(MicroserviceApp app) =>
        JsonSerializer.SerializeToElement(app with { Metadata = new(), Status = null }, AppsJson.Default.MicroserviceApp).GetProperty("spec");
}
