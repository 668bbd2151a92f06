namespace Fleet.Kubernetes;

/// <summary>A kind as the API server serves it: enough to build its URLs.</summary>
/// <param name="Group">The API group; empty for the core group.</param>
/// <param name="Version">The version within the group, <c>v1</c> for instance.</param>
/// <param name="Kind">The kind, <c>Deployment</c> for instance.</param>
/// <param name="Plural">The lower-case plural used in paths, <c>deployments</c> for instance.</param>
/// <param name="Namespaced">Whether objects live in namespaces.</param>
public sealed record Resource(string Group, string Version, string Kind, string Plural, bool Namespaced = true)
{
    /// <summary><c>v1</c> for the core group, else <c>group/version</c>.</summary>
    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary>The path of a collection, an object or a subresource.</summary>
    /// <param name="ns">The namespace; null means all of them (or that the kind has none).</param>
    /// <param name="name">The object's name; null means the collection.</param>
    /// <param name="subresource"><c>status</c> or <c>scale</c>; null means the object itself.</param>
    public string Path(string? ns, string? name = null, string? subresource = null)
    {
        var path = Group.Length == 0 ? $"/api/{Version}" : $"/apis/{Group}/{Version}";
        if (Namespaced && ns is not null)
            path += $"/namespaces/{Uri.EscapeDataString(ns)}";
        path += $"/{Plural}";
        if (name is not null)
            path += $"/{Uri.EscapeDataString(name)}";
        return subresource is null ? path : $"{path}/{subresource}";
    }

    /// <inheritdoc/>
    public override string ToString() => Group.Length == 0 ? Plural : $"{Plural}.{Group}";
}

/// <summary>The kinds that the operator works with, other than its own.</summary>
public static class Resources
{
    /// <summary>core/v1 Namespace.</summary>
    public static readonly Resource Namespaces = new("", "v1", "Namespace", "namespaces", Namespaced: false);

    /// <summary>core/v1 Node.</summary>
    public static readonly Resource Nodes = new("", "v1", "Node", "nodes", Namespaced: false);

    /// <summary>core/v1 Pod.</summary>
    public static readonly Resource Pods = new("", "v1", "Pod", "pods");

    /// <summary>core/v1 Service.</summary>
    public static readonly Resource Services = new("", "v1", "Service", "services");

    /// <summary>core/v1 ServiceAccount.</summary>
    public static readonly Resource ServiceAccounts = new("", "v1", "ServiceAccount", "serviceaccounts");

    /// <summary>core/v1 ConfigMap.</summary>
    public static readonly Resource ConfigMaps = new("", "v1", "ConfigMap", "configmaps");

    /// <summary>core/v1 Secret.</summary>
    public static readonly Resource Secrets = new("", "v1", "Secret", "secrets");

    /// <summary>apps/v1 Deployment.</summary>
    public static readonly Resource Deployments = new("apps", "v1", "Deployment", "deployments");

    /// <summary>apps/v1 ReplicaSet.</summary>
    public static readonly Resource ReplicaSets = new("apps", "v1", "ReplicaSet", "replicasets");

    /// <summary>rbac.authorization.k8s.io/v1 Role.</summary>
    public static readonly Resource Roles = new("rbac.authorization.k8s.io", "v1", "Role", "roles");

    /// <summary>rbac.authorization.k8s.io/v1 RoleBinding.</summary>
    public static readonly Resource RoleBindings = new("rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings");

    /// <summary>autoscaling/v2 HorizontalPodAutoscaler, served from Kubernetes 1.23 on.</summary>
    public static readonly Resource HorizontalPodAutoscalers = new("autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers");

    /// <summary>policy/v1 PodDisruptionBudget, served from Kubernetes 1.21 on.</summary>
    public static readonly Resource PodDisruptionBudgets = new("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets");

    /// <summary>networking.k8s.io/v1 NetworkPolicy.</summary>
    public static readonly Resource NetworkPolicies = new("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies");

    /// <summary>monitoring.coreos.com/v1 ServiceMonitor, served where the Prometheus operator is installed.</summary>
    public static readonly Resource ServiceMonitors = new("monitoring.coreos.com", "v1", "ServiceMonitor", "servicemonitors");

    /// <summary>gateway.networking.k8s.io/v1 Gateway.</summary>
    public static readonly Resource Gateways = new("gateway.networking.k8s.io", "v1", "Gateway", "gateways");

    /// <summary>gateway.networking.k8s.io/v1 HTTPRoute.</summary>
    public static readonly Resource HttpRoutes = new("gateway.networking.k8s.io", "v1", "HTTPRoute", "httproutes");

    /// <summary>gateway.networking.k8s.io/v1 GRPCRoute.</summary>
    public static readonly Resource GrpcRoutes = new("gateway.networking.k8s.io", "v1", "GRPCRoute", "grpcroutes");

    /// <summary>coordination.k8s.io/v1 Lease.</summary>
    public static readonly Resource Leases = new("coordination.k8s.io", "v1", "Lease", "leases");

    /// <summary>events.k8s.io/v1 Event.</summary>
    public static readonly Resource Events = new("events.k8s.io", "v1", "Event", "events");

    /// <summary>apiextensions.k8s.io/v1 CustomResourceDefinition.</summary>
    public static readonly Resource CustomResourceDefinitions =
        new("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", Namespaced: false);
}
