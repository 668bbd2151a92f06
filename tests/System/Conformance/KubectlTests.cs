using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Fleet.Testing;
using Xunit;

namespace Fleet.SystemTests.Conformance;

/// <summary>What people type.</summary>
public class KubectlTests : ConformanceTest
{
    private const string Map = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata:\n  color: red\n  size: '1'\n";

    [Fact]
    public async Task Apply_creates_configures_and_leaves_alone()
    {
        Assert.Contains("configmap/settings created", await Kubectl.ApplyAsync(Map), StringComparison.Ordinal);
        Assert.Contains("configmap/settings unchanged", await Kubectl.ApplyAsync(Map), StringComparison.Ordinal);
        Assert.Contains("configmap/settings configured", await Kubectl.ApplyAsync(Map.Replace("red", "blue", StringComparison.Ordinal)), StringComparison.Ordinal);
        await Kubectl.ApplyAsync(Map.Replace("  size: '1'\n", "", StringComparison.Ordinal));
        Assert.Null((await Kubectl.GetJsonAsync("cm/settings")).At("data.size"));
    }

    [Fact]
    public async Task Apply_of_a_Deployment_merges_what_others_set()
    {
        await Kubectl.ApplyAsync(Deployment("web"));
        await Kubectl.RunAsync("set env deployment/web B=2");
        Assert.Contains("configured", await Kubectl.ApplyAsync(Deployment("web").Replace("web:1", "web:2", StringComparison.Ordinal)), StringComparison.Ordinal);
        var web = await Kubectl.GetJsonAsync("deployment/web");
        Assert.Equal("example/web:2", web.Text("spec.template.spec.containers[0].image"));
        Assert.Equal(["A", "B"], web.At("spec.template.spec.containers[0].env")!.AsArray().Select(e => e.Text("name")).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Apply_refuses_an_unknown_field_with_its_path()
    {
        var result = await Kubectl.TryAsync(["apply", "-f", "-"], Deployment("web").Replace("replicas:", "replica:", StringComparison.Ordinal));
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("replica", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_side_apply_tells_a_conflict()
    {
        await Kubectl.RunAsync(["apply", "--server-side", "--field-manager", "one", "-f", "-"], Map);
        var result = await Kubectl.TryAsync(["apply", "--server-side", "--field-manager", "two", "-f", "-"], Map.Replace("red", "blue", StringComparison.Ordinal));
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("conflict with \"one\": .data.color", result.Error, StringComparison.Ordinal);
        Assert.Contains("serverside-applied", await Kubectl.RunAsync(["apply", "--server-side", "--field-manager", "two", "--force-conflicts", "-f", "-"], Map.Replace("red", "blue", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Apply_of_several_documents_takes_them_all_and_delete_too()
    {
        var both = $"{Map}---\n{Deployment("web")}\n---\napiVersion: v1\nkind: Service\nmetadata: {{ name: web }}\nspec: {{ selector: {{ app: web }}, ports: [{{ port: 80 }}] }}\n";
        await Kubectl.ApplyAsync(both);
        Assert.Contains("deployment.apps/web", await Kubectl.RunAsync("get all"), StringComparison.Ordinal);
        var deleted = await Kubectl.RunAsync(["delete", "-f", "-"], both);
        Assert.Contains("configmap \"settings\" deleted", deleted, StringComparison.Ordinal);
        Assert.Contains("deployment.apps \"web\" deleted", deleted, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_prints_tables()
    {
        await Kubectl.ApplyAsync(Deployment("web"));
        Assert.Matches("(?s)^NAME +READY +UP-TO-DATE +AVAILABLE +AGE\nweb +0/0 +0 +0 +[0-9]+s", await Kubectl.RunAsync("get deploy"));
        Assert.Matches("(?s)CONTAINERS +IMAGES +SELECTOR\nweb .* web +example/web:1 +app=web", await Kubectl.RunAsync("get deploy -o wide"));
        Assert.Equal("deployment.apps/web", (await Kubectl.RunAsync("get deploy -o name")).Trim());
        Assert.Equal("example/web:1", (await Kubectl.RunAsync("get deploy web -o jsonpath={.spec.template.spec.containers[0].image}")).Trim());
        Assert.Matches("(?s)APP\nweb .* web", await Kubectl.RunAsync("get deploy -L app"));
        Assert.Contains("app=web", await Kubectl.RunAsync("get deploy --show-labels"), StringComparison.Ordinal);
        Assert.Contains(Namespace, await Kubectl.RunAsync("get deploy -A"), StringComparison.Ordinal);
        Assert.Contains("kind: Deployment", await Kubectl.RunAsync("get deploy web -o yaml"), StringComparison.Ordinal);
        Assert.Contains("No resources found", (await Kubectl.TryAsync(["get", "deploy", "-l", "app=none"])).Error, StringComparison.Ordinal);
        Assert.Contains("NotFound", (await Kubectl.TryAsync(["get", "deploy", "none"])).Error, StringComparison.Ordinal);
        Assert.Contains("the server doesn't have a resource type \"gizmos\"", (await Kubectl.TryAsync(["get", "gizmos"])).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("svc", "NAME +TYPE +CLUSTER-IP +EXTERNAL-IP +PORT\\(S\\) +AGE\nweb +ClusterIP +[0-9.]+ +<none> +80/TCP +[0-9]+s")]
    [InlineData("po", "NAME +READY +STATUS +RESTARTS +AGE\nlone +0/1 +Pending +0 +[0-9]+s")]
    [InlineData("cm/settings", "NAME +DATA +AGE\nsettings +2 +[0-9]+s")]
    [InlineData("secret/s", "NAME +TYPE +DATA +AGE\ns +Opaque +1 +[0-9]+s")]
    [InlineData("sa/robot", "NAME +(SECRETS +)?AGE\nrobot ")]
    public async Task Get_prints_what_people_know(string what, string pattern)
    {
        await Kubectl.ApplyAsync(Map);
        await Kubectl.ApplyAsync($"{Pod("lone")}\n---\napiVersion: v1\nkind: Service\nmetadata: {{ name: web }}\nspec: {{ selector: {{ app: web }}, ports: [{{ port: 80 }}] }}\n");
        await Kubectl.ApplyAsync("{ apiVersion: v1, kind: Secret, metadata: { name: s }, stringData: { a: b } }");
        await Kubectl.RunAsync("create serviceaccount robot");
        Assert.Matches($"(?s)^{pattern}", await Kubectl.RunAsync($"get {what}"));
    }

    [Fact]
    public async Task Get_sorts_and_watches()
    {
        await ConfigMapAsync("a", labels: "{ fact: x }");
        var lines = new ConcurrentQueue<string>();
        await using var watch = Kubectl.Start(["get", "cm", "-l", "fact=x", "-w", "--output-watch-events"], lines.Enqueue);
        await SeenAsync("EVENT +NAME +DATA +AGE.*ADDED +a +1");
        await ConfigMapAsync("b", labels: "{ fact: x }");
        await Kubectl.RunAsync("delete cm/b");
        await SeenAsync("ADDED +a +1.*ADDED +b +1.*DELETED +b +1");

        Task SeenAsync(string pattern) =>
            Eventually.True(() => Regex.IsMatch(string.Join('\n', lines), pattern, RegexOptions.Singleline, TimeSpan.FromSeconds(10)), seen: () => string.Join('\n', lines), what: pattern);
    }

    [Fact]
    public async Task Describe_shows_a_Deployment()
    {
        await Kubectl.ApplyAsync(Deployment("web"));
        var text = await Kubectl.RunAsync("describe deploy web");
        foreach (var pattern in (string[])["Name: +web", "Selector: +app=web", "StrategyType: +RollingUpdate", "RollingUpdateStrategy: +25% max unavailable, 25% max surge", "Image: +example/web:1", "Port: +80/TCP", "A: +1"])
            Assert.Matches(pattern, text);
    }

    [Fact]
    public async Task Describe_shows_a_Service_and_a_pod_with_their_events()
    {
        await Kubectl.ApplyAsync($"{Pod("lone")}\n---\napiVersion: v1\nkind: Service\nmetadata: {{ name: web }}\nspec: {{ selector: {{ app: web }}, ports: [{{ port: 80 }}] }}\n");
        Assert.Matches("(?s)Selector: +app=web.*Type: +ClusterIP.*Port: .*80/TCP.*Endpoints:", await Kubectl.RunAsync("describe svc web"));
        var pod = await Kubectl.GetJsonAsync("pod/lone");
        (await Wire.PostAsync(Core("events"), $$"""
            apiVersion: v1
            kind: Event
            metadata: { name: lone.1 }
            involvedObject: { apiVersion: v1, kind: Pod, name: lone, namespace: {{Namespace}}, uid: {{pod.Text("metadata.uid")}} }
            reason: Waiting
            message: nobody takes it
            type: Warning
            source: { component: tester }
            firstTimestamp: '2026-01-02T03:04:05Z'
            lastTimestamp: '2026-01-02T03:04:05Z'
            count: 1
            """)).Is(201);
        var text = await Kubectl.RunAsync("describe pod lone");
        Assert.Matches("(?s)Status: +Pending.*Containers:\n +web:.*Image: +example/web:1.*Events:.*Warning +Waiting .*tester +nobody takes it", text);
        Assert.Contains("nobody takes it", await Kubectl.RunAsync("get events"), StringComparison.Ordinal);
        Assert.Contains("nobody takes it", await Kubectl.RunAsync("events --for pod/lone"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Describe_and_get_show_our_own_kind()
    {
        await AppKind.InstallAsync(Kubectl, Since(25));
        await Kubectl.ApplyAsync(File.ReadAllText(RepositoryRoot.Combine("crds", "examples", "shop.yaml")));
        Assert.Matches("(?s)^NAME +READY +STATUS +URL +AGE\nshop ", await Kubectl.RunAsync("get msa"));
        Assert.Matches("(?s)Kind: +MicroserviceApp.*Protocol: +gRPC", await Kubectl.RunAsync("describe msa shop"));
        Assert.Contains("shop", await Kubectl.RunAsync("get all"), StringComparison.Ordinal);
        await Kubectl.RunAsync("delete msa shop");
    }

    [Fact]
    public async Task Edit_changes_what_the_editor_changed()
    {
        await Kubectl.ApplyAsync(Map);
        var result = (await Kubectl.TryAsync(["edit", "cm/settings"], environment: new Dictionary<string, string?> { ["KUBE_EDITOR"] = "sed -i s/red/green/" })).Succeeded();
        Assert.Contains("configmap/settings edited", result.Out, StringComparison.Ordinal);
        Assert.Equal("green", (await Kubectl.GetJsonAsync("cm/settings")).Text("data.color"));
        await Kubectl.ApplyAsync(Deployment("web"));
        (await Kubectl.TryAsync(["edit", "deploy/web"], environment: new Dictionary<string, string?> { ["KUBE_EDITOR"] = "sed -i s/revisionHistoryLimit:.10/revisionHistoryLimit:\\ 4/" })).Succeeded();
        Assert.Equal(4, (await Kubectl.GetJsonAsync("deploy/web")).Number("spec.revisionHistoryLimit"));
    }

    [Fact]
    public async Task Diff_shows_what_would_change()
    {
        await Kubectl.ApplyAsync(Map);
        Assert.Equal(0, (await Kubectl.TryAsync(["diff", "-f", "-"], Map)).ExitCode);
        var changed = await Kubectl.TryAsync(["diff", "-f", "-"], Map.Replace("red", "blue", StringComparison.Ordinal));
        Assert.Equal(1, changed.ExitCode);
        Assert.Matches("(?s)-  color: red.*\\+  color: blue", changed.Out);
        var serverSide = await Kubectl.TryAsync(["diff", "--server-side", "--force-conflicts", "-f", "-"], Map.Replace("red", "blue", StringComparison.Ordinal));
        Assert.Matches("(?s)-  color: red.*\\+  color: blue", serverSide.Out);
        Assert.Equal("red", (await Kubectl.GetJsonAsync("cm/settings")).Text("data.color"));
    }

    [Fact]
    public async Task Labels_annotations_and_patches_are_set()
    {
        await Kubectl.ApplyAsync(Map);
        await Kubectl.RunAsync("label cm settings tier=front");
        Assert.NotEqual(0, (await Kubectl.TryAsync(["label", "cm", "settings", "tier=back"])).ExitCode);
        await Kubectl.RunAsync("label cm settings tier=back --overwrite");
        await Kubectl.RunAsync("annotate cm settings note=this");
        await Kubectl.RunAsync(["patch", "cm", "settings", "--type", "merge", "-p", """{"data":{"color":"black"}}"""]);
        await Kubectl.RunAsync(["patch", "cm", "settings", "--type", "json", "-p", """[{"op":"remove","path":"/data/size"}]"""]);
        await Kubectl.RunAsync(["patch", "cm", "settings", "-p", """{"data":{"more":"yes"}}"""]);
        var map = await Kubectl.GetJsonAsync("cm/settings");
        Assert.Equal(("back", "this", "black", "yes"), (map.Text("metadata.labels.tier"), map.Text("metadata.annotations.note"), map.Text("data.color"), map.Text("data.more")));
        Assert.Null(map.At("data.size"));
        await Kubectl.RunAsync("label cm settings tier-");
        Assert.Null((await Kubectl.GetJsonAsync("cm/settings")).At("metadata.labels"));
    }

    [Fact]
    public async Task Replace_and_create_do_what_they_say()
    {
        await Kubectl.RunAsync(["create", "-f", "-"], Map);
        Assert.Contains("AlreadyExists", (await Kubectl.TryAsync(["create", "-f", "-"], Map)).Error, StringComparison.Ordinal);
        await Kubectl.RunAsync(["replace", "-f", "-"], Map.Replace("red", "grey", StringComparison.Ordinal));
        Assert.Equal("grey", (await Kubectl.GetJsonAsync("cm/settings")).Text("data.color"));
    }

    [Fact]
    public async Task What_kubectl_makes_up_is_made()
    {
        await Kubectl.RunAsync("create deployment made --image example/web:1 --replicas 0");
        await Kubectl.RunAsync("expose deployment made --port 80 --target-port 8080");
        Assert.Equal(8080, (await Kubectl.GetJsonAsync("svc/made")).Number("spec.ports[0].targetPort"));
        await Kubectl.RunAsync("create service clusterip chosen --tcp 80:8080");
        Assert.Equal(8080, (await Kubectl.GetJsonAsync("svc/chosen")).Number("spec.ports[0].targetPort"));
        await Kubectl.RunAsync("create secret generic made --from-literal word=open");
        Assert.Equal("b3Blbg==", (await Kubectl.GetJsonAsync("secret/made")).Text("data.word"));
        await Kubectl.RunAsync("create role made --verb get --resource pods");
        await Kubectl.RunAsync("create rolebinding made --role made --user ann");
        Assert.Equal("ann", (await Kubectl.GetJsonAsync("rolebinding/made")).Text("subjects[0].name"));
        if (Since(21)) // policy/v1
        {
            await Kubectl.RunAsync("create pdb made --selector app=made --min-available 50%");
            Assert.Equal("50%", (await Kubectl.GetJsonAsync("pdb/made")).Text("spec.minAvailable"));
        }

        Assert.Equal("yes", (await Kubectl.RunAsync("auth can-i create deployments")).Trim());
    }

    [Fact]
    public async Task Wait_returns_when_it_is_so()
    {
        await Kubectl.ApplyAsync(Pod("lone"));
        var waiting = Kubectl.RunAsync("wait pod/lone --for=condition=Ready --timeout=20s");
        (await Wire.PatchAsync(Core("pods/lone/status"), Wire.MergePatch, "{ status: { conditions: [{ type: Ready, status: 'True' }] } }")).Is(200);
        Assert.Contains("condition met", await waiting, StringComparison.Ordinal);
        var deletion = Kubectl.RunAsync("wait pod/lone --for=delete --timeout=20s");
        await Kubectl.RunAsync("delete pod lone");
        await deletion;
        Assert.NotEqual(0, (await Kubectl.TryAsync(["wait", "pod/lone", "--for=condition=Ready", "--timeout=1s"])).ExitCode);
    }

    [Fact]
    public async Task Scale_sets_the_replicas()
    {
        await Kubectl.ApplyAsync(Deployment("web"));
        Assert.Contains("scaled", await Kubectl.RunAsync("scale deploy/web --replicas 0 --current-replicas 0"), StringComparison.Ordinal);
        Assert.NotEqual(0, (await Kubectl.TryAsync(["scale", "deploy/web", "--replicas", "2", "--current-replicas", "7"])).ExitCode);
        Assert.Equal(0, (await Kubectl.GetJsonAsync("deploy/web")).Number("spec.replicas"));
    }

    [Fact]
    public async Task Delete_waits_takes_selections_and_dry_runs()
    {
        await ConfigMapAsync("a", labels: "{ fact: x }");
        await ConfigMapAsync("b", labels: "{ fact: x }");
        await Kubectl.RunAsync("delete cm -l fact=x --dry-run=server");
        await Kubectl.RunAsync("get cm/a cm/b");
        await Kubectl.RunAsync("delete cm -l fact=x");
        Assert.NotEqual(0, (await Kubectl.TryAsync(["get", "cm/a"])).ExitCode);
        await Kubectl.RunAsync("delete cm/none --ignore-not-found");
        Assert.Contains("NotFound", (await Kubectl.TryAsync(["delete", "cm/none"])).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Delete_with_cascade_takes_or_leaves_what_is_owned()
    {
        var a = await ConfigMapAsync("a");
        (await Wire.PostAsync(Core("configmaps"), $$"""
            { apiVersion: v1, kind: ConfigMap, metadata: { name: b, ownerReferences: [{ apiVersion: v1, kind: ConfigMap, name: a, uid: {{a.Text("metadata.uid")}} }] } }
            """)).Is(201);
        await Kubectl.RunAsync("delete cm/a --cascade=orphan");
        await Eventual(Core("configmaps/b"), b => b.At("metadata.ownerReferences") is null);
    }

    [Fact]
    public async Task Can_I_is_answered()
    {
        var review = (await Wire.PostAsync(
            "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            "{ apiVersion: authorization.k8s.io/v1, kind: SelfSubjectAccessReview, spec: { resourceAttributes: { verb: create, group: apps, resource: deployments } } }")).Is(201);
        Assert.True((bool?)review.At("status.allowed"));
    }

    [Fact]
    public async Task Versions_and_raw_paths_are_read()
    {
        Assert.NotNull(JsonNode.Parse(await Kubectl.RunAsync("version -o json")).Text("serverVersion.gitVersion"));
        Assert.Equal("ok", (await Kubectl.RunAsync("get --raw /readyz")).Trim());
        Assert.Contains("v1", await Kubectl.RunAsync("api-versions"), StringComparison.Ordinal);
    }
}
