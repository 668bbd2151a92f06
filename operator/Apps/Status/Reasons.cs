namespace Fleet.Apps;

/// <summary>The types of the app's conditions.</summary>
public static class Conditions
{
    /// <summary>The spec is valid.</summary>
    public const string Accepted = "Accepted";

    /// <summary>Every object is as planned.</summary>
    public const string ResourcesApplied = "ResourcesApplied";

    /// <summary>Every service runs with all its replicas.</summary>
    public const string ServicesAvailable = "ServicesAvailable";

    /// <summary>The gateway knows the routes, and they lead somewhere.</summary>
    public const string RoutesProgrammed = "RoutesProgrammed";

    /// <summary>All of the others, for this generation.</summary>
    public const string Ready = "Ready";

    /// <summary>Work is under way (kstatus).</summary>
    public const string Reconciling = "Reconciling";

    /// <summary>Somebody has to do something (kstatus).</summary>
    public const string Stalled = "Stalled";
}

/// <summary>The reasons of the contract.</summary>
public static class Reasons
{
    /// <summary>The spec is valid.</summary>
    public const string Valid = "Valid";

    /// <summary>The spec breaks rules.</summary>
    public const string InvalidSpec = "InvalidSpec";

    /// <summary>Services wait for each other.</summary>
    public const string DependencyCycle = "DependencyCycle";

    /// <summary>Every object is as planned.</summary>
    public const string Applied = "Applied";

    /// <summary>Every object is as planned, but for those of kinds that the cluster does not serve and the app can do without.</summary>
    public const string NotAllServed = "NotAllServed";

    /// <summary>The server refused an object.</summary>
    public const string ApplyFailed = "ApplyFailed";

    /// <summary>The operator lacks a permission.</summary>
    public const string Forbidden = "Forbidden";

    /// <summary>A quota of the namespace is used up.</summary>
    public const string QuotaExceeded = "QuotaExceeded";

    /// <summary>Somebody else's object has the name.</summary>
    public const string NameConflict = "NameConflict";

    /// <summary>A pull secret is missing.</summary>
    public const string SecretNotFound = "SecretNotFound";

    /// <summary>Somebody changed a field and driftPolicy is Report.</summary>
    public const string Drifted = "Drifted";

    /// <summary>The app is suspended.</summary>
    public const string Suspended = "Suspended";

    /// <summary>Every service runs.</summary>
    public const string AllActive = "AllActive";

    /// <summary>An image cannot be pulled.</summary>
    public const string ImagePullFailed = "ImagePullFailed";

    /// <summary>A container ends again and again.</summary>
    public const string CrashLooping = "CrashLooping";

    /// <summary>A container runs and its probe does not pass.</summary>
    public const string ProbeFailing = "ProbeFailing";

    /// <summary>No node takes the pod.</summary>
    public const string Unschedulable = "Unschedulable";

    /// <summary>A ConfigMap, a Secret or a key is missing.</summary>
    public const string ConfigMissing = "ConfigMissing";

    /// <summary>The API server refuses the pod.</summary>
    public const string PodRefused = "PodRefused";

    /// <summary>The image wants to run as root.</summary>
    public const string RunsAsRoot = "RunsAsRoot";

    /// <summary>A service waited or rolled out for too long.</summary>
    public const string ProgressDeadlineExceeded = "ProgressDeadlineExceeded";

    /// <summary>Pods are being replaced.</summary>
    public const string RollingOut = "RollingOut";

    /// <summary>A dependency was not yet Active.</summary>
    public const string WaitingForDependency = "WaitingForDependency";

    /// <summary>An object must be gone before it can be made.</summary>
    public const string WaitingForDeletion = "WaitingForDeletion";

    /// <summary>The gateway has this generation's routes.</summary>
    public const string Programmed = "Programmed";

    /// <summary>There is no gateway.</summary>
    public const string NotRequested = "NotRequested";

    /// <summary>A routed service has no ready replica.</summary>
    public const string BackendsUnavailable = "BackendsUnavailable";

    /// <summary>The cluster has no Gateway API.</summary>
    public const string GatewayApiNotInstalled = "GatewayApiNotInstalled";

    /// <summary>The Gateway that is to take the routes does not exist.</summary>
    public const string GatewayNotFound = "GatewayNotFound";

    /// <summary>The Gateway does not take a route, or cannot follow it.</summary>
    public const string RouteRejected = "RouteRejected";

    /// <summary>The gateway is on its way.</summary>
    public const string Pending = "Pending";

    /// <summary>Everything is as the spec wants it.</summary>
    public const string Ready = "Ready";
}
