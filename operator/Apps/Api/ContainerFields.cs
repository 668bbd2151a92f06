#pragma warning disable CS1591, SA1600 // the [Description] is the documentation: kubectl explain shows it to the users too
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Fleet.Kubernetes;

namespace Fleet.Apps;

[Description("An environment variable: a value, or where it comes from.")]
[ValidationRule("!(has(self.value) && has(self.valueFrom))", Says.EnvValueTwice)]
public sealed record EnvVar
{
    [Description("The variable's name.")]
    [Length(1, 253)]
    [RegularExpression(Patterns.EnvName)]
    public required string Name { get; init; }

    [Description("Its value. $(NAME) is replaced by the value of a variable set before it.")]
    [MaxLength(32768)]
    public string? Value { get; init; }

    [Description("Where the value comes from.")]
    public EnvVarSource? ValueFrom { get; init; }
}

[Description("Where a variable's value comes from; exactly one is set.")]
[ValidationRule("[has(self.configMapKeyRef), has(self.secretKeyRef), has(self.fieldRef), has(self.resourceFieldRef)].filter(x, x).size() == 1",
    Says.EnvSourceCount)]
public sealed record EnvVarSource
{
    [Description("A key of a ConfigMap.")]
    public KeyReference? ConfigMapKeyRef { get; init; }

    [Description("A key of a Secret.")]
    public KeyReference? SecretKeyRef { get; init; }

    [Description("A field of the pod.")]
    public FieldReference? FieldRef { get; init; }

    [Description("A resource of the container.")]
    public ResourceFieldReference? ResourceFieldRef { get; init; }
}

[Description("A key of a ConfigMap or Secret of the app's namespace.")]
public sealed record KeyReference
{
    [Description("The object's name.")]
    [Length(1, 253)]
    [RegularExpression(Patterns.Subdomain)]
    public required string Name { get; init; }

    [Description("The key.")]
    [Length(1, 253)]
    [RegularExpression(Patterns.ConfigKey)]
    public required string Key { get; init; }

    [Description("Whether the pod starts without it. Default: false.")]
    public bool? Optional { get; init; }
}

[Description("A field of the pod.")]
public sealed record FieldReference
{
    [Description("The field, metadata.name or status.podIP for instance.")]
    [Length(1, 400)]
    [RegularExpression(Patterns.FieldPath)]
    public required string FieldPath { get; init; }
}

[Description("A resource of the container.")]
public sealed record ResourceFieldReference
{
    [Description("The resource, limits.memory for instance.")]
    [Length(1, 253)]
    [RegularExpression(Patterns.ResourceField)]
    public required string Resource { get; init; }

    [Description("The unit the value is divided by.")]
    [MaxLength(64)]
    [RegularExpression(Patterns.Quantity)]
    public IntOrString? Divisor { get; init; }
}

[Description("A ConfigMap or Secret of which every key becomes a variable.")]
[ValidationRule("has(self.configMapRef) != has(self.secretRef)", Says.EnvFromCount)]
public sealed record EnvFromSource
{
    [Description("Put before every key.")]
    [MaxLength(253)]
    [RegularExpression(Patterns.EnvName)]
    public string? Prefix { get; init; }

    [Description("A ConfigMap.")]
    public SourceReference? ConfigMapRef { get; init; }

    [Description("A Secret.")]
    public SourceReference? SecretRef { get; init; }
}

[Description("A ConfigMap or Secret of the app's namespace.")]
public sealed record SourceReference
{
    [Description("The object's name.")]
    [Length(1, 253)]
    [RegularExpression(Patterns.Subdomain)]
    public required string Name { get; init; }

    [Description("Whether the pod starts without it. Default: false.")]
    public bool? Optional { get; init; }
}

[Description("CPU, memory and other resources, as Kubernetes quantities (500m, 256Mi).")]
public sealed record ComputeResources
{
    [Description("What is reserved.")]
    [MaxLength(16)]
    [Items(64, Pattern = Patterns.Quantity)]
    public IReadOnlyDictionary<string, IntOrString>? Requests { get; init; }

    [Description("What may be used at most.")]
    [MaxLength(16)]
    [Items(64, Pattern = Patterns.Quantity)]
    public IReadOnlyDictionary<string, IntOrString>? Limits { get; init; }
}

[Description("A volume and where it is mounted.")]
[ValidationRule("[has(self.configMap), has(self.secret), has(self.emptyDir), has(self.persistentVolumeClaim)].filter(x, x).size() == 1",
    Says.VolumeSourceCount)]
public sealed record ServiceVolume
{
    [Description("The volume's name.")]
    [Length(1, 63)]
    [RegularExpression(Patterns.DnsLabel)]
    public required string Name { get; init; }

    [Description("Where it is mounted in the container.")]
    [Length(1, 1024)]
    [RegularExpression(Patterns.MountPath)]
    public required string MountPath { get; init; }

    [Description("Whether the container may only read it. Default: false.")]
    public bool? ReadOnly { get; init; }

    [Description("A path within the volume. Default: its root.")]
    [MaxLength(1024)]
    [RegularExpression(Patterns.RelativePath)]
    public string? SubPath { get; init; }

    [Description("The keys of a ConfigMap as files.")]
    public ConfigMapVolume? ConfigMap { get; init; }

    [Description("The keys of a Secret as files.")]
    public SecretVolume? Secret { get; init; }

    [Description("An empty folder that ends with the pod.")]
    public EmptyDirVolume? EmptyDir { get; init; }

    [Description("A PersistentVolumeClaim; the service's strategy is then Recreate.")]
    public ClaimVolume? PersistentVolumeClaim { get; init; }
}

[Description("The keys of a ConfigMap as files.")]
public sealed record ConfigMapVolume
{
    [Description("The ConfigMap's name.")]
    [Length(1, 253)]
    [RegularExpression(Patterns.Subdomain)]
    public required string Name { get; init; }

    [Description("Which keys become files. Default: all.")]
    [MaxLength(64)]
    public IReadOnlyList<KeyPath>? Items { get; init; }

    [Description("Whether the pod starts without it. Default: false.")]
    public bool? Optional { get; init; }
}

[Description("The keys of a Secret as files.")]
public sealed record SecretVolume
{
    [Description("The Secret's name.")]
    [Length(1, 253)]
    [RegularExpression(Patterns.Subdomain)]
    public required string SecretName { get; init; }

    [Description("Which keys become files. Default: all.")]
    [MaxLength(64)]
    public IReadOnlyList<KeyPath>? Items { get; init; }

    [Description("Whether the pod starts without it. Default: false.")]
    public bool? Optional { get; init; }
}

[Description("A key and the file it becomes.")]
public sealed record KeyPath
{
    [Description("The key.")]
    [Length(1, 253)]
    public required string Key { get; init; }

    [Description("The file, relative to mountPath.")]
    [Length(1, 1024)]
    [RegularExpression(Patterns.RelativePath)]
    public required string Path { get; init; }
}

[Description("An empty folder that ends with the pod.")]
public sealed record EmptyDirVolume
{
    [Description("Memory keeps it in memory. Default: the node's disk.")]
    [AllowedValues("", "Memory")]
    [MaxLength(16)]
    public string? Medium { get; init; }

    [Description("Its largest size.")]
    [MaxLength(64)]
    [RegularExpression(Patterns.Quantity)]
    public IntOrString? SizeLimit { get; init; }
}

[Description("A PersistentVolumeClaim of the app's namespace.")]
public sealed record ClaimVolume
{
    [Description("The claim's name.")]
    [Length(1, 253)]
    [RegularExpression(Patterns.Subdomain)]
    public required string ClaimName { get; init; }

    [Description("Whether it is only read. Default: false.")]
    public bool? ReadOnly { get; init; }
}
