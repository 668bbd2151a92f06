using Fleet.Local.Schemas;
using Xunit;

namespace Fleet.Unit.Local.Schemas;

public sealed class BuiltInKindsTests
{
    [Theory]
    [InlineData("v1", "configmaps cm, endpoints ep, events ev, namespaces ns, nodes no, persistentvolumeclaims pvc, pods po, secrets, serviceaccounts sa, services svc")]
    [InlineData("apps/v1", "deployments deploy, replicasets rs")]
    [InlineData("discovery.k8s.io/v1", "endpointslices")]
    [InlineData("autoscaling/v2", "horizontalpodautoscalers hpa")]
    [InlineData("policy/v1", "poddisruptionbudgets pdb")]
    [InlineData("networking.k8s.io/v1", "networkpolicies netpol")]
    [InlineData("rbac.authorization.k8s.io/v1", "clusterrolebindings, clusterroles, rolebindings, roles")]
    [InlineData("coordination.k8s.io/v1", "leases")]
    [InlineData("events.k8s.io/v1", "events ev")]
    [InlineData("apiextensions.k8s.io/v1", "customresourcedefinitions crd crds")]
    [InlineData("authorization.k8s.io/v1", "selfsubjectaccessreviews")]
    public void A_group_version_serves(string version, string kinds) => Assert.Equal(kinds, string.Join(", ", BuiltInKinds.All
        .Where(k => k.Resource.ApiVersion == version)
        .Select(k => string.Join(' ', [k.Resource.Plural, .. k.ShortNames]))
        .Order(StringComparer.Ordinal)));

    [Fact]
    public void A_kind_says_what_is_served_of_it()
    {
        var deployments = Served.Kind("deployments");
        Assert.Equal("all", Assert.Single(deployments.Categories));
        Assert.True(deployments.HasStatus);
        Assert.True(deployments.HasGeneration);
        Assert.Equal(new ScalePaths(".spec.replicas", ".status.replicas", ".spec.selector"), deployments.Scale);
        Assert.False(Served.Kind("nodes").Resource.Namespaced);
        Assert.Equal("create", Assert.Single(Served.Kind("selfsubjectaccessreviews").Verbs));
    }

    [Theory]
    [InlineData("services", "spec.ports", "port,protocol", "port", false)]
    [InlineData("pods", "spec.containers[].ports", "containerPort,protocol", "containerPort", false)]
    [InlineData("pods", "spec.containers[].env", "name", "name", false)]
    [InlineData("pods", "spec.containers[].volumeMounts", "mountPath", "mountPath", false)]
    [InlineData("pods", "spec.volumes", "name", "name", true)]
    [InlineData("pods", "spec.topologySpreadConstraints", "topologyKey,whenUnsatisfiable", "topologyKey", false)]
    [InlineData("pods", "spec.tolerations", "", null, false)]
    [InlineData("pods", "metadata.ownerReferences", "uid", "uid", false)]
    public void A_list_says_how_it_is_merged(string plural, string path, string keys, string? mergeKey, bool retains)
    {
        var list = At(Served.Kind(plural).Shape, path);
        Assert.Equal(ShapeType.List, list.Type);
        Assert.Equal(keys, string.Join(',', list.Keys));
        Assert.Equal(mergeKey, list.MergeKey);
        Assert.Equal(retains, list.RetainsKeys);
        Assert.Equal(keys.Length == 0, list.IsAtomic);
    }

    [Fact]
    public void Sets_atomic_maps_and_retained_keys_are_known()
    {
        Assert.True(At(Served.Kind("pods").Shape, "metadata.finalizers") is { IsSet: true, MergesScalars: true, IsAtomic: false });
        Assert.True(At(Served.Kind("services").Shape, "spec.selector").IsAtomic);
        Assert.True(At(Served.Kind("deployments").Shape, "spec.selector").IsAtomic);
        Assert.True(At(Served.Kind("deployments").Shape, "spec.strategy").RetainsKeys);
        Assert.False(At(Served.Kind("deployments").Shape, "spec.template.spec.nodeSelector") is { IsAtomic: false });
    }

    [Fact]
    public void Every_field_is_explained_in_one_sentence() => Assert.All(BuiltInKinds.Types.Values, type =>
    {
        Assert.EndsWith(".", type.Description, StringComparison.Ordinal);
        Assert.All(type.Fields, f => Assert.True(f.Value.Description?.EndsWith('.'), $"{type.Name} {f.Key}"));
    });

    [Theory]
    [InlineData("type X", "  a", "without a type")]
    [InlineData("type X", "  a Nowhere", "No type Nowhere in p")]
    [InlineData("types X", "", "Neither package, kind, type nor field")]
    public void A_line_that_says_nothing_is_refused(string type, string field, string says) =>
        Assert.Contains(says, Assert.Throws<FormatException>(() => ShapeText.Read([$"package p q v1\n{type}\n{field}\n"])).Message, StringComparison.Ordinal);

    private static Shape At(Shape shape, string path) => path.Split('.').Aggregate(shape, (at, field) =>
        field.EndsWith("[]", StringComparison.Ordinal) ? at.Fields[field[..^2]].Shape.Items! : at.Fields[field].Shape);
}
