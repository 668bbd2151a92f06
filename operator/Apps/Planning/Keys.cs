namespace Fleet.Apps;

/// <summary>The labels and annotations of the operator's own family, and the ones every Kubernetes tool knows.</summary>
public static class Keys
{
    /// <summary>The family: what users may not set through commonLabels.</summary>
    public const string Family = "fleet.microservices.dev";

    /// <summary>Label, part of the immutable selector: the app's name.</summary>
    public const string App = "fleet.microservices.dev/app";

    /// <summary>Label, part of the immutable selector: the service's name.</summary>
    public const string Service = "fleet.microservices.dev/service";

    /// <summary>Annotation on every child: the fingerprint of what was last applied, so that a removed field is noticed and a restart writes nothing.</summary>
    public const string Applied = "fleet.microservices.dev/applied";

    /// <summary>Annotation on a Deployment: its start gate was opened once and stays open.</summary>
    public const string Started = "fleet.microservices.dev/started";

    /// <summary>Annotation on a Deployment: its number of pods is not the operator's, since an autoscaler sets it, or did and nobody has said another.</summary>
    public const string Autoscaled = "fleet.microservices.dev/autoscaled";

    /// <summary>Annotation on a pod template: the fingerprint of the ConfigMaps and Secrets that the pod reads.</summary>
    public const string ConfigHash = "fleet.microservices.dev/config";

    /// <summary>The recommended label for the component's name.</summary>
    public const string Name = "app.kubernetes.io/name";

    /// <summary>The recommended label for the instance.</summary>
    public const string Instance = "app.kubernetes.io/instance";

    /// <summary>The recommended label for the application.</summary>
    public const string PartOf = "app.kubernetes.io/part-of";

    /// <summary>The recommended label for the tool in charge.</summary>
    public const string ManagedBy = "app.kubernetes.io/managed-by";

    /// <summary>The value of <see cref="ManagedBy"/>, and the field manager of every write.</summary>
    public const string Manager = "fleet-operator";

    /// <summary>The field manager that holds a Deployment's replicas from the time that we let go of them until an autoscaler has set them.</summary>
    public const string ScaleManager = "fleet-operator-scale";
}
