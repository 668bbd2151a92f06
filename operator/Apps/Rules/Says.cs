namespace Fleet.Apps;

/// <summary>
/// What a broken rule says: what is wrong, and the fix. The CRD's CEL rules and <see cref="AppRules"/> use the same words, so that it does not matter who
/// refuses. The operator may add which entry it is, after a colon.
/// </summary>
internal static class Says
{
    internal const string AppName =
        "metadata.name must be a DNS-1035 label of at most 50 characters: lower-case letters, digits and -, beginning with a letter and not ending with -";

    internal const string LabelReserved =
        "labels of fleet.microservices.dev and kubernetes.io, and pod-template-hash, are set by the operator and Kubernetes: choose another key";

    internal const string AnnotationReserved =
        "annotations of fleet.microservices.dev and of app, deployment and kubectl.kubernetes.io belong to the operator and to Kubernetes: choose another key";

    internal const string KeyMalformed = "a key is letters, digits and - _ . (at most 63), optionally after a DNS name and /";

    internal const string AnnotationsTooLarge = "the annotations of one object hold at most 252 KiB together: put less into them";

    internal static string Taken(string value, string by) => $"{value} is taken already, by {by}";

    internal const string GatewayReserved = "the name gateway is reserved for the app's gateway: choose another";
    internal const string ImageRequired = "image is required: only auth, users and orders have a bundled image";
    internal const string GrpcOnly = "grpc goes with protocol gRPC only: remove it or change the protocol";
    internal const string GrpcTargetPort = "a gRPC service is reached at its pods directly, so targetPort must equal port";
    internal const string GrpcRoute = "a gRPC service is routed by grpc.services: remove route.pathPrefix and route.stripPrefix";

    internal const string BundledNeedsDatabase =
        "bundled auth, users and orders keep their data in the pod, so more than one replica needs a database: set env ConnectionStrings__Default";

    internal const string ReplicasOrAutoscaling = "replicas and autoscaling exclude each other: remove one";
    internal const string ScalingBounds = "minReplicas is more than maxReplicas: change one";
    internal const string ScalingNeedsMetric = "autoscaling needs cpuUtilization or memoryUtilization, or there is nothing to scale by";
    internal const string ScalingNeedsRequests = "autoscaling by a share of cpu or memory needs the matching resources.requests: set it";
    internal const string DisruptionNever = "maxUnavailable must be at least 1, or no node could ever be drained: raise it, or remove disruption";
    internal const string PeerKind = "a peer has namespaceSelector, podSelector or both, or ipBlock alone";
    internal const string GatewayPortIsTls = "gateway.tls adds port 443: choose another gateway.port";

    internal const string ParentGoesWithGatewayApi = "parentRef goes with mode GatewayAPI, and mode GatewayAPI with parentRef: set both or neither";
    internal const string BundledGatewayOnly = "only the bundled gateway has this, with mode GatewayAPI it is the Gateway's: remove it";
    internal const string GatewayApiCannot = "a route of the Gateway API cannot carry this: remove it, or use gateway.mode Bundled";

    internal const string GatewayApiHasNoAuth =
        "a route of the Gateway API cannot ask for tokens, as this one does by default since the app has an issuer: set route.auth to None and check tokens in the service, or use gateway.mode Bundled";

    internal const string DependsOnUnknown = "dependsOn must name services of this app";
    internal const string DependsOnItself = "a service cannot depend on itself";
    internal const string RouteTaken = "no two services may have the same hostname and path: change route.pathPrefix, route.hostnames or grpc.services of one";

    internal const string AuthNeedsIssuer =
        "route.auth Optional or Required needs an issuer of tokens: add the bundled auth service, or set gateway.auth.issuer";

    internal const string JwksNeedsIssuer = "jwksUri goes with issuer: set both, or neither for the app's own auth service";
    internal const string NetworkMalformed = "must be a network such as 10.0.0.0/8 or fd00::/8";

    internal const string ProbePathUnused = "probes.path goes with mode Auto or HTTP";
    internal const string ProbePathMissing = "probes.mode HTTP needs probes.path";
    internal const string GrpcProbePath = "a gRPC service is probed by grpc.health.v1: remove probes.path, or set probes.mode to HTTP";
    internal const string StrategyStandsStill = "maxSurge and maxUnavailable are both zero, so no pod could ever be replaced: raise one";

    internal const string ExtraPortNameReserved = "the port name main is the service's own: choose another";
    internal const string ExtraPortIsMain = "an extra port must differ from port and targetPort";
    internal const string ExtraPortTwice = "two extra ports have the same number: choose another";
    internal const string PortIsManagement = "port 8081 and the port name management are taken by the bundled images: choose another";
    internal const string GatewayPortIsManagement = "gateway.port 8081 is the management port: choose another";

    internal const string EnvValueTwice = "an env entry has value or valueFrom, not both";
    internal const string EnvSourceCount = "valueFrom takes exactly one of configMapKeyRef, secretKeyRef, fieldRef, resourceFieldRef";
    internal const string EnvFromCount = "an envFrom entry has exactly one of configMapRef and secretRef";
    internal const string VolumeSourceCount = "a volume takes exactly one of configMap, secret, emptyDir, persistentVolumeClaim";
    internal const string VolumeNameTaken = "the bundled images have volumes tmp and data of their own: mount yours at /tmp or /data, or choose another name";
    internal const string MountPathTwice = "two volumes are mounted at the same path: change one mountPath";
}
