using System.Text.Json;
using System.Text.Json.Serialization;
using Fleet.Kubernetes;

namespace Fleet.Local.Processes;

/// <summary>How the node reads what it is given, without reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(TimeConverter)],
    MaxDepth = KubeJson.MaxDepth)]
[JsonSerializable(typeof(LocalPod))]
[JsonSerializable(typeof(LocalService))]
internal sealed partial class NodeJson : JsonSerializerContext;

/// <summary>The kinds as the node reads them.</summary>
internal static class NodeKinds
{
    public static readonly ResourceKind<LocalPod> Pods = Kinds.Typed(Resources.Pods, NodeJson.Default.LocalPod);

    public static readonly ResourceKind<LocalService> Services = Kinds.Typed(Resources.Services, NodeJson.Default.LocalService);

    public static readonly Resource Claims = new("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims");
}
