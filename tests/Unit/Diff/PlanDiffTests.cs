using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Testing;
using Xunit;

namespace Fleet.Unit.Diff;

/// <summary>What is done about each object, shown on one of each kind.</summary>
public class PlanDiffTests
{
    private const string Users = "Deployment/shop-users";

    [Fact]
    public void What_is_not_there_is_created() =>
        Assert.All(new SimulatedFleet(Given.Shop()).Diff(), a => Assert.False(Assert.IsType<ObjectAction.Create>(a).IsDrift));

    [Fact]
    public void What_is_as_planned_is_kept() => Assert.All(Settled().Diff(), a => Assert.IsType<ObjectAction.Keep>(a));

    [Fact]
    public void What_left_the_spec_is_deleted_after_all_else_and_nothing_of_others_is()
    {
        var fleet = Settled();
        fleet.Cluster.Create(Foreign(Resources.ConfigMaps, "notes", "users"));
        fleet.App = fleet.App.With("services: [{ name: auth, port: 8001, protocol: HTTP/REST }, { name: orders, port: 8003, protocol: gRPC, dependsOn: [] }]");
        var actions = fleet.Diff();
        var deleted = actions.OfType<ObjectAction.Delete>().Select(d => d.Object.Id).Order(StringComparer.Ordinal);
        Assert.Equal(
            ["ConfigMap/shop-routes", "Deployment/shop-gateway", "Deployment/shop-users", "Role/shop-gateway", "RoleBinding/shop-gateway", "Service/shop-gateway", "Service/shop-users",
                "ServiceAccount/shop-gateway", "ServiceAccount/shop-users"],
            deleted);
        Assert.All(actions.TakeLast(9), a => Assert.IsType<ObjectAction.Delete>(a));
        Assert.Equal("users", actions.OfType<ObjectAction.Delete>().First(d => d.Object.Id == Users).Service);
    }

    [Fact]
    public void What_left_the_spec_and_is_being_deleted_is_left_alone()
    {
        var fleet = Settled();
        fleet.Cluster.Edit(Users, "gc", json => json["metadata"]!["deletionTimestamp"] = "2030-01-01T00:00:00Z");
        fleet.App = fleet.App.With("services: [{ name: auth, port: 8001, protocol: HTTP/REST }]");
        Assert.DoesNotContain(fleet.Diff(), a => a.Object.Id == Users);
    }

    [Fact]
    public void A_change_of_the_spec_is_applied_and_is_no_drift()
    {
        var fleet = Settled();
        fleet.App = fleet.App.With(s => s with { CommonLabels = new Dictionary<string, string> { ["team"] = "shop" } });
        Assert.All(fleet.Diff(), a => Assert.Empty(Assert.IsType<ObjectAction.Apply>(a).Drift));
    }

    [Fact]
    public void A_field_that_left_the_spec_is_applied_although_no_desired_field_differs()
    {
        var fleet = new SimulatedFleet(Given.App("{ commonLabels: { team: shop }, services: [{ name: web, image: web:1, protocol: HTTP, port: 80 }] }"));
        fleet.Settle();
        fleet.App = fleet.App.With("services: [{ name: web, image: web:1, protocol: HTTP, port: 80 }]");
        Assert.All(fleet.Diff(), a => Assert.IsType<ObjectAction.Apply>(a));
        fleet.Settle();
        Assert.All(fleet.Cluster.All, o => Assert.Null(o.Metadata.Label("team")));
    }

    [Theory]
    [InlineData("Deployment/shop-users", ".spec.replicas", "kubectl")]
    [InlineData("Deployment/shop-users", ".spec.template.spec.containers[users].image", "kubectl")]
    [InlineData("Deployment/shop-users", ".metadata.labels[app.kubernetes.io/name]", "")] // who removed a field is nowhere
    [InlineData("Deployment/shop-users", ".metadata.annotations[fleet.microservices.dev/applied]", "")]
    [InlineData("Service/shop-users", ".spec.ports[9999,TCP]", "kubectl")]
    [InlineData("Role/shop-gateway", ".rules[0].verbs[0]", "kubectl")]
    [InlineData("ServiceAccount/shop-users", ".automountServiceAccountToken", "kubectl")]
    public void What_somebody_else_changed_is_drift(string id, string field, string manager)
    {
        var fleet = Settled();
        fleet.Cluster.Edit(id, "kubectl", json => Spoil(json, field));
        var apply = Assert.Single(fleet.Diff().OfType<ObjectAction.Apply>());
        var drift = Assert.Single(apply.Drift);
        Assert.Equal((id, field, manager), (apply.Object.Id, drift.Path.ToString(), ManagedFields.OtherOwner(apply.Live.Metadata, drift.Path)));
        Assert.Equal(drift.IsExtra, apply.Extras.Length == 1);
    }

    [Fact]
    public void A_scale_of_which_an_old_server_takes_no_note_is_drift()
    {
        var fleet = Settled();
        fleet.Cluster.Edit(Users, "kubectl", json => json["spec"]!["replicas"] = 5, isNoted: false);
        Assert.Equal(".spec.replicas", Assert.Single(Assert.Single(fleet.Diff().OfType<ObjectAction.Apply>()).Drift).Path.ToString());
    }

    [Theory]
    [InlineData("Deployment/shop-users", "metadata.labels", "mine")]
    [InlineData("Deployment/shop-users", "metadata.annotations", "deployment.kubernetes.io/revision")]
    [InlineData("Service/shop-users", "metadata.annotations", "example.com/x")]
    public void What_others_set_beside_ours_is_theirs(string id, string map, string key)
    {
        var fleet = Settled();
        fleet.Cluster.Edit(id, "kubectl", json => json[map.Split('.')[0]]![map.Split('.')[1]]![key] = "x");
        Assert.All(fleet.Diff(), a => Assert.IsType<ObjectAction.Keep>(a));
    }

    [Fact]
    public void A_sidecar_that_somebody_adds_is_drift_and_one_that_admission_adds_is_not()
    {
        var fleet = Settled();
        fleet.Cluster.Edit(Users, "kubectl", AddSidecar);
        Assert.Equal(".spec.template.spec.containers[sidecar]", Assert.Single(Assert.Single(fleet.Diff().OfType<ObjectAction.Apply>()).Extras).Path.ToString());

        var injected = new SimulatedFleet(Given.Shop());
        injected.Cluster.Admission = AddSidecar;
        injected.Settle();
        Assert.All(injected.Diff(), a => Assert.IsType<ObjectAction.Keep>(a));
    }

    [Fact]
    public void What_admission_changed_in_our_own_write_is_kept()
    {
        var fleet = new SimulatedFleet(Given.Shop());
        fleet.Cluster.Admission = json =>
        {
            foreach (var container in json["spec"]?["template"]?["spec"]?["containers"]?.AsArray() ?? [])
                container!["image"] = $"mirror.test/{((string)container["image"]!).Split('/')[^1]}";
        };
        fleet.Settle();
        Assert.Equal("mirror.test/fleet-users:1.0", Image(fleet.Cluster.Get(Users)));
        Assert.All(fleet.Diff(), a => Assert.IsType<ObjectAction.Keep>(a));

        // The same field, when somebody changes it later, is drift.
        fleet.Cluster.Edit(Users, "kubectl", json => Spoil(json, ".spec.template.spec.containers[users].image"));
        Assert.Single(fleet.Diff().OfType<ObjectAction.Apply>());
    }

    [Fact]
    public void What_the_server_answered_to_our_own_write_is_kept()
    {
        var fleet = Settled();
        fleet.Cluster.Edit(Users, "somebody", json => ((JsonObject)json["metadata"]!["labels"]!).Remove("app.kubernetes.io/name"));
        var world = fleet.World;
        var live = fleet.Cluster.Get(Users);
        Assert.Contains(PlanDiff.Between(fleet.Plan(), world), a => a is ObjectAction.Apply);
        world = world with { Answers = world.Answers.Add(live.Metadata.Uid!, [".metadata.labels[app.kubernetes.io/name]="]) };
        Assert.All(PlanDiff.Between(fleet.Plan(), world), a => Assert.IsType<ObjectAction.Keep>(a));
    }

    [Fact]
    public void A_deleted_object_is_drift_when_everything_was_applied_for_this_generation()
    {
        var fleet = Settled();
        fleet.Cluster.Delete(Users);
        Assert.True(Assert.Single(fleet.Diff().OfType<ObjectAction.Create>()).IsDrift);
        fleet.App = fleet.App.With(s => s with { CommonAnnotations = new Dictionary<string, string> { ["a"] = "b" } });
        Assert.False(Assert.Single(fleet.Diff().OfType<ObjectAction.Create>()).IsDrift);
    }

    [Fact]
    public void With_Report_drift_gets_no_write_until_the_spec_changes_the_object()
    {
        var fleet = Settled();
        fleet.App = fleet.App.With(s => s with { DriftPolicy = DriftPolicy.Report });
        fleet.Settle();
        fleet.Cluster.Edit(Users, "kubectl", json => json["spec"]!["replicas"] = 5);
        fleet.Cluster.Delete("Service/shop-auth");
        var holds = fleet.Diff().OfType<ObjectAction.Hold>().ToDictionary(h => h.Object.Id);
        Assert.Equal(["Deployment/shop-users", "Service/shop-auth"], holds.Keys.Order(StringComparer.Ordinal));
        Assert.All(holds.Values, h => Assert.Equal(Reasons.Drifted, h.Refusal.Reason));
        Assert.Equal(".spec.replicas", Assert.Single(holds[Users].Drift).Path.ToString());

        fleet.App = fleet.App.With(s => s with { CommonLabels = new Dictionary<string, string> { ["team"] = "shop" } });
        Assert.Empty(fleet.Diff().OfType<ObjectAction.Hold>());
        Assert.Empty(Assert.Single(fleet.Diff().OfType<ObjectAction.Apply>(), a => a.Object.Id == Users).Drift);
    }

    [Theory]
    [InlineData("gRPC", "HTTP")]
    [InlineData("HTTP", "gRPC")]
    public void A_Service_that_becomes_headless_or_ceases_to_be_is_replaced(string before, string after)
    {
        var fleet = new SimulatedFleet(Given.App($"services: [{{ name: web, image: web:1, protocol: {before}, port: 80 }}]"));
        fleet.Settle();
        fleet.App = fleet.App.With($"services: [{{ name: web, image: web:1, protocol: {after}, port: 80 }}]");
        Assert.Equal(("Service/shop-web", ".spec.clusterIP"), Assert.Single(fleet.Diff().OfType<ObjectAction.Replace>()) is var r ? (r.Object.Id, r.Field) : default);
    }

    [Fact]
    public void A_Deployment_with_another_selector_and_a_RoleBinding_with_another_role_are_replaced()
    {
        var fleet = Settled();
        fleet.Cluster.Edit(Users, "restore", json => json["spec"]!["selector"]!["matchLabels"]!["old"] = "x");
        fleet.Cluster.Edit("RoleBinding/shop-gateway", "restore", json => json["roleRef"]!["name"] = "admin");
        Assert.Equal([".roleRef", ".spec.selector"], fleet.Diff().OfType<ObjectAction.Replace>().Select(r => r.Field).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("app: shop, service: users", null, "Refuse", Reasons.NameConflict, "has no owner")]
    [InlineData("app: shop, service: users", null, "IfLabelled", null, "")]
    [InlineData("app: shop, service: auth", null, "IfLabelled", Reasons.NameConflict, "has no owner")]
    [InlineData("app: other, service: users", null, "IfLabelled", Reasons.NameConflict, "has no owner")]
    [InlineData("app: shop, service: users", "Deployment/web/u-9", "IfLabelled", Reasons.NameConflict, "belongs to Deployment/web")]
    [InlineData("app: shop, service: users", "MicroserviceApp/shop/uid-of-earlier", "IfLabelled", Reasons.WaitingForDeletion, "an earlier app of the same name")]
    [InlineData("app: shop, service: users", "MicroserviceApp/shop/uid-of-earlier", "Refuse", Reasons.WaitingForDeletion, "an earlier app of the same name")]
    [InlineData("app: shop, service: users", "MicroserviceApp/other/u-9", "Refuse", Reasons.NameConflict, "belongs to MicroserviceApp/other")]
    public void What_stands_in_the_way_is_never_overwritten(string labels, string? owner, string adoption, string? reason, string message)
    {
        var fleet = new SimulatedFleet(Given.Shop().With(s => s with { Adoption = Enum.Parse<AdoptionPolicy>(adoption) }));
        var parts = labels.Split(", ").Select(l => l.Split(": ")[1]).ToArray();
        fleet.Cluster.Create(Foreign(Resources.ServiceAccounts, "shop-users", parts[1], parts[0], owner), "somebody");
        var world = fleet.World with { Children = [.. fleet.Cluster.All] };
        var action = PlanDiff.Between(fleet.Plan(), world).Single(a => a.Object.Id == "ServiceAccount/shop-users");
        if (reason is null)
        {
            // Taking it over is what was asked for, and no drift.
            Assert.Empty(Assert.IsType<ObjectAction.Apply>(action).Drift);
            return;
        }

        var hold = Assert.IsType<ObjectAction.Hold>(action);
        Assert.Equal(reason, hold.Refusal.Reason);
        Assert.Contains(message, hold.Refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_adopted_is_taken_over_with_driftPolicy_Report_as_well()
    {
        var fleet = new SimulatedFleet(Given.Shop().With(s => s with { Adoption = AdoptionPolicy.IfLabelled, DriftPolicy = DriftPolicy.Report }));
        fleet.Cluster.Create(Foreign(Resources.ServiceAccounts, "shop-users", "users"), "somebody");
        fleet.Settle();
        Assert.Equal("uid-of-shop", fleet.Cluster.Get("ServiceAccount/shop-users").Metadata.ControllerOwner()?.Uid);
        Assert.Equal("True", fleet.Condition(Conditions.Ready)?.Status.ToString());
    }

    [Fact]
    public void What_would_have_to_be_replaced_is_not_adopted()
    {
        var fleet = new SimulatedFleet(Given.Shop().With(s => s with { Adoption = AdoptionPolicy.IfLabelled }));
        var service = Foreign(Resources.Services, "shop-orders", "orders").ToJsonObject();
        service["spec"] = Yaml.ParseOne("{ ports: [{ port: 8003 }] }");
        fleet.Cluster.Create(KubeObject.From(Resources.Services, service), "somebody");
        var hold = Assert.Single(fleet.Diff().OfType<ObjectAction.Hold>());
        Assert.Equal(("Service/shop-orders", Reasons.NameConflict), (hold.Object.Id, hold.Refusal.Reason));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_is_being_deleted_is_waited_for(bool isOurs)
    {
        var fleet = isOurs ? Settled() : new SimulatedFleet(Given.Shop());
        if (!isOurs)
            fleet.Cluster.Create(Foreign(Resources.ServiceAccounts, "shop-users", "users"), "somebody");
        fleet.Cluster.Edit("ServiceAccount/shop-users", "gc", json => json["metadata"]!["deletionTimestamp"] = "2030-01-01T00:00:00Z");
        Assert.Equal(Reasons.WaitingForDeletion, Assert.Single(fleet.Diff().OfType<ObjectAction.Hold>()).Refusal.Reason);
    }

    [Fact]
    public void What_is_held_back_is_not_written_whatever_is_there()
    {
        var fleet = new SimulatedFleet(Given.App("{ defaults: { imagePullSecrets: [{ name: login }] }, services: [{ name: web, image: web:1, protocol: HTTP, port: 80 }] }"))
        {
            Config = Observed.Nothing.Config.Add(new("Secret", "login"), ConfigContent.Missing),
        };
        Assert.Equal(Reasons.SecretNotFound, Assert.Single(fleet.Diff().OfType<ObjectAction.Hold>()).Refusal.Reason);
    }

    [Fact]
    public void Without_a_UID_nothing_is_the_apps_own()
    {
        var fleet = Settled();
        fleet.App = fleet.App with { Metadata = fleet.App.Metadata with { Uid = null } };
        Assert.All(fleet.Diff(), a => Assert.IsNotType<ObjectAction.Delete>(a));
    }

    private static SimulatedFleet Settled()
    {
        var fleet = new SimulatedFleet(Given.Shop());
        fleet.Settle();
        return fleet;
    }

    private static string? Image(KubeObject deployment) => (string?)deployment.ToJsonObject()["spec"]!["template"]!["spec"]!["containers"]![0]!["image"];

    private static void AddSidecar(JsonObject json)
    {
        if (json["spec"]?["template"]?["spec"]?["containers"] is JsonArray containers && containers.All(c => (string?)c!["name"] != "sidecar"))
            containers.Insert(0, new JsonObject { ["name"] = "sidecar", ["image"] = "sidecar:1" });
    }

    private static void Spoil(JsonObject json, string field)
    {
        switch (field)
        {
            case ".spec.replicas":
                json["spec"]!["replicas"] = 5;
                break;
            case ".spec.template.spec.containers[users].image":
                json["spec"]!["template"]!["spec"]!["containers"]![0]!["image"] = "other:1";
                break;
            case ".metadata.labels[app.kubernetes.io/name]":
                json["metadata"]!["labels"]!.AsObject().Remove("app.kubernetes.io/name");
                break;
            case ".metadata.annotations[fleet.microservices.dev/applied]":
                json["metadata"]!["annotations"]!.AsObject().Remove(Keys.Applied);
                break;
            case ".spec.ports[9999,TCP]":
                json["spec"]!["ports"]!.AsArray().Add(new JsonObject { ["name"] = "more", ["port"] = 9999, ["protocol"] = "TCP" });
                break;
            case ".rules[0].verbs[0]":
                json["rules"]![0]!["verbs"]![0] = "delete";
                break;
            case ".automountServiceAccountToken":
                json["automountServiceAccountToken"] = true;
                break;
            default:
                throw new ArgumentException(field, nameof(field));
        }
    }

    private static KubeObject Foreign(Resource resource, string name, string service, string app = "shop", string? owner = null)
    {
        var metadata = new JsonObject { ["name"] = name, ["labels"] = new JsonObject { [Keys.App] = app, [Keys.Service] = service } };
        if (owner?.Split('/') is [var kind, var who, var uid])
            metadata["ownerReferences"] = new JsonArray(new JsonObject { ["apiVersion"] = "v1", ["kind"] = kind, ["name"] = who, ["uid"] = uid, ["controller"] = true });
        return KubeObject.From(resource, new() { ["metadata"] = metadata });
    }
}
