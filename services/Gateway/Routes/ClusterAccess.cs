using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Fleet.Gateway;

/// <summary>How a pod reaches its API server: address from the environment, CA and token from the mounted service account.</summary>
internal sealed record ClusterAccess(Uri Server, string Namespace, string ConfigMap, string ServiceAccount)
{
    public const string MountedServiceAccount = "/var/run/secrets/kubernetes.io/serviceaccount";

    /// <summary>Null when the gateway does not run in a pod with a token, or was not told a ConfigMap.</summary>
    public static ClusterAccess? Find(IConfiguration configuration)
    {
        var (host, port) = (configuration["KUBERNETES_SERVICE_HOST"], configuration["KUBERNETES_SERVICE_PORT"]);
        if (configuration["ROUTES_CONFIGMAP"] is not { Length: > 0 } name || host is not { Length: > 0 } || !File.Exists(Path.Combine(MountedServiceAccount, "token")))
            return null;
        var bracketed = IPAddress.TryParse(host, out var ip) && ip.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? $"[{host}]" : host;
        var space = File.ReadAllText(Path.Combine(MountedServiceAccount, "namespace")).Trim();
        return new ClusterAccess(new Uri($"https://{bracketed}:{port ?? "443"}"), space, name, MountedServiceAccount);
    }

    /// <summary>The one object, as a list: a list is what a watch can begin at. The gateway's Role allows it for this name.</summary>
    public Uri Resource(string query) => new(
        Server, $"/api/v1/namespaces/{Uri.EscapeDataString(Namespace)}/configmaps?fieldSelector={Uri.EscapeDataString($"metadata.name={ConfigMap}")}{query}");

    /// <summary>A client with the CA of this moment. The kubelet renews the token in place, so it is read for every request.</summary>
    public HttpClient NewClient()
    {
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = TimeSpan.FromSeconds(10),
            KeepAlivePingDelay = TimeSpan.FromSeconds(20),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(10),
            UseProxy = false,
        };
        var authority = Path.Combine(ServiceAccount, "ca.crt");
        if (File.Exists(authority))
        {
            var chain = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            chain.CustomTrustStore.ImportFromPemFile(authority);
            handler.SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = chain };
        }

        return new HttpClient(new TokenHandler(Path.Combine(ServiceAccount, "token")) { InnerHandler = handler })
        {
            Timeout = Timeout.InfiniteTimeSpan,
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
            DefaultRequestHeaders = { UserAgent = { new ProductInfoHeaderValue("fleet-gateway", "0.1.0") } },
        };
    }

    private sealed class TokenHandler(string path) : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (File.Exists(path))
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", (await File.ReadAllTextAsync(path, cancellationToken)).Trim());
            return await base.SendAsync(request, cancellationToken);
        }
    }
}
