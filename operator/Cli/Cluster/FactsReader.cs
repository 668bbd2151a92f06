using System.Collections.Immutable;
using Fleet.Apps;
using Fleet.Controller;
using Fleet.Kubernetes;

namespace Fleet.Cli;

/// <summary>Reads what <see cref="Diagnosis"/> judges. What may not be read is left out, and told.</summary>
internal sealed class FactsReader(ApiClient api, TimeProvider time)
{
    private static readonly string[] WebhookKinds = ["Validating", "Mutating"];

    private readonly ObjectReader _reader = new(api);
    private readonly Dictionary<string, ImmutableArray<Lease>?> _leasesOf = new(StringComparer.Ordinal);
    private Task<ImmutableArray<Lease>?>? _allLeases;

    /// <summary>Kinds that may not be read with these credentials.</summary>
    internal IReadOnlySet<string> Denied => _reader.Denied;

    /// <summary>The facts about an app. About one that is Ready only those that could make one doubt it.</summary>
    internal async Task<Facts> ReadAsync(MicroserviceApp app, CancellationToken stop)
    {
        var ns = app.Metadata.Namespace!;
        var facts = new Facts { App = app, Now = time.GetUtcNow(), Program = Program.Name, Leases = await LeasesAsync(ns, stop) };
        if (app.Unreadable is not null || WaitCondition.Ready.IsMet(app))
            return facts;
        var (objects, events) = (_reader.ReadAsync(ns, app.Metadata.Name, stop), _reader.TryListAsync(Resources.Events, new(ns), stop));
        var (nodes, secrets) = (_reader.TryListAsync(Resources.Nodes, new(null), stop), _reader.TryListAsync(Kinds.MetadataOf(Resources.Secrets), new(ns), stop));
        var webhooks = await Task.WhenAll(WebhookKinds.Select(kind => _reader.TryListAsync(
            new Resource("admissionregistration.k8s.io", "v1", $"{kind}WebhookConfiguration", $"{kind.ToLowerInvariant()}webhookconfigurations", Namespaced: false), new(null), stop)));
        var owned = ObjectTree.Owned(app, await objects);
        return facts with
        {
            Objects = owned,
            Events = [.. EventsPage.InOrder((await events ?? []).Select(AppEvent.Of).Where(e => e.IsAbout(app, owned)))],
            Nodes = await nodes is { } read ? [.. read] : null,
            Secrets = (await secrets)?.Select(s => s.Metadata.Name).ToImmutableHashSet(StringComparer.Ordinal),
            Webhooks = [.. webhooks.SelectMany(w => w ?? [])],
        };
    }

    // Whoever may not look into every namespace may still look into the app's own and the kubeconfig's.
    private async Task<ImmutableArray<Lease>?> LeasesAsync(string ns, CancellationToken stop)
    {
        if (await (_allLeases ??= AllLeasesAsync(stop)) is { } all)
            return all;
        if (!_leasesOf.TryGetValue(ns, out var known))
            _leasesOf[ns] = known = await LeasesNearAsync(ns, stop);
        return known;
    }

    private async Task<ImmutableArray<Lease>?> AllLeasesAsync(CancellationToken stop) =>
        await _reader.TryListAsync(Kinds.Leases, new(null, FieldSelector: $"metadata.name={OperatorHost.LeaseName}"), stop) is { } all ? [.. all] : null;

    private async Task<ImmutableArray<Lease>?> LeasesNearAsync(string ns, CancellationToken stop)
    {
        var found = await Task.WhenAll(new[] { ns, api.Config.Namespace }.Distinct(StringComparer.Ordinal).Select(async place =>
        {
            try
            {
                return (MayRead: true, Lease: await api.FindAsync(Kinds.Leases, place, OperatorHost.LeaseName, stop));
            }
            catch (ApiException e) when (e.IsForbidden)
            {
                return (MayRead: false, Lease: null);
            }
        }));
        var leases = found.Select(f => f.Lease).OfType<Lease>().ToImmutableArray();
        // That there is none in two namespaces says nothing about the others.
        return leases.IsEmpty ? null : leases;
    }
}
