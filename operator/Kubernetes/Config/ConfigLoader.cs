namespace Fleet.Kubernetes;

/// <summary>Finds the configuration: the file asked for, KUBECONFIG, the home directory, the pod.</summary>
internal sealed class ConfigLoader
{
    /// <summary>Reads an environment variable; tests bring their own.</summary>
    public Func<string, string?> Environment { get; init; } = System.Environment.GetEnvironmentVariable;

    public string Home { get; init; } = System.Environment.GetFolderPath(System.Environment.SpecialFolder.UserProfile);

    /// <summary>Where a pod finds its service account.</summary>
    public string ServiceAccountDirectory { get; init; } = "/var/run/secrets/kubernetes.io/serviceaccount";

    public ClusterConfig Load(string? path, string? context)
    {
        if (path is not null)
            return KubeConfig.Read(new([path]), context);

        var variable = Environment("KUBECONFIG") is { Length: > 0 } value ? value : null;
        var home = Path.Combine(Home, ".kube", "config");
        var named = variable?.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries) ?? [home];
        var files = new KubeConfigFiles([.. named.Where(File.Exists).Distinct()]);

        // As for client-go, a kubeconfig that says nothing is as good as none, and a pod has its own account then.
        if (!files.IsEmpty || (context is not null && files.Files.Length > 0))
            return KubeConfig.Read(files, context);
        if (Environment("KUBERNETES_SERVICE_HOST") is { Length: > 0 } host)
            return InCluster(host, Environment("KUBERNETES_SERVICE_PORT") is { Length: > 0 } port ? port : "443");
        throw new ConfigException(
            (variable is null ? $"KUBECONFIG is not set, {home} is missing or empty" : $"KUBECONFIG is {variable}, where no cluster is defined") +
            " and this is no pod; set KUBECONFIG or name a file with --kubeconfig");
    }

    private ClusterConfig InCluster(string host, string port)
    {
        var authority = host.Contains(':') ? $"[{host}]" : host; // an IPv6 address
        if (!Uri.TryCreate($"https://{authority}:{port}", UriKind.Absolute, out var server))
        {
            throw new ConfigException(
                $"KUBERNETES_SERVICE_HOST and _PORT are \"{host}\" and \"{port}\", which is no address; Kubernetes sets them, do not override them in the pod");
        }

        var token = Path.Combine(ServiceAccountDirectory, "token");
        _ = Read(token);
        var authorities = Path.Combine(ServiceAccountDirectory, "ca.crt");
        var ns = Path.Combine(ServiceAccountDirectory, "namespace");
        return new()
        {
            Server = server,
            Namespace = File.Exists(ns) && File.ReadAllText(ns).Trim() is { Length: > 0 } name ? name : "default",
            Source = "the pod's service account",
            CertificateAuthorities = Certificates.Bundle(Read(authorities), problem => new ConfigException($"{authorities}: {problem}")),
            Credentials = new() { TokenFile = token },
        };
    }

    private static byte[] Read(string file)
    {
        try
        {
            return File.ReadAllBytes(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigException($"{file}: cannot be read: {e.Message} Give the pod a service account with automountServiceAccountToken: true.", e);
        }
    }
}
