using Fleet.Kubernetes;

namespace Fleet.Local.Controllers;

/// <summary>How events and endpoints name an object.</summary>
internal static class References
{
    /// <summary>The object, by everything that names it.</summary>
    public static ObjectReference To(KubeObject obj) => new()
    {
        ApiVersion = obj.Resource.ApiVersion,
        Kind = obj.Resource.Kind,
        Namespace = obj.Metadata.Namespace,
        Name = obj.Metadata.Name,
        Uid = obj.Metadata.Uid,
        ResourceVersion = obj.Metadata.ResourceVersion,
    };
}
