using Fleet.Benchmarks.Http;

namespace Fleet.Benchmarks.Gateway;

/// <summary>What all of a run's servers share: addresses, a folder, the tools.</summary>
/// <param name="Network">Addresses.</param>
/// <param name="Folder">Files of the run.</param>
/// <param name="Tools">nginx, haproxy and h2load.</param>
internal sealed record Site(Loopback Network, string Folder, DebianTools Tools)
{
    /// <summary>The hosts, by number.</summary>
    public const int Backend = 1, Gateway = 2, Nginx = 3, HaProxy = 4, Issuer = 5;

    /// <summary>Where each of the proxies speaks HTTP/1.1, as the gateway's pod does; the gateway speaks HTTP/2 there as well.</summary>
    public const int Port = 8080;

    /// <summary>Where nginx and haproxy speak HTTP/2: in clear text they take one protocol for a port.</summary>
    public const int Http2Port = 8082;
}
