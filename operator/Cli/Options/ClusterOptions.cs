using System.CommandLine;
using Fleet.Kubernetes;

namespace Fleet.Cli;

/// <summary>Which cluster and namespace are meant, in kubectl's words.</summary>
internal static class ClusterOptions
{
    internal static readonly Option<string> Kubeconfig = Setting.Of<string>("--kubeconfig", "The kubeconfig to use instead of KUBECONFIG and ~/.kube/config", null, "FILE");

    internal static readonly Option<string> Context = Setting.Of<string>("--context", "The kubeconfig's context to use instead of the current one", null, "NAME");

    internal static readonly Option<string> Namespace = new("--namespace", "-n")
    {
        Description = "The namespace. Default: the kubeconfig's", HelpName = "NAMESPACE", CompletionSources = { Completions.Namespaces },
    };

    internal static readonly Option<bool> AllNamespaces = new("--all-namespaces", "-A") { Description = "All namespaces" };

    /// <summary>The one namespace that is meant.</summary>
    internal static string NamespaceOf(Call call) => call.Get(Namespace) ?? call.LoadCluster().Namespace;

    /// <summary>The one namespace that is meant, or null for all.</summary>
    internal static string? ScopeOf(Call call) => call.Get(AllNamespaces) ? null : NamespaceOf(call);

    /// <summary>A client of the cluster; nothing is sent yet.</summary>
    internal static ApiClient Connect(Call call) => new(call.LoadCluster(), new() { TimeProvider = call.Time });
}
