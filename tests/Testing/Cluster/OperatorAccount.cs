using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Testing;

/// <summary>The operator's ServiceAccount with the Roles that the rendered chart binds to it, and a kubeconfig with a token of it.</summary>
public sealed class OperatorAccount : IAsyncDisposable
{
    private static readonly Resource ClusterRoles = new("rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", Namespaced: false);
    private static readonly Resource ClusterRoleBindings = new("rbac.authorization.k8s.io", "v1", "ClusterRoleBinding", "clusterrolebindings", Namespaced: false);
    private static readonly Resource Reviews = new("authorization.k8s.io", "v1", "SubjectAccessReview", "subjectaccessreviews", Namespaced: false);
    private static readonly Resource[] Kinds = [Resources.ServiceAccounts, Resources.Roles, Resources.RoleBindings, ClusterRoles, ClusterRoleBindings];

    private readonly ControlPlane _cluster;
    private readonly List<KubeObject> _made;

    private OperatorAccount(ControlPlane cluster, string kubeconfig, List<KubeObject> made) => (_cluster, Kubeconfig, _made) = (cluster, kubeconfig, made);

    /// <summary>Whether this run can have one: it takes a server with RBAC, and helm.</summary>
    public static bool CanBeHad => !ControlPlane.IsEmbedded && Helm.IsThere;

    /// <summary>The path of its kubeconfig.</summary>
    public string Kubeconfig { get; }

    /// <summary>What the audit log calls the account of a release in this namespace.</summary>
    public static string User(string ns) => $"system:serviceaccount:{ns}:{Chart.Release}";

    /// <summary>Makes what the chart renders of accounts and Roles, and returns once the server goes by it.</summary>
    /// <param name="cluster">Where.</param>
    /// <param name="api">With every permission.</param>
    /// <param name="ns">The namespace of the release.</param>
    /// <param name="watched">The namespaces whose apps are run; empty for all.</param>
    /// <param name="values">More arguments of <c>helm template</c>.</param>
    public static async Task<OperatorAccount> InstallAsync(ControlPlane cluster, ApiClient api, string ns, IReadOnlyList<string> watched, params string[] values)
    {
        string[] scope = watched.Count == 0 ? [] : ["--set", $"watchNamespaces={{{string.Join(',', watched)}}}"];
        var rendered = await Chart.RenderAsync(ns, [.. scope, "--set", "crds.install=false", "--set", "rbac.aggregate=false", "--no-hooks", .. values]);
        var made = new List<KubeObject>();
        foreach (var json in rendered)
        {
            if (Array.Find(Kinds, k => k.Kind == (string?)json["kind"]) is { } resource)
                made.Add(await api.CreateAsync(KubeObject.From(resource, json), CancellationToken.None));
        }

        await AllowedAsync(api, ns, watched);
        return new(cluster, await KubeconfigAsync(cluster, ns), made);
    }

    /// <summary>A kubeconfig with a token of the operator's account.</summary>
    /// <param name="cluster">Where.</param>
    /// <param name="ns">The account's namespace.</param>
    /// <param name="pod">The pod that the token is bound to, as a kubelet asks for it; null for none.</param>
    /// <param name="account">The account's name; the operator's when null.</param>
    public static async Task<string> KubeconfigAsync(ControlPlane cluster, string ns, string? pod = null, string? account = null)
    {
        var spec = new JsonObject { ["expirationSeconds"] = 6 * 3600 };
        if (pod is not null)
            spec["boundObjectRef"] = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Pod", ["name"] = pod };
        var request = new JsonObject { ["apiVersion"] = "authentication.k8s.io/v1", ["kind"] = "TokenRequest", ["spec"] = spec };
        var answer = await cluster.Kubectl(ns).RunAsync(
            ["create", "--raw", $"/api/v1/namespaces/{ns}/serviceaccounts/{account ?? Chart.Release}/token", "--filename", "-"], request.ToJsonString());
        var config = Yaml.ParseOne(await File.ReadAllTextAsync(cluster.AdminKubeconfig));
        config["users"]![0]!["user"] = new JsonObject { ["token"] = (string)JsonNode.Parse(answer)!["status"]!["token"]! };
        var path = Path.Combine(cluster.Directory, $"{account ?? Chart.Release}-{pod ?? ns}.kubeconfig");
        await File.WriteAllTextAsync(path, Yaml.Write(config));
        return path;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        using var api = _cluster.CreateClient();
        foreach (var obj in _made.Where(o => !o.Resource.Namespaced))
            await api.DeleteAsync(obj.Resource, null, obj.Metadata.Name, new DeleteOptions(), CancellationToken.None);
        File.Delete(Kubeconfig);
    }

    /// <summary>Returns once the server goes by the Roles of a release: it learns of them by watches of its own, one for each of the four kinds.</summary>
    /// <param name="api">With every permission.</param>
    /// <param name="ns">The namespace of the release.</param>
    /// <param name="watched">The namespaces whose apps are run, each with a Role of its own; empty for all.</param>
    public static Task AllowedAsync(ApiClient api, string ns, IReadOnlyList<string> watched)
    {
        (string Group, string Resource, string Verb, string? Namespace, string? Name)[] last =
        [
            .. watched.DefaultIfEmpty(ns).Select(w => ("events.k8s.io", "events", "create", (string?)w, (string?)null)),
            ("coordination.k8s.io", "leases", "update", ns, "fleet-operator"),
            ("apiextensions.k8s.io", "customresourcedefinitions", "watch", null, "microserviceapps.fleet.microservices.dev"),
        ];
        return Eventually.True(async () =>
        {
            foreach (var question in last)
            {
                if (!await AllowedAsync(api, ns, question))
                    return false;
            }

            return true;
        });
    }

    private static async Task<bool> AllowedAsync(ApiClient api, string ns, (string Group, string Resource, string Verb, string? Namespace, string? Name) question)
    {
        var attributes = new JsonObject { ["group"] = question.Group, ["resource"] = question.Resource, ["verb"] = question.Verb };
        if (question.Namespace is not null)
            attributes["namespace"] = question.Namespace;
        if (question.Name is not null)
            attributes["name"] = question.Name;
        var review = await api.CreateAsync(
            KubeObject.From(Reviews, new JsonObject { ["metadata"] = new JsonObject(), ["spec"] = new JsonObject { ["user"] = User(ns), ["resourceAttributes"] = attributes } }),
            CancellationToken.None);
        return review.Part("status").GetProperty("allowed").GetBoolean();
    }
}
