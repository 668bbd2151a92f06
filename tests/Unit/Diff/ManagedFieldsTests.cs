using System.Collections.Immutable;
using System.Text.Json;
using Fleet.Apps;
using Fleet.Kubernetes;
using Xunit;

namespace Fleet.Unit.Diff;

/// <summary>Who owns a field, read from managedFields as Kubernetes 1.36 wrote them.</summary>
public class ManagedFieldsTests
{
    // A Deployment that the operator created; kubectl set its image, somebody named "later" a label and, after kubectl, an environment variable.
    private static readonly ObjectMeta Live = Read("""
        {"name": "shop-users", "managedFields": [
          {"manager": "fleet-operator", "operation": "Update", "apiVersion": "apps/v1", "time": "2030-01-01T00:00:00Z", "fieldsType": "FieldsV1", "fieldsV1": {
            "f:metadata": {"f:annotations": {".": {}, "f:fleet.microservices.dev/applied": {}}, "f:labels": {".": {}, "f:team": {}},
              "f:ownerReferences": {".": {}, "k:{\"uid\":\"u-1\"}": {}}},
            "f:spec": {"f:replicas": {}, "f:selector": {}, "f:template": {"f:spec": {"f:containers": {"k:{\"name\":\"users\"}": {".": {}, "f:args": {}, "f:name": {}, "f:envFrom": {}, "f:volumeMounts": {},
              "f:env": {".": {}, "k:{\"name\":\"PORT\"}": {".": {}, "f:name": {}, "f:value": {}}},
              "f:ports": {".": {}, "k:{\"containerPort\":8002,\"protocol\":\"TCP\"}": {".": {}, "f:containerPort": {}, "f:name": {}, "f:protocol": {}}}}}}}}}},
          {"manager": "fleet-operator", "operation": "Update", "apiVersion": "apps/v1", "time": "2030-01-01T00:00:01Z", "subresource": "status",
            "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {"f:paused": {}}}},
          {"manager": "kubectl-edit", "operation": "Update", "apiVersion": "apps/v1", "time": "2030-01-01T00:00:02Z", "fieldsType": "FieldsV1", "fieldsV1": {
            "f:spec": {"f:template": {"f:spec": {"f:containers": {"k:{\"name\":\"users\"}": {"f:image": {}, "f:env": {"k:{\"name\":\"EXTRA\"}": {}}}}}}}}},
          {"manager": "later", "operation": "Apply", "apiVersion": "apps/v1", "time": "2030-01-01T00:00:03Z", "fieldsType": "FieldsV1", "fieldsV1": {
            "f:metadata": {"f:labels": {"f:tier": {}}},
            "f:spec": {"f:template": {"f:spec": {"f:containers": {"k:{\"name\":\"users\"}": {"f:env": {"k:{\"name\":\"EXTRA\"}": {".": {}, "f:value": {}}}}}}}}}}
        ]}
        """);

    [Theory]
    [InlineData("spec replicas", true)]
    [InlineData("metadata labels team", true)]
    [InlineData("metadata labels tier", false)]
    [InlineData("metadata annotations fleet.microservices.dev/applied", true)]
    [InlineData("metadata ownerReferences [uid=u-1] controller", true)] // the entry as a whole
    [InlineData("metadata ownerReferences [uid=u-2]", false)]
    [InlineData("spec selector matchLabels app", true)] // an atomic map: the field as a whole
    [InlineData("spec template spec containers [name=users] args [0]", true)] // an atomic list
    [InlineData("spec template spec containers [name=users] image", false)]
    [InlineData("spec template spec containers [name=users] env [name=PORT] value", true)]
    [InlineData("spec template spec containers [name=users] env [name=EXTRA] value", false)]
    [InlineData("spec template spec containers [name=users] ports [containerPort=8002,protocol=TCP] name", true)]
    [InlineData("spec template spec containers [name=users] ports [containerPort=9002,protocol=TCP] name", false)]
    [InlineData("spec template spec containers [name=other]", false)]
    [InlineData("spec template spec containers [name=users] envFrom [0]", true)] // as a whole
    [InlineData("spec template spec containers [name=users] volumeMounts [mountPath=/data]", false)] // somebody has changed the one entry's key
    [InlineData("spec paused", false)] // through a subresource
    public void What_the_operator_set_last_is_its_own(string path, bool isOurs) => Assert.Equal(isOurs, ManagedFields.IsOurs(Live, Path(path)));

    [Theory]
    [InlineData("spec template spec containers [name=users] image", "kubectl-edit")]
    [InlineData("spec template spec containers [name=users] env [name=EXTRA] value", "later")] // the newer one of two
    [InlineData("metadata labels tier", "later")]
    [InlineData("spec replicas", "")]
    [InlineData("metadata labels gone", "")]
    public void Who_else_set_a_field_is_the_newest_of_them(string path, string manager) => Assert.Equal(manager, ManagedFields.OtherOwner(Live, Path(path)));

    [Theory]
    [InlineData("spec template spec containers [name=users]", false)]
    [InlineData("spec template spec containers [name=injected]", true)]
    public void What_admission_put_in_is_nobodys(string path, bool isNobodys) => Assert.Equal(isNobodys, ManagedFields.IsNobodys(Live, Path(path)));

    // A Service and a ConfigMap in one, as Kubernetes 1.20 wrote them after kubectl patch had put another port, key and label in the place of each of ours.
    [Theory]
    [InlineData("spec ports [port=9000,protocol=TCP]")]
    [InlineData("spec ports [port=1733,protocol=TCP]")]
    [InlineData("data routes.json")]
    [InlineData("metadata labels team")]
    public void Of_a_list_or_map_that_others_took_over_nothing_is_left_to_us(string path)
    {
        var live = Read("""
            {"managedFields": [
              {"manager": "fleet-operator", "operation": "Update", "fieldsV1": {"f:data": {}, "f:metadata": {"f:labels": {}}, "f:spec": {"f:ports": {}, "f:type": {}}}},
              {"manager": "kubectl-patch", "operation": "Update", "fieldsV1": {"f:data": {"f:q": {}}, "f:metadata": {"f:labels": {"f:q": {}}},
                "f:spec": {"f:ports": {"k:{\"port\":1733,\"protocol\":\"TCP\"}": {".": {}, "f:port": {}}}}}}
            ]}
            """);
        Assert.False(ManagedFields.IsOurs(live, Path(path)));
        Assert.True(ManagedFields.IsOurs(live, Path("spec type")));
    }

    [Fact]
    public void Without_a_record_nothing_is_known()
    {
        foreach (var live in new[] { new ObjectMeta(), Read("""{"managedFields": []}""") })
        {
            Assert.False(ManagedFields.IsOurs(live, Path("spec replicas")));
            Assert.False(ManagedFields.IsNobodys(live, Path("spec replicas")));
            Assert.Equal("", ManagedFields.OtherOwner(live, Path("spec replicas")));
            Assert.Equal(-1, ManagedFields.EntryOf(live, "Update"));
        }
    }

    [Fact]
    public void An_entry_of_no_fields_holds_none() =>
        Assert.False(ManagedFields.IsOurs(Read("""{"managedFields": [{"manager": "fleet-operator", "operation": "Apply", "fieldsV1": {}}]}"""), Path("spec replicas")));

    [Theory]
    [InlineData("""[{"manager": "kubectl", "operation": "Update"}, {"manager": "fleet-operator", "operation": "Update"}]""", 1)]
    [InlineData("""[{"manager": "fleet-operator", "operation": "Apply"}]""", -1)]
    [InlineData("""[{"manager": "fleet-operator", "operation": "Update", "subresource": "status"}]""", -1)]
    public void The_entry_of_our_creation_is_found(string managedFields, int index) =>
        Assert.Equal(index, ManagedFields.EntryOf(Read($$"""{"managedFields": {{managedFields}}}"""), "Update"));

    private static ObjectMeta Read(string metadata) => JsonSerializer.Deserialize($$"""{"metadata": {{metadata}}}""", KubeJson.Default.PartialObject)!.Metadata;

    private static FieldPath Path(string path) => new([.. path.Split(' ').Select(Step)]);

    private static PathStep Step(string step)
    {
        if (step is not ['[', .. var inner, ']'])
            return PathStep.To(step);
        var key = inner.Contains('=') ? inner.Split(',').Select(k => (k.Split('=')[0], k.Split('=')[1])).ToImmutableArray() : [];
        return new(null, key, 0);
    }
}
