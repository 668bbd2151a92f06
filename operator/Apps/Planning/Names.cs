using System.Security.Cryptography;
using System.Text;

namespace Fleet.Apps;

/// <summary>The name of every child, made in this one place, so that two of them cannot collide unseen.</summary>
public static class Names
{
    /// <summary>The reserved service name under which the gateway appears in status and labels.</summary>
    public const string Gateway = "gateway";

    /// <summary>The port of a service, and the gateway's for clear text: of its Service, and of its container.</summary>
    internal const string MainPort = "main";

    /// <summary>The gateway's port for TLS.</summary>
    internal const string TlsPort = "https";

    /// <summary>The management port of a bundled program's container.</summary>
    internal const string ManagementPort = "management";

    private const int Longest = 63;

    /// <summary>The Deployment, Service and ServiceAccount of a service, and the gateway's Role and RoleBinding.</summary>
    public static string Child(string app, string service) => Cut($"{app}-{service}");

    /// <summary>The ConfigMap that holds the gateway's routes.</summary>
    public static string Routes(string app) => Cut($"{app}-routes");

    /// <summary>The address inside the cluster, without the cluster's domain, which only the cluster knows.</summary>
    public static string Host(string app, string service, string ns) => $"{Child(app, service)}.{ns}.svc";

    /// <summary><c>SERVICES__USERS__URL</c>: where a peer's address is put.</summary>
    public static string PeerVariable(string service) => $"SERVICES__{service.ToUpperInvariant().Replace('-', '_')}__URL";

    // A name that is too long keeps its beginning, for people, and gets a hash of the whole, for uniqueness.
    private static string Cut(string name)
    {
        if (name.Length <= Longest)
            return name;
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)))[..8];
        return $"{name[..(Longest - 9)].TrimEnd('-')}-{hash}";
    }
}
