using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;

namespace Fleet.Kubernetes;

/// <summary>Reads what one context of a kubeconfig means.</summary>
internal static class KubeConfig
{
    private const string ExecGroup = "client.authentication.k8s.io/";

    /// <summary>Where plugins find settings of theirs among a cluster's extensions.</summary>
    private const string ExecExtension = "client.authentication.k8s.io/exec";

    /// <exception cref="ConfigException">Something is missing or wrong.</exception>
    public static ClusterConfig Read(KubeConfigFiles files, string? contextName)
    {
        var (name, context) = files.Context(contextName);
        var cluster = files.Cluster(context);
        var user = files.User(context);
        var (authorities, pem) = Authorities(cluster);
        var insecure = cluster.Flag("insecure-skip-tls-verify");
        if (insecure && !authorities.IsEmpty)
            throw cluster.Problem("insecure-skip-tls-verify", "is true although a certificate-authority is given; remove the one that is not meant");

        var config = new ClusterConfig
        {
            Server = Url(cluster, "server", cluster.Required("server", "write the API server's address, https://HOST:PORT"), "http", "https"),
            Namespace = context.Text("namespace") ?? "default",
            Source = $"context {name} of {context.File}",
            CertificateAuthorities = authorities,
            Insecure = insecure,
            TlsServerName = cluster.Text("tls-server-name"),
            Proxy = cluster.Text("proxy-url") is { } proxy ? Url(cluster, "proxy-url", proxy, "http", "https", "socks5") : null,
            DisableCompression = cluster.Flag("disable-compression"),
        };
        return user is null ? config : config with { Credentials = Credentials(user, config, cluster, pem) };
    }

    private static Uri Url(ConfigNode node, string field, string text, params ReadOnlySpan<string> schemes)
    {
        if (Uri.TryCreate(text, UriKind.Absolute, out var url) && schemes.Contains(url.Scheme) && url.Host.Length > 0)
            return url;
        throw node.Problem(field, $"is \"{text}\", which is no address; write {string.Join(" or ", schemes.ToArray().Select(s => $"{s}://HOST:PORT"))}");
    }

    private static (ImmutableArray<X509Certificate2> Certificates, byte[]? Pem) Authorities(ConfigNode cluster)
    {
        if (Content(cluster, "certificate-authority") is not { } content)
            return ([], null);
        return (Certificates.Bundle(content.Bytes, problem => cluster.Problem(content.Field, problem)), content.Bytes);
    }

    private static CredentialSpec Credentials(ConfigNode user, ClusterConfig config, ConfigNode cluster, byte[]? authorities)
    {
        if (user.Child("auth-provider") is { } provider)
        {
            throw user.Problem(
                "auth-provider",
                $"({provider.Text("name") ?? "unnamed"}) is no longer supported by Kubernetes clients; use the provider's exec plugin instead");
        }

        var certificate = Content(user, "client-certificate");
        var key = Content(user, "client-key");
        if ((certificate is null) != (key is null))
        {
            throw certificate is null
                ? user.Problem("client-certificate", "is missing although there is a client-key; give both or none")
                : user.Problem("client-key", "is missing although there is a client-certificate; give both or none");
        }

        var basic = user.Text("username") is { } name ? new BasicLogin(name, user.Text("password") ?? "") : null;
        var token = user.Text("token");
        if (basic is not null && token is not null)
            throw user.Problem("token", "stands beside a username; only one of them can be sent, remove the other");
        return new()
        {
            Certificate = certificate is { } c && key is { } k
                ? Certificates.Client(c.Bytes, k.Bytes, (isKey, problem) => user.Problem(isKey ? k.Field : c.Field, problem))
                : null,
            CertificateFiles = certificate?.Path is { } certificatePath && key?.Path is { } keyPath ? new(certificatePath, keyPath) : null,
            Token = token,
            TokenFile = user.Text("tokenFile") is { } file ? user.Resolve(file) : null,
            Basic = basic,
            Exec = user.Child("exec") is { } exec ? Exec(exec, config, cluster, authorities) : null,
            Impersonation = Impersonation(user),
        };
    }

    /// <summary>The bytes of FIELD-data, else of the file that FIELD names, with the field that gave them.</summary>
    private static (byte[] Bytes, string Field, string? Path)? Content(ConfigNode node, string field)
    {
        var dataField = field + "-data";
        if (node.Text(dataField) is { } base64)
        {
            try
            {
                return (Convert.FromBase64String(base64), dataField, null);
            }
            catch (FormatException e)
            {
                throw node.Problem(dataField, $"is not base64; encode the PEM file (base64 -w0 FILE), or give its path as {field}", e);
            }
        }

        if (node.Text(field) is not { } path)
            return null;
        path = node.Resolve(path);
        try
        {
            return (File.ReadAllBytes(path), field, path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw node.Problem(
                field, $"names {path}, which cannot be read: {e.Message} Check the path (it is relative to the kubeconfig) and its permissions.", e);
        }
    }

    private static ExecSpec Exec(ConfigNode exec, ClusterConfig config, ConfigNode cluster, byte[]? authorities)
    {
        var version = exec.Required("apiVersion", $"write {ExecGroup}v1");
        if (version is not (ExecGroup + "v1" or ExecGroup + "v1beta1"))
            throw exec.Problem("apiVersion", $"is {version}, which is not supported; use {ExecGroup}v1 (and a plugin that speaks it)");

        var command = exec.Required("command", "write the plugin's name or path");
        return new()
        {
            ApiVersion = version,
            Command = command.Contains(Path.DirectorySeparatorChar) ? exec.Resolve(command) : command, // a bare name is looked up in PATH
            Args = [.. exec.Texts("args")],
            Env = [.. exec.Children("env").Select(e => KeyValuePair.Create(e.Required("name", "name the variable"), e.Text("value") ?? ""))],
            InstallHint = exec.Text("installHint"),
            Interaction = exec.Text("interactiveMode") switch
            {
                "Never" => ExecInteraction.Never,
                "Always" => ExecInteraction.Always,
                "IfAvailable" => ExecInteraction.IfAvailable,
                null when version.EndsWith("v1beta1", StringComparison.Ordinal) => ExecInteraction.IfAvailable,
                null => throw exec.Problem("interactiveMode", "is missing; write Never, IfAvailable or Always"),
                var other => throw exec.Problem("interactiveMode", $"is {other}; write Never, IfAvailable or Always"),
            },
            Cluster = exec.Flag("provideClusterInfo") ? ClusterInfo(config, cluster, authorities) : null,
            Origin = $"{exec.File}: {exec.Path}",
        };
    }

    private static JsonObject ClusterInfo(ClusterConfig config, ConfigNode cluster, byte[]? authorities)
    {
        var info = new JsonObject { ["server"] = cluster.Text("server") };
        if (config.TlsServerName is { } name)
            info["tls-server-name"] = name;
        if (config.Insecure)
            info["insecure-skip-tls-verify"] = true;
        if (authorities is not null)
            info["certificate-authority-data"] = Convert.ToBase64String(authorities);
        if (cluster.Text("proxy-url") is { } proxy)
            info["proxy-url"] = proxy;
        if (cluster.Children("extensions").FirstOrDefault(e => e.Text("name") == ExecExtension)?.Json["extension"] is { } settings)
            info["config"] = settings.DeepClone();
        return info;
    }

    private static ImmutableArray<KeyValuePair<string, string>> Impersonation(ConfigNode user)
    {
        var headers = ImmutableArray.CreateBuilder<KeyValuePair<string, string>>();
        if (user.Text("as") is { } name)
            headers.Add(new("Impersonate-User", name));
        if (user.Text("as-uid") is { } uid)
            headers.Add(new("Impersonate-Uid", uid));
        headers.AddRange(user.Texts("as-groups").Select(group => KeyValuePair.Create("Impersonate-Group", group)));
        if (user.Child("as-user-extra") is { } extra)
        {
            foreach (var key in extra.Json.Select(e => e.Key))
                headers.AddRange(extra.Texts(key).Select(value => KeyValuePair.Create("Impersonate-Extra-" + Uri.EscapeDataString(key), value)));
        }

        if (headers.Count > 0 && headers[0].Key != "Impersonate-User")
            throw user.Problem("as", "is missing although groups, a uid or extras are impersonated; name the user as well");
        return headers.ToImmutable();
    }
}
