using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;

namespace Fleet.Kubernetes;

/// <summary>Where a cluster is and how to be known to it. Immutable.</summary>
public sealed record ClusterConfig
{
    /// <summary>The API server's address; a path in it stands before every request's own.</summary>
    public required Uri Server { get; init; }

    /// <summary>The namespace meant when none is named.</summary>
    public string Namespace { get; init; } = "default";

    /// <summary>Where this was read from, for people: <c>context kind of /home/ann/.kube/config</c>.</summary>
    public string Source { get; init; } = "given by the program";

    /// <summary>Who may vouch for the server; empty means whom the machine trusts.</summary>
    public ImmutableArray<X509Certificate2> CertificateAuthorities { get; init; } = [];

    /// <summary>Takes any certificate for the server's. Only ever true when the user asked for it.</summary>
    public bool Insecure { get; init; }

    /// <summary>The name in the server's certificate, when it is not the host of <see cref="Server"/>.</summary>
    public string? TlsServerName { get; init; }

    /// <summary>The proxy on the way, from <c>proxy-url</c>. Proxies of the environment are not used.</summary>
    public Uri? Proxy { get; init; }

    /// <summary>Whether answers are asked for uncompressed.</summary>
    public bool DisableCompression { get; init; }

    /// <summary>How the client proves who it is.</summary>
    internal CredentialSpec Credentials { get; init; } = new();

    /// <summary>Reads the configuration as kubectl does.</summary>
    /// <param name="path">A kubeconfig (<c>--kubeconfig</c>); null means KUBECONFIG, then <c>~/.kube/config</c>, then the pod's own service account.</param>
    /// <param name="context">The context's name; null means the current one.</param>
    /// <exception cref="ConfigException">It is missing or cannot be used.</exception>
    public static ClusterConfig Load(string? path = null, string? context = null) => new ConfigLoader().Load(path, context);

    /// <summary>A server that is known by its address alone, with a token where it asks for one.</summary>
    public static ClusterConfig At(Uri server, string? token = null) => new() { Server = server, Credentials = new() { Token = token } };
}
