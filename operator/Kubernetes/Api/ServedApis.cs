using System.Collections.Frozen;

namespace Fleet.Kubernetes;

/// <summary>What the server serves, as discovery told it at one moment.</summary>
public sealed class ServedApis
{
    private readonly FrozenSet<(string ApiVersion, string Plural)> _served;

    /// <summary>Makes one from the answers.</summary>
    /// <param name="resources">Every resource served.</param>
    /// <param name="unanswered">Group-versions (<c>metrics.k8s.io/v1beta1</c>) that are registered but whose server does not answer.</param>
    public ServedApis(IEnumerable<Resource> resources, IEnumerable<string>? unanswered = null)
    {
        Resources = resources.ToFrozenSet();
        Unanswered = (unanswered ?? []).ToFrozenSet();
        _served = Resources.Select(r => (r.ApiVersion, r.Plural)).ToFrozenSet();
    }

    /// <summary>Every resource served; after a discovery of some resources only, at least those of their group-versions.</summary>
    public IReadOnlySet<Resource> Resources { get; }

    /// <summary>Group-versions that are registered but whose server does not answer: whether they serve a resource is not known.</summary>
    public IReadOnlySet<string> Unanswered { get; }

    /// <summary>Whether this very group, version and plural is served.</summary>
    public bool Serves(Resource resource) => _served.Contains((resource.ApiVersion, resource.Plural));

    /// <summary>Finds a resource by the two words that objects carry; null when it is not served.</summary>
    public Resource? Find(string apiVersion, string kind) => Resources.FirstOrDefault(r => r.ApiVersion == apiVersion && r.Kind == kind);
}
