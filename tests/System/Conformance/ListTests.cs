using System.Text.Json.Nodes;
using Xunit;

namespace Fleet.SystemTests.Conformance;

/// <summary>Lists: selectors, pages, versions, and the forms in which kubectl asks for them.</summary>
public class ListTests : ConformanceTest
{
    private const string Table = "application/json;as=Table;v=v1;g=meta.k8s.io";
    private const string PartialList = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
    private const string Partial = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

    [Fact]
    public async Task A_list_is_a_list_of_its_kind_in_the_order_of_names()
    {
        await ConfigMapAsync("b");
        await ConfigMapAsync("c");
        await ConfigMapAsync("a");
        var list = (await Wire.GetAsync(Core("configmaps"))).Is(200);
        Assert.Equal(("ConfigMapList", "v1"), (list.Text("kind"), list.Text("apiVersion")));
        Assert.Matches("^[0-9]+$", list.Text("metadata.resourceVersion")!);
        Assert.Equal(["a", "b", "c"], list.Names().Where(n => n.Length == 1));
    }

    [Fact]
    public async Task An_empty_list_has_an_empty_array()
    {
        var list = (await Wire.GetAsync(Apps("deployments"))).Is(200);
        Assert.Empty(list["items"]!.AsArray());
    }

    [Fact]
    public async Task A_list_of_a_namespace_that_is_not_there_is_empty() =>
        Assert.Empty((await Wire.GetAsync("/api/v1/namespaces/nowhere-at-all/configmaps")).Is(200)["items"]!.AsArray());

    [Fact]
    public async Task A_list_over_all_namespaces_has_them_all()
    {
        await ConfigMapAsync("a", labels: $"{{ fact: {Namespace} }}");
        var list = (await Wire.GetAsync($"/api/v1/configmaps?labelSelector=fact%3D{Namespace}")).Is(200);
        Assert.Equal(Namespace, Assert.Single(list["items"]!.AsArray()).Text("metadata.namespace"));
    }

    [Theory]
    [InlineData("tier=web", "a,b")]
    [InlineData("tier==web", "a,b")]
    [InlineData("tier!=web", "c,d")]
    [InlineData("tier", "a,b,c")]
    [InlineData("!tier", "d")]
    [InlineData("tier in (web,db)", "a,b,c")]
    [InlineData("tier notin (db)", "a,b,d")]
    [InlineData("tier in (web),size!=small", "b")]
    [InlineData("tier=", "")]
    [InlineData("size", "a")]
    public async Task Labels_select(string selector, string names)
    {
        await ConfigMapAsync("a", labels: "{ tier: web, size: small, fact: x }");
        await ConfigMapAsync("b", labels: "{ tier: web, fact: x }");
        await ConfigMapAsync("c", labels: "{ tier: db, fact: x }");
        await ConfigMapAsync("d", labels: "{ fact: x }");
        var list = (await Wire.GetAsync($"{Core("configmaps")}?labelSelector={Uri.EscapeDataString($"fact=x,{selector}")}")).Is(200);
        Assert.Equal(names, string.Join(',', list.Names()));
    }

    [Fact]
    public async Task A_broken_selector_is_a_bad_request()
    {
        (await Wire.GetAsync($"{Core("configmaps")}?labelSelector=a%20b%20c")).Refuses(400, "BadRequest");
        (await Wire.GetAsync($"{Core("configmaps")}?fieldSelector=data.a%3D1")).Refuses(400, "BadRequest");
    }

    [Theory]
    [InlineData("metadata.name=a", "a")]
    [InlineData("metadata.name!=a", "b,c")]
    [InlineData("spec.nodeName=", "a")]
    [InlineData("spec.nodeName=far", "b,c")]
    [InlineData("spec.nodeName!=far", "a")]
    [InlineData("status.phase=Running", "c")]
    [InlineData("status.phase!=Running", "a,b")]
    [InlineData("status.phase=Pending,spec.nodeName=far", "b")]
    [InlineData("spec.restartPolicy=Always", "a,b,c")]
    [InlineData("spec.schedulerName=nobody", "a,b,c")]
    public async Task Fields_of_pods_select(string selector, string names)
    {
        (await Wire.PostAsync(Core("pods"), Pod("a"))).Is(201);
        (await Wire.PostAsync(Core("pods"), Pod("b", node: Far))).Is(201);
        (await Wire.PostAsync(Core("pods"), Pod("c", node: Far))).Is(201);
        (await Wire.PatchAsync(Core("pods/c/status"), Wire.MergePatch, "{ status: { phase: Running } }")).Is(200);
        var list = (await Wire.GetAsync($"{Core("pods")}?fieldSelector={Uri.EscapeDataString(selector.Replace("far", Far, StringComparison.Ordinal))}")).Is(200);
        Assert.Equal(names, string.Join(',', list.Names()));
    }

    [Fact]
    public async Task Every_kind_selects_by_name_and_namespace()
    {
        await ConfigMapAsync("a");
        await ConfigMapAsync("b");
        await DeploymentAsync("web");
        var selector = Uri.EscapeDataString($"metadata.name=b,metadata.namespace={Namespace}");
        Assert.Equal(["b"], (await Wire.GetAsync($"/api/v1/configmaps?fieldSelector={selector}")).Is(200).Names());
        Assert.Equal(["web"], (await Wire.GetAsync($"{Apps("deployments")}?fieldSelector=metadata.name%3Dweb")).Is(200).Names());
        Assert.Equal([Namespace], (await Wire.GetAsync($"/api/v1/namespaces?fieldSelector=metadata.name%3D{Namespace}")).Is(200).Names());
        Assert.Equal([Namespace], (await Wire.GetAsync($"/api/v1/namespaces?fieldSelector=status.phase%3DActive,metadata.name%3D{Namespace}")).Is(200).Names());
    }

    [Fact]
    public async Task Secrets_select_by_type()
    {
        (await Wire.PostAsync(Core("secrets"), "{ apiVersion: v1, kind: Secret, metadata: { name: a }, type: fleet.test/one }")).Is(201);
        (await Wire.PostAsync(Core("secrets"), "{ apiVersion: v1, kind: Secret, metadata: { name: b } }")).Is(201);
        Assert.Equal(["a"], (await Wire.GetAsync($"{Core("secrets")}?fieldSelector=type%3Dfleet.test%2Fone")).Is(200).Names());
    }

    [Fact]
    public async Task Pages_together_are_the_list_as_of_the_first_page()
    {
        for (var i = 0; i < 7; i++)
            await ConfigMapAsync($"m{i}", labels: "{ fact: x }");
        List<string> names = [];
        HashSet<string> versions = [];
        string? token = null;
        do
        {
            var page = (await Wire.GetAsync($"{Core("configmaps")}?labelSelector=fact%3Dx&limit=3{(token is null ? "" : $"&continue={Uri.EscapeDataString(token)}")}")).Is(200);
            if (token is null)
            {
                Assert.Equal(3, page["items"]!.AsArray().Count);
                (await Wire.DeleteAsync(Core("configmaps/m5"))).Is(200);
                await ConfigMapAsync("m55", labels: "{ fact: x }");
            }

            names.AddRange(page.Names());
            versions.Add(page.Text("metadata.resourceVersion")!);
            token = page.Text("metadata.continue");
        }
        while (!string.IsNullOrEmpty(token));
        Assert.Equal("m0,m1,m2,m3,m4,m5,m6", string.Join(',', names));
        Assert.Single(versions);
    }

    [Fact]
    public async Task A_page_tells_how_many_are_left_when_nothing_is_selected()
    {
        // Of leases there are those alone that a test makes; a ConfigMap is added to every namespace, some time after its beginning.
        for (var i = 0; i < 5; i++)
            (await Wire.PostAsync(In("coordination.k8s.io/v1", "leases"), $"{{ apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: {{ name: m{i} }} }}")).Is(201);
        Assert.Equal(3, (await Wire.GetAsync(In("coordination.k8s.io/v1", "leases?limit=2"))).Is(200).Number("metadata.remainingItemCount"));
    }

    [Fact]
    public async Task A_broken_continue_token_is_a_bad_request() => (await Wire.GetAsync($"{Core("configmaps")}?limit=1&continue=nonsense")).Refuses(400, "BadRequest");

    [Fact]
    public async Task A_list_may_come_from_a_cache()
    {
        await ConfigMapAsync("a");
        var list = (await Wire.GetAsync($"{Core("configmaps")}?resourceVersion=0")).Is(200);
        Assert.Equal("ConfigMapList", list.Text("kind"));
    }

    [Fact]
    public async Task A_list_not_older_than_a_version_has_that_version()
    {
        var made = await ConfigMapAsync("a");
        var list = (await Wire.GetAsync($"{Core("configmaps")}?resourceVersion={made.Text("metadata.resourceVersion")}&resourceVersionMatch=NotOlderThan")).Is(200);
        Assert.Contains("a", list.Names());
    }

    [Fact]
    public async Task Metadata_alone_is_served_of_objects_and_lists()
    {
        await ConfigMapAsync("a", labels: "{ x: z }");
        var one = (await Wire.GetAsync(Core("configmaps/a"), Partial)).Is(200);
        Assert.Equal(("PartialObjectMetadata", "meta.k8s.io/v1", "z"), (one.Text("kind"), one.Text("apiVersion"), one.Text("metadata.labels.x")));
        Assert.Null(one["data"]);
        var list = (await Wire.GetAsync(Core("configmaps?labelSelector=x"), PartialList)).Is(200);
        Assert.Equal(("PartialObjectMetadataList", "meta.k8s.io/v1"), (list.Text("kind"), list.Text("apiVersion")));
        Assert.Matches("^[0-9]+$", list.Text("metadata.resourceVersion")!);
        Assert.Null(Assert.Single(list["items"]!.AsArray())!["data"]);
    }

    [Fact]
    public async Task An_Accept_header_may_name_a_second_choice()
    {
        await ConfigMapAsync("a");
        var known = (await Wire.GetAsync(Core("configmaps/a"), $"{Partial},application/json")).Is(200);
        Assert.Equal("PartialObjectMetadata", known.Text("kind"));
        var plain = (await Wire.GetAsync(Core("configmaps/a"), "application/json;as=Nonsense;g=meta.k8s.io;v=v1,application/json")).Is(200);
        Assert.Equal("ConfigMap", plain.Text("kind"));
        (await Wire.GetAsync(Core("configmaps/a"), "application/nonsense")).Is(406);
        Assert.Equal("ConfigMap", (await Wire.GetAsync(Core("configmaps/a"), "*/*")).Is(200).Text("kind"));
    }

    [Fact]
    public async Task A_table_has_columns_and_rows_with_the_metadata()
    {
        await ConfigMapAsync("a", "{ one: '1', two: '2' }", "{ x: z }");
        var table = (await Wire.GetAsync(Core("configmaps?labelSelector=x"), $"{Table},application/json")).Is(200);
        Assert.Equal(("Table", "meta.k8s.io/v1"), (table.Text("kind"), table.Text("apiVersion")));
        Assert.Equal(["Name", "Data", "Age"], table["columnDefinitions"]!.AsArray().Select(c => c.Text("name")));
        Assert.Equal("name", table.Text("columnDefinitions[0].format"));
        var row = Assert.Single(table["rows"]!.AsArray());
        Assert.Equal("a", row.Text("cells[0]"));
        Assert.Equal(2, row.Number("cells[1]"));
        Assert.Equal(("PartialObjectMetadata", "a", "z"), (row.Text("object.kind"), row.Text("object.metadata.name"), row.Text("object.metadata.labels.x")));
        Assert.Null(row.At("object.data"));
    }

    [Fact]
    public async Task A_table_of_one_object_has_one_row()
    {
        await ConfigMapAsync("a");
        var table = (await Wire.GetAsync(Core("configmaps/a"), Table)).Is(200);
        Assert.Equal("a", Assert.Single(table["rows"]!.AsArray()).Text("cells[0]"));
    }

    [Fact]
    public async Task A_table_may_hold_whole_objects_or_none()
    {
        await ConfigMapAsync("a");
        var whole = (await Wire.GetAsync(Core("configmaps?fieldSelector=metadata.name%3Da&includeObject=Object"), Table)).Is(200);
        Assert.Equal("1", whole.Text("rows[0].object.data.a"));
        var none = (await Wire.GetAsync(Core("configmaps?fieldSelector=metadata.name%3Da&includeObject=None"), Table)).Is(200);
        Assert.Null(none.At("rows[0].object"));
    }

    [Theory]
    [InlineData("apps/v1", "deployments", "Name,Ready,Up-to-date,Available,Age,Containers,Images,Selector")]
    [InlineData("apps/v1", "replicasets", "Name,Desired,Current,Ready,Age,Containers,Images,Selector")]
    [InlineData("", "pods", "Name,Ready,Status,Restarts,Age,IP,Node,Nominated Node,Readiness Gates")]
    [InlineData("", "services", "Name,Type,Cluster-IP,External-IP,Port(s),Age,Selector")]
    [InlineData("", "secrets", "Name,Type,Data,Age")]
    [InlineData("", "events", "Last Seen,Type,Reason,Object,Subobject,Source,Message,First Seen,Count,Name")]
    [InlineData("", "endpoints", "Name,Endpoints,Age")]
    [InlineData("rbac.authorization.k8s.io/v1", "roles", "Name,Created At")]
    [InlineData("coordination.k8s.io/v1", "leases", "Name,Holder,Age")]
    [InlineData("networking.k8s.io/v1", "networkpolicies", "Name,Pod-Selector,Age")]
    public async Task Kinds_have_the_columns_that_people_know(string group, string plural, string columns)
    {
        var table = (await Wire.GetAsync(group.Length == 0 ? Core(plural) : In(group, plural), Table)).Is(200);
        Assert.Equal(columns, string.Join(',', table["columnDefinitions"]!.AsArray().Select(c => c.Text("name"))));
    }
}
