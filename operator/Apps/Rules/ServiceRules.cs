using Fleet.Kubernetes;

namespace Fleet.Apps;

/// <summary>What must hold within one service.</summary>
internal static class ServiceRules
{
    internal static IEnumerable<Problem> Check(EffectiveService service, string path) =>
    [
        .. OfIdentity(service, path),
        .. OfProtocol(service, path),
        .. OfPorts(service, path),
        .. OfEnvironment(service, path),
        .. OfVolumes(service, path),
        .. ScalingRules.Check(service.Spec, path),
        .. OfStrategy(service.Spec.Strategy, $"{path}.strategy"),
        .. ResourceRules.Check(service.Spec.Resources, $"{path}.resources"),
        .. PodTemplateRules.Check(service, $"{path}.podTemplate"),
    ];

    private static IEnumerable<Problem> OfIdentity(EffectiveService service, string path)
    {
        if (service.Name == Names.Gateway)
            yield return new($"{path}.name", Says.GatewayReserved);
        if (service is { Spec.Image: null, Bundled: null } or { Bundled.Name: Names.Gateway })
            yield return new($"{path}.image", Says.ImageRequired);
    }

    private static IEnumerable<Problem> OfProtocol(EffectiveService service, string path)
    {
        var (spec, grpc) = (service.Spec, service.Spec.Protocol == ServiceProtocol.Grpc);
        if (!grpc && spec.Grpc is not null)
            yield return new($"{path}.grpc", Says.GrpcOnly);
        if (grpc && service.TargetPort != spec.Port)
            yield return new($"{path}.targetPort", Says.GrpcTargetPort);
        if (grpc && spec.Route is { PathPrefix: not null } or { StripPrefix: not null })
            yield return new($"{path}.route", Says.GrpcRoute);

        var (mode, probed) = (spec.Probes?.Mode ?? ProbeMode.Auto, spec.Probes?.Path);
        if (probed is not null && mode is not (ProbeMode.Auto or ProbeMode.Http))
            yield return new($"{path}.probes.path", Says.ProbePathUnused);
        if (probed is null && mode == ProbeMode.Http)
            yield return new($"{path}.probes.path", Says.ProbePathMissing);
        if (probed is not null && grpc && mode != ProbeMode.Http)
            yield return new($"{path}.probes.path", Says.GrpcProbePath);
    }

    private static IEnumerable<Problem> OfPorts(EffectiveService service, string path)
    {
        var bundled = service.Bundled is not null;
        if (bundled && service.TargetPort == Bundled.ManagementPort)
            yield return new($"{path}.{(service.Spec.TargetPort is null ? "port" : "targetPort")}", Says.PortIsManagement);

        var extra = service.Spec.ExtraPorts ?? [];
        for (var i = 0; i < extra.Count; i++)
        {
            var (port, at) = (extra[i], $"{path}.extraPorts[{i}]");
            if (port.Name == Names.MainPort)
                yield return new($"{at}.name", Says.ExtraPortNameReserved);
            if (port.Port == service.Spec.Port || port.Port == service.TargetPort)
                yield return new($"{at}.port", Says.ExtraPortIsMain);
            if (extra.Take(i).Any(e => e.Port == port.Port))
                yield return new($"{at}.port", Says.ExtraPortTwice);
            if (bundled && port.Port == Bundled.ManagementPort)
                yield return new($"{at}.port", Says.PortIsManagement);
            if (bundled && port.Name == Names.ManagementPort)
                yield return new($"{at}.name", Says.PortIsManagement);
        }
    }

    private static IEnumerable<Problem> OfEnvironment(EffectiveService service, string path)
    {
        var spec = service.Spec;
        foreach (var (i, variable) in (spec.Env ?? []).Index())
        {
            if (variable is { Value: not null, ValueFrom: not null })
                yield return new($"{path}.env[{i}]", Says.EnvValueTwice);
            if (variable.ValueFrom is { } from && Count(from.ConfigMapKeyRef, from.SecretKeyRef, from.FieldRef, from.ResourceFieldRef) != 1)
                yield return new($"{path}.env[{i}].valueFrom", Says.EnvSourceCount);
            if (variable.ValueFrom?.ResourceFieldRef is { Divisor: { } divisor } of && !ResourceRules.Divides(divisor, of.Resource))
                yield return new($"{path}.env[{i}].valueFrom.resourceFieldRef.divisor", $"must be a unit of {of.Resource}, {ResourceRules.DivisorsOf(of.Resource)}, is \"{divisor}\"");
        }

        foreach (var (i, source) in (spec.EnvFrom ?? []).Index())
        {
            if (Count(source.ConfigMapRef, source.SecretRef) != 1)
                yield return new($"{path}.envFrom[{i}]", Says.EnvFromCount);
        }

        // What podTemplate sets is the user's business: it may well be the database.
        if (service is { Bundled.KeepsData: true, Scale.Most: > 1, HasDatabase: false, Spec.PodTemplate: null })
            yield return new($"{path}.{(service.Scale.Autoscaling is null ? "replicas" : "autoscaling.maxReplicas")}", Says.BundledNeedsDatabase);
    }

    private static IEnumerable<Problem> OfVolumes(EffectiveService service, string path)
    {
        var volumes = service.Spec.Volumes ?? [];
        for (var i = 0; i < volumes.Count; i++)
        {
            var (volume, at) = (volumes[i], $"{path}.volumes[{i}]");
            if (Count(volume.ConfigMap, volume.Secret, volume.EmptyDir, volume.PersistentVolumeClaim) != 1)
                yield return new(at, Says.VolumeSourceCount);
            if (volume.EmptyDir?.SizeLimit is { } size && ResourceRules.WrongWith(size) is { } wrong)
                yield return new($"{at}.emptyDir.sizeLimit", wrong);
            if (volumes.Take(i).Any(v => v.MountPath == volume.MountPath))
                yield return new($"{at}.mountPath", Says.MountPathTwice);
            if (service.Bundled is not null && volume.Name is "tmp" or "data" && volume.MountPath.TrimEnd('/') != $"/{volume.Name}")
                yield return new($"{at}.name", Says.VolumeNameTaken);
        }
    }

    private static IEnumerable<Problem> OfStrategy(RolloutStrategy? strategy, string path)
    {
        if (IsZero(strategy?.MaxSurge ?? 1) && IsZero(strategy?.MaxUnavailable ?? 0))
            yield return new(path, Says.StrategyStandsStill);
    }

    internal static bool IsZero(IntOrString value) => value.Text is { } text ? text.TrimEnd('%').All(c => c == '0') : value.Number == 0;

    private static int Count(params ReadOnlySpan<object?> sources)
    {
        var set = 0;
        foreach (var source in sources)
            set += source is null ? 0 : 1;
        return set;
    }
}
