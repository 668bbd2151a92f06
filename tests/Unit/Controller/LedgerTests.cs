using System.Net;
using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Controller;
using Fleet.Kubernetes;
using Fleet.Runtime;
using Fleet.Testing;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Fleet.Unit.Controller;

public class LedgerTests
{
    private static readonly ObjectKey Shop = new("demo", "shop");
    private static readonly ObjectKey Other = new("demo", "other");
    private static readonly Refusal No = new(Reasons.Forbidden, "no");

    private readonly FakeTimeProvider _time = new(Given.Start);

    [Fact]
    public void A_refusal_stands_for_what_was_refused_for_a_while()
    {
        var ledger = new RefusalLedger(_time);
        var (wanted, changed) = (Wanted("a:1"), Wanted("a:2"));
        Assert.Null(ledger.Standing(Shop, wanted));
        ledger.Note(Shop, wanted, No);
        Assert.Equal(No, ledger.Standing(Shop, wanted));
        Assert.Null(ledger.Standing(Shop, changed)); // something else is wanted: it may be tried at once
        Assert.Null(ledger.Standing(Other, wanted));
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Null(ledger.Standing(Shop, wanted));
        ledger.Note(Shop, wanted, No);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(No, ledger.Standing(Shop, wanted)); // the second time it is longer
        ledger.Note(Shop, changed, No);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Null(ledger.Standing(Shop, changed)); // what is new begins anew
    }

    [Fact]
    public void Pauses_grow_to_a_minute()
    {
        var ledger = new RefusalLedger(_time);
        for (var i = 0; i < 20; i++)
        {
            ledger.Note(Shop, Wanted("a:1"), No);
            Assert.InRange(ledger.Next(Shop)!.Value.TotalSeconds, 1.5, 60);
        }

        Assert.InRange(ledger.Next(Shop)!.Value.TotalSeconds, 45, 60);
    }

    [Fact]
    public void What_is_cleared_kept_or_forgotten_is_not_waited_for()
    {
        var ledger = new RefusalLedger(_time);
        ledger.Note(Shop, Wanted("a:1"), No);
        ledger.Note(Shop, Wanted("b:1", "b"), No);
        ledger.Note(Other, Wanted("a:1"), No);
        Assert.NotNull(ledger.Next(Shop));
        ledger.Keep(Shop, ["Deployment/shop-b"]);
        Assert.Null(ledger.Standing(Shop, Wanted("a:1")));
        Assert.NotNull(ledger.Standing(Shop, Wanted("b:1", "b")));
        ledger.Clear(Shop, "Deployment/shop-b");
        Assert.Null(ledger.Next(Shop));
        Assert.NotNull(ledger.Next(Other));
        ledger.Forget(Other);
        Assert.Null(ledger.Next(Other));
    }

    [Fact]
    public void Drift_is_pending_until_a_status_has_told_of_it()
    {
        var (ledger, fleet) = (new DriftLedger(_time), Drifted());
        var drift = fleet.Diff().Select(a => (a, true)).ToList();
        Assert.Single(ledger.Note(fleet.App, drift));
        Assert.Single(ledger.Note(fleet.App, [])); // repaired, but the status could not be written
        ledger.Told(Shop);
        Assert.Empty(ledger.Note(fleet.App, []));
        Assert.Single(ledger.Note(fleet.App, drift)); // it is back
    }

    [Fact]
    public void Drift_that_could_not_be_repaired_is_counted_once()
    {
        var (ledger, fleet) = (new DriftLedger(_time), Drifted());
        Assert.Single(ledger.Note(fleet.App, fleet.Diff().Select(a => (a, false))));
        ledger.Told(Shop);
        fleet.Cluster.Count("web", total: 5, updated: 5, ready: 4); // the object moves on
        Assert.Empty(ledger.Note(fleet.App, fleet.Diff().Select(a => (a, false))));
        fleet.Cluster.Edit("Deployment/shop-web", "kubectl", json => json["spec"]!["replicas"] = 6);
        Assert.Single(ledger.Note(fleet.App, fleet.Diff().Select(a => (a, false)))); // and so does the field
    }

    [Fact]
    public void A_record_says_what_who_and_when()
    {
        _time.Advance(TimeSpan.FromMilliseconds(1700));
        var fleet = Drifted();
        var record = Assert.Single(new DriftLedger(_time).Note(fleet.App, fleet.Diff().Select(a => (a, true))));
        Assert.Equal(new() { Object = "Deployment/shop-web", Field = ".spec.replicas", Manager = "kubectl", Time = Given.Start.AddSeconds(1) }, record);
    }

    [Theory]
    [InlineData(403, "deployments.apps is forbidden: User \"system:serviceaccount:fleet:operator\" cannot create resource \"deployments\" in API group \"apps\" in the namespace \"demo\"",
        Reasons.Forbidden, "grant the verb to the operator's ServiceAccount")]
    [InlineData(403, "deployments.apps \"shop-web\" is forbidden: exceeded quota: few, requested: count/deployments.apps=1, used: count/deployments.apps=3, limited: count/deployments.apps=3",
        Reasons.QuotaExceeded, "requested: count/deployments.apps=1, limited: count/deployments.apps=3: raise the ResourceQuota")]
    [InlineData(403, "admission webhook \"policy.example.com\" denied the request: images cannot be of tag latest", Reasons.ApplyFailed, "admission refuses it: admission webhook")]
    [InlineData(403, "services \"shop-web\" is forbidden: unable to create new content in namespace demo because it is being terminated", Reasons.ApplyFailed, "being terminated")]
    [InlineData(422, "Deployment.apps \"shop-web\" is invalid: spec.template.spec.containers[0].image: Required value", Reasons.ApplyFailed, "Required value")]
    [InlineData(400, "strict decoding error: unknown field \"spec.template.spec.foo\"", Reasons.ApplyFailed, "unknown field")]
    [InlineData(500, "Internal error occurred: failed calling webhook", Reasons.ApplyFailed, "failed calling webhook")]
    [InlineData(404, "namespaces \"demo\" not found", Reasons.ApplyFailed, "namespaces \"demo\" not found")]
    [InlineData(401, "Unauthorized", null, "")]
    [InlineData(409, "the object has been modified", null, "")]
    [InlineData(429, "too many requests", null, "")]
    [InlineData(503, "etcd leader changed", null, "")]
    [InlineData(504, "Timeout: request did not complete within 34s", null, "")]
    public void What_somebody_has_to_act_on_is_a_refusal_and_what_passes_is_not(int code, string message, string? reason, string says)
    {
        var refusal = Refusals.Of(new((HttpStatusCode)code, new() { Message = message }));
        Assert.Equal(reason, refusal?.Reason);
        Assert.Contains(says, refusal?.Message ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public void An_object_that_went_away_meanwhile_is_no_refusal_and_a_namespace_that_did_is_one()
    {
        Assert.Null(Refusals.Of(NotFound("deployments", "shop-web")));
        Assert.Equal(Reasons.ApplyFailed, Refusals.Of(NotFound("namespaces", "demo"))?.Reason);

        static ApiException NotFound(string kind, string name) => new(HttpStatusCode.NotFound, new() { Message = $"{kind} \"{name}\" not found", Details = new() { Kind = kind, Name = name } });
    }

    [Fact]
    public void What_the_server_answered_is_known_until_it_answers_as_it_was_asked_or_the_object_is_gone()
    {
        var book = new AnswerBook();
        var (sent, stored) = (Wanted("a:1").Object, Stored("b:1"));
        book.Note(sent, stored);
        Assert.Contains(".spec.template.spec.containers[a].image=\"b:1\"", book.All[stored.Metadata.Uid!]);
        book.Forget(stored, stored); // moved on, still the same object
        Assert.NotEmpty(book.All);
        book.Forget(stored, null);
        Assert.Empty(book.All);
        book.Note(sent, stored);
        book.Note(stored, stored);
        Assert.Empty(book.All);
    }

    // Read with port 80 alone, written for another reason, and answered with what somebody had put in between.
    [Fact]
    public void What_another_manager_holds_in_an_answer_is_not_of_admission()
    {
        var book = new AnswerBook();
        book.Note(Service("""{"port": 80}"""), Service(
            """{"port": 80, "protocol": "TCP"}, {"port": 81, "protocol": "TCP"}, {"port": 82, "protocol": "TCP"}""",
            """{"manager": "kubectl", "operation": "Update", "fieldsV1": {"f:spec": {"f:ports": {"k:{\"port\":81,\"protocol\":\"TCP\"}": {".": {}, "f:port": {}}}}}}"""));
        var admitted = Assert.Single(book.All["u"]);
        Assert.StartsWith(".spec.ports[82,TCP]", admitted, StringComparison.Ordinal);

        static KubeObject Service(string ports, string managedFields = "") => KubeObject.From(Resources.Services, JsonNode.Parse(
            $$$"""{"metadata": {"name": "a", "uid": "u", "managedFields": [{{{managedFields}}}]}, "spec": {"ports": [{{{ports}}}]}}""")!.AsObject());
    }

    [Fact]
    public void Five_apps_at_a_time_take_over_new_images()
    {
        var gate = new RollGate();
        var apps = Enumerable.Range(0, 6).Select(Upgraded).ToList();
        for (var i = 0; i < 5; i++)
            Assert.Contains(gate.Admit(apps[i].Plan, apps[i].Actions), a => a is ObjectAction.Apply);
        Assert.All(gate.Admit(apps[5].Plan, apps[5].Actions), a => Assert.IsType<ObjectAction.Keep>(a));
        Assert.True(gate.Holds(ObjectKey.Of(apps[5].Plan.App)));
        Assert.False(gate.Holds(ObjectKey.Of(apps[0].Plan.App)));

        gate.Look(apps[0].Plan, apps[0].Plan.App.Status!); // its services run again
        Assert.Contains(gate.Admit(apps[5].Plan, apps[5].Actions), a => a is ObjectAction.Apply);
        Assert.False(gate.Holds(ObjectKey.Of(apps[5].Plan.App)));
        gate.Admit(apps[0].Plan, apps[0].Actions);
        Assert.True(gate.Holds(ObjectKey.Of(apps[0].Plan.App)));
        gate.Forget(ObjectKey.Of(apps[0].Plan.App));
        Assert.False(gate.Holds(ObjectKey.Of(apps[0].Plan.App)));
    }

    [Fact]
    public void A_users_change_of_the_spec_waits_for_nobody()
    {
        var gate = new RollGate();
        foreach (var (plan, actions) in Enumerable.Range(0, 5).Select(Upgraded))
            gate.Admit(plan, actions);
        var (upgraded, _) = Upgraded(5);
        var app = upgraded.App with { Metadata = upgraded.App.Metadata with { Generation = 2 } };
        Assert.Contains(gate.Admit(upgraded with { App = app }, Upgraded(5).Actions), a => a is ObjectAction.Apply);
    }

    // A settled shop, planned by an operator of another version.
    private static (AppPlan Plan, System.Collections.Immutable.ImmutableArray<ObjectAction> Actions) Upgraded(int number)
    {
        var shop = Given.Shop();
        var fleet = new SimulatedFleet(shop with { Metadata = shop.Metadata with { Name = $"shop{number}" } });
        fleet.Settle();
        var plan = Planner.Plan(fleet.App, fleet.World, Given.Settings with { BundledTag = "2.0" });
        return (plan, PlanDiff.Between(plan, fleet.World));
    }

    private static SimulatedFleet Drifted()
    {
        var fleet = new SimulatedFleet(Given.App("services: [{ name: web, image: web:1, protocol: HTTP, port: 80 }]"));
        fleet.Settle();
        fleet.Cluster.Edit("Deployment/shop-web", "kubectl", json => json["spec"]!["replicas"] = 5);
        return fleet;
    }

    private static PlannedObject Wanted(string image, string service = "a") => Planner
        .Plan(Given.App($"services: [{{ name: {service}, image: '{image}', protocol: HTTP, port: 80 }}]"), Observed.Nothing, Given.Settings)
        .Desired.Single(d => d.Object.Resource == Resources.Deployments);

    private static KubeObject Stored(string image) => new FakeCluster().Create(Wanted(image).Object)!;
}
