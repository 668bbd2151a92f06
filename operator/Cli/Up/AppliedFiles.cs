using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Kubernetes;

namespace Fleet.Cli;

/// <summary>
/// The files of <c>-f</c>, applied and kept applied: what is saved is applied again, what left a file is deleted, and a file that is wrong leaves everything as it is.
/// </summary>
/// <param name="api">With which.</param>
/// <param name="settings">Which images are the bundled ones.</param>
/// <param name="tell">Told what was done, and what is wrong.</param>
internal sealed class AppliedFiles(ApiClient api, OperatorSettings settings, Action<string> tell)
{
    private readonly Dictionary<string, HashSet<(Resource Kind, string? Namespace, string Name)>> _applied = new(StringComparer.Ordinal);

    /// <summary>Applies a file's text.</summary>
    /// <returns>Whether the server took all of it.</returns>
    internal async Task<bool> ApplyAsync(string file, string text, CancellationToken stop)
    {
        var manifest = LocalManifest.Read(file, text, settings);
        foreach (var problem in manifest.Problems)
            tell(problem);
        if (manifest.Problems.Count > 0)
            return false;

        var now = new HashSet<(Resource, string?, string)>();
        foreach (var document in manifest.Objects)
        {
            if (await KindOfAsync(file, document, stop) is not { } kind)
                return false;
            var obj = Placed(kind, document);
            now.Add((kind, obj.Metadata.Namespace, obj.Metadata.Name));
            if (!await ApplyAsync(file, obj, stop))
                return false;
        }

        foreach (var (kind, ns, name) in _applied.GetValueOrDefault(file, []).Except(now))
            await DeleteAsync(file, kind, ns, name, stop);
        _applied[file] = now;
        return true;
    }

    private async Task<bool> ApplyAsync(string file, KubeObject obj, CancellationToken stop)
    {
        try
        {
            await api.ApplyAsync(obj, stop);
            return true;
        }
        catch (ApiException e)
        {
            tell($"{file}: {obj.Id} is refused, and what runs is left as it is: {e.Message}");
            return false;
        }
    }

    private async Task DeleteAsync(string file, Resource kind, string? ns, string name, CancellationToken stop)
    {
        try
        {
            await api.DeleteAsync(kind, ns, name, new DeleteOptions(), stop);
            tell($"{file}: {kind.Kind}/{name} is deleted, as the file no longer has it");
        }
        catch (ApiException e) when (e.IsNotFound)
        {
            // Somebody else was quicker.
        }
    }

    private async Task<Resource?> KindOfAsync(string file, JsonObject document, CancellationToken stop)
    {
        var (version, kind) = (document["apiVersion"]?.ToString() ?? "", document["kind"]?.ToString() ?? "");
        var found = AppDocument.IsOne(document) ? MicroserviceApp.Resource : (await api.DiscoverAsync(stop)).Find(version, kind);
        if (found is null)
            tell($"{file}: the local cluster does not serve {(kind.Length == 0 ? "an object without a kind" : $"{version} {kind}")}");
        return found;
    }

    private static KubeObject Placed(Resource kind, JsonObject document)
    {
        var copy = (JsonObject)document.DeepClone();
        if (kind.Namespaced && copy["metadata"] is JsonObject metadata)
            metadata["namespace"] ??= LocalManifest.Namespace;
        return KubeObject.From(kind, copy);
    }
}
