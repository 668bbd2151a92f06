using System.Text.Json;

namespace Fleet.Kubernetes;

/// <summary>
/// Asks what a server serves: one request for the core group and one for all others where the server answers with everything at once (Kubernetes 1.26
/// and later, KEP-3352), else one per group-version besides.
/// </summary>
internal sealed class Discovery(Func<string, string, CancellationToken, Task<DiscoveryBody>> get, IReadOnlyCollection<Resource>? interest)
{
    private const string Accept =
        "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList," +
        "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList," +
        ApiRequest.Json;

    /// <summary>The group-versions asked for; null means all of them.</summary>
    private readonly HashSet<string>? _wanted = interest?.Select(r => r.ApiVersion).ToHashSet();

    public async Task<ServedApis> RunAsync(CancellationToken stop)
    {
        var roots = new List<Task<IReadOnlyList<GroupVersion>>>();
        if (interest is null || interest.Any(r => r.Group.Length == 0))
            roots.Add(RootAsync("/api", stop));
        if (interest is null || interest.Any(r => r.Group.Length > 0))
            roots.Add(RootAsync("/apis", stop));

        var versions = (await Task.WhenAll(roots)).SelectMany(v => v);
        var complete = await Task.WhenAll(versions.Where(v => v.Resources is not null || Wanted(v.ApiVersion)).Select(v => CompleteAsync(v, stop)));
        return new(complete.SelectMany(v => v.Resources ?? []), complete.Where(v => !v.Answered).Select(v => v.ApiVersion));
    }

    /// <param name="Group">The group; empty for the core group.</param>
    /// <param name="Version">The version.</param>
    /// <param name="Resources">What it serves; null when that is still to be asked.</param>
    /// <param name="Answered">Whether the server behind it answers.</param>
    private sealed record GroupVersion(string Group, string Version, IReadOnlyList<Resource>? Resources, bool Answered = true)
    {
        public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";
    }

    private bool Wanted(string apiVersion) => _wanted?.Contains(apiVersion) != false;

    private async Task<IReadOnlyList<GroupVersion>> RootAsync(string path, CancellationToken stop)
    {
        var body = await get(path, Accept, stop);
        return body.Kind switch
        {
            "APIGroupDiscoveryList" => [.. (body.Items ?? []).SelectMany(g => (g.Versions ?? []).Select(v => Aggregated(g.Metadata.Name, v)))],
            "APIVersions" => [.. CoreVersions(body).Select(v => new GroupVersion("", v, null))],
            "APIGroupList" => [.. (body.Groups ?? []).SelectMany(g => (g.Versions ?? []).Select(v => new GroupVersion(g.Name, v.Version, null)))],
            _ => throw new JsonException($"{path} answered kind \"{body.Kind}\", which is no discovery"),
        };
    }

    private static GroupVersion Aggregated(string group, DiscoveredVersion version) => new(
        group,
        version.Version,
        [.. (version.Resources ?? []).Select(r => new Resource(group, version.Version, r.ResponseKind?.Kind ?? "", r.Resource, r.Scope == "Namespaced"))],
        version.Freshness != "Stale");

    private static IEnumerable<string> CoreVersions(DiscoveryBody body) =>
        body.Versions is { ValueKind: JsonValueKind.Array } versions ? versions.EnumerateArray().Select(v => v.GetString() ?? "") : [];

    private async Task<GroupVersion> CompleteAsync(GroupVersion version, CancellationToken stop)
    {
        if (version.Resources is not null)
            return version;
        try
        {
            var path = version.Group.Length == 0 ? $"/api/{version.Version}" : $"/apis/{version.Group}/{version.Version}";
            var body = await get(path, ApiRequest.Json, stop);
            return version with
            {
                Resources =
                [
                    .. (body.Resources ?? []).Where(r => !r.Name.Contains('/')) // deployments/status is a subresource
                        .Select(r => new Resource(version.Group, version.Version, r.Kind ?? "", r.Name, r.Namespaced)),
                ],
            };
        }
        catch (ApiException e) when (e.IsNotFound)
        {
            return version with { Resources = [] }; // gone since the root was read
        }
        catch (Exception e) when (e is ApiException or TimeoutException or HttpRequestException or IOException or InvalidDataException or JsonException)
        {
            return version with { Answered = false }; // one broken extension server must not hide the rest
        }
    }
}
