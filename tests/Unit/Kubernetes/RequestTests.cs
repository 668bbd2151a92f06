using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Kubernetes;
using Xunit;

namespace Fleet.Unit.Kubernetes;

/// <summary>What goes over the wire for each call.</summary>
public sealed class RequestTests
{
    private const string Answer = """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"demo","resourceVersion":"7"},"data":{"k":"v"}}""";

    private static readonly CancellationToken Stop = CancellationToken.None;

    private static KubeObject Config => KubeObject.From(Resources.ConfigMaps, JsonNode.Parse(Answer)!.AsObject());

    [Fact]
    public async Task Get_reads_the_object_below_the_servers_own_path()
    {
        var (request, found) = await OneAsync(api => api.GetAsync(Kinds.Raw(Resources.ConfigMaps), "demo", "a", Stop));
        Assert.Equal(("GET", "/base/api/v1/namespaces/demo/configmaps/a"), (request.Method, request.Path));
        Assert.Equal("application/json", request.Header("Accept"));
        Assert.StartsWith("fleet-operator/", request.Header("User-Agent"), StringComparison.Ordinal);
        Assert.Equal("7", found.Metadata.ResourceVersion);
    }

    [Fact]
    public async Task Metadata_only_is_asked_for_with_plain_json_to_fall_back_to()
    {
        var (request, found) = await OneAsync(api => api.GetAsync(Kinds.MetadataOf(Resources.Secrets), "demo", "a", Stop));
        Assert.Equal("application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json", request.Header("Accept"));
        Assert.Equal("a", found.Metadata.Name);
    }

    [Fact]
    public async Task Find_tells_absence_from_refusal()
    {
        using var api = StubServer.Answering(StubServer.Refusal(HttpStatusCode.NotFound, "NotFound"), StubServer.Refusal(HttpStatusCode.Forbidden, "Forbidden")).Client();
        Assert.Null(await api.FindAsync(Kinds.Pods, "demo", "a", Stop));
        Assert.True((await Assert.ThrowsAsync<ApiException>(() => api.FindAsync(Kinds.Pods, "demo", "a", Stop))).IsForbidden);
    }

    [Fact]
    public async Task What_may_no_longer_be_written_is_not_sent()
    {
        var server = new StubServer(_ => StubServer.Json(Answer));
        using var api = server.Client();
        var allowed = true;
        using (var writing = api.WritingWhile(() => allowed))
        {
            await writing.CreateAsync(Config, Stop);
            allowed = false;
            await Assert.ThrowsAsync<NotAllowedException>(() => writing.CreateAsync(Config, Stop));
            await Assert.ThrowsAsync<NotAllowedException>(() => writing.ApplyAsync(Config, Stop));
            await Assert.ThrowsAsync<NotAllowedException>(() => writing.JsonPatchAsync(Resources.ConfigMaps, "demo", "a", [], Stop));
            await Assert.ThrowsAsync<NotAllowedException>(() => writing.DeleteAsync(Resources.ConfigMaps, "demo", "a", new(), Stop));
            await writing.GetAsync(Kinds.Raw(Resources.ConfigMaps), "demo", "a", Stop);
        }

        await api.CreateAsync(Config, Stop); // on connections that are still there
        Assert.Equal(["POST", "GET", "POST"], server.Requests.Select(r => r.Method));
    }

    [Theory]
    [InlineData(false, null)]
    [InlineData(true, "Strict")]
    public async Task Create_posts_to_the_objects_namespace(bool strict, string? validation)
    {
        var (request, _) = await OneAsync(api => api.CreateAsync(Config, Stop, strict));
        Assert.Equal(("POST", "/base/api/v1/namespaces/demo/configmaps"), (request.Method, request.Path));
        Assert.Equal(("fleet-operator", validation), (request.Query("fieldManager"), request.Query("fieldValidation")));
        Assert.Equal("application/json", request.Header("Content-Type"));
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(Answer), JsonNode.Parse(request.Body)));
    }

    [Fact]
    public async Task Apply_is_a_forced_apply_patch()
    {
        var (request, _) = await OneAsync(api => api.ApplyAsync(Config, Stop));
        Assert.Equal(("PATCH", "/base/api/v1/namespaces/demo/configmaps/a"), (request.Method, request.Path));
        Assert.Equal("application/apply-patch+yaml", request.Header("Content-Type"));
        Assert.Equal(("fleet-operator", "true", null), (request.Query("fieldManager"), request.Query("force"), request.Query("dryRun")));
    }

    [Fact]
    public async Task Apply_without_force_as_somebody_else_dry_to_a_subresource()
    {
        var (request, _) = await OneAsync(api => api.ApplyAsync(Config, Stop, force: false, fieldManager: "fleet operator/scale", subresource: "scale", dryRun: true));
        Assert.Equal("/base/api/v1/namespaces/demo/configmaps/a/scale", request.Path);
        Assert.Equal(("fleet operator/scale", null, "All"), (request.Query("fieldManager"), request.Query("force"), request.Query("dryRun")));
    }

    [Fact]
    public async Task A_status_is_applied_through_its_subresource()
    {
        var body = JsonNode.Parse("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"status":{"ready":"1/1"}}""")!.AsObject();
        var (request, _) = await OneAsync(api => api.ApplyStatusAsync(Kinds.Raw(Resources.ConfigMaps), "demo", "a", body, Stop));
        Assert.Equal(("PATCH", "/base/api/v1/namespaces/demo/configmaps/a/status", "true"), (request.Method, request.Path, request.Query("force")));
        Assert.True(JsonNode.DeepEquals(body, JsonNode.Parse(request.Body)));
    }

    [Fact]
    public async Task A_json_patch_is_a_list_of_operations()
    {
        var operations = new JsonArray(new JsonObject { ["op"] = "test", ["path"] = "/metadata/uid", ["value"] = "u" });
        var (request, _) = await OneAsync(api => api.JsonPatchAsync(Resources.ConfigMaps, "demo", "a", operations, Stop));
        Assert.Equal(("PATCH", "application/json-patch+json", "fleet-operator"), (request.Method, request.Header("Content-Type"), request.Query("fieldManager")));
        Assert.Equal("""[{"op":"test","path":"/metadata/uid","value":"u"}]""", request.Body);
    }

    [Fact]
    public async Task A_lease_is_replaced_with_its_version_and_six_decimals()
    {
        var lease = new Lease { Metadata = new() { Name = "l", ResourceVersion = "7" }, Spec = new() { HolderIdentity = "me", RenewTime = DateTimeOffset.UnixEpoch } };
        var (request, _) = await OneAsync(api => api.ReplaceAsync(Kinds.Leases, "demo", "l", lease, KubeJson.Default.Lease, Stop));
        Assert.Equal(("PUT", "/base/apis/coordination.k8s.io/v1/namespaces/demo/leases/l"), (request.Method, request.Path));
        Assert.Contains("\"resourceVersion\":\"7\"", request.Body, StringComparison.Ordinal);
        Assert.Contains("\"renewTime\":\"1970-01-01T00:00:00.000000Z\"", request.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, null, """{"apiVersion":"v1","kind":"DeleteOptions","propagationPolicy":"Background"}""")]
    [InlineData("u", null, """{"apiVersion":"v1","kind":"DeleteOptions","propagationPolicy":"Background","preconditions":{"uid":"u"}}""")]
    [InlineData("u", "7", """{"apiVersion":"v1","kind":"DeleteOptions","propagationPolicy":"Background","preconditions":{"uid":"u","resourceVersion":"7"}}""")]
    public async Task Delete_carries_its_preconditions(string? uid, string? version, string body)
    {
        var (request, _) = await OneAsync(async api =>
        {
            await api.DeleteAsync(Resources.ConfigMaps, "demo", "a", new(uid, version), Stop);
            return true;
        });
        Assert.Equal("DELETE", request.Method);
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(body), JsonNode.Parse(request.Body)), request.Body);
    }

    [Theory]
    [InlineData("demo", "..")]
    [InlineData("demo", ".")]
    [InlineData("demo", "")]
    [InlineData("..", "a")]
    public async Task A_name_that_would_reach_another_url_is_never_sent(string ns, string name)
    {
        var server = StubServer.Answering();
        using var api = server.Client();
        await Assert.ThrowsAsync<ArgumentException>(() => api.DeleteAsync(Resources.ConfigMaps, ns, name, new(), Stop));
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task Impersonation_and_tls_server_name_become_headers()
    {
        var server = StubServer.Answering(StubServer.Json(Answer));
        var config = new ClusterConfig
        {
            Server = StubServer.Address,
            TlsServerName = "kubernetes.default",
            Credentials = new() { Token = "t0k3n", Impersonation = [new("Impersonate-User", "ann"), new("Impersonate-Group", "a"), new("Impersonate-Group", "b")] },
        };
        using var api = server.Client(config: config);
        await api.GetAsync(Kinds.Raw(Resources.ConfigMaps), "demo", "a", Stop);
        var request = server.Requests[0];
        Assert.Equal(("kubernetes.default", "Bearer t0k3n"), (request.Header("Host"), request.Header("Authorization")));
        Assert.Equal(("ann", "a, b"), (request.Header("Impersonate-User"), request.Header("Impersonate-Group")));
    }

    [Theory]
    [InlineData("""{"major":"1","minor":"20","gitVersion":"v1.20.2"}""", 1, 20)]
    [InlineData("""{"major":"1","minor":"30+","gitVersion":"v1.30.4-eks-a18cd3a"}""", 1, 30)]
    [InlineData("{}", 0, 0)]
    public async Task The_version_is_read_as_managed_clusters_write_it(string body, int major, int minor)
    {
        using var api = StubServer.Answering(StubServer.Json(body)).Client();
        var version = await api.GetVersionAsync(Stop);
        Assert.Equal((major, minor), (version.Major, version.Minor));
    }

    [Fact]
    public void Versions_compare_by_number()
    {
        var old = new ServerVersion(1, 9, "v1.9.0");
        var current = new ServerVersion(1, 24, "v1.24.3");
        Assert.True(old < current && current > old && current.AtLeast(1, 24) && !old.AtLeast(1, 24) && new ServerVersion(2, 0, "v2.0.0").AtLeast(1, 24));
    }

    [Fact]
    public async Task Every_try_is_counted()
    {
        var calls = new List<ApiCall>();
        using var api = StubServer.Answering(StubServer.Json(Answer), StubServer.Refusal(HttpStatusCode.Conflict, "Conflict"), StubServer.Json("""{"items":[]}"""), StubServer.Json("{}"))
            .Client(new() { OnCall = calls.Add });
        await api.GetAsync(Kinds.Raw(Resources.ConfigMaps), "demo", "a", Stop);
        await Assert.ThrowsAsync<ApiException>(() => api.ApplyAsync(Config, Stop));
        await foreach (var page in api.ListAsync(Kinds.Pods, new(), Stop))
            Assert.True(page.IsLast);
        await api.GetVersionAsync(Stop);
        await Assert.ThrowsAsync<InvalidOperationException>(() => api.GetVersionAsync(Stop)); // the stub has no answer left
        Assert.Equal(
            [("get", Resources.ConfigMaps, 200), ("apply", Resources.ConfigMaps, 409), ("list", Resources.Pods, 200), ("get", null, 200), ("get", null, 0)],
            calls.Select(c => (c.Verb, c.Resource, c.StatusCode)));
    }

    [Fact]
    public async Task A_page_of_html_is_named_as_what_it_is()
    {
        using var api = StubServer.Answering(new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent("<html>", null, "text/html") }).Client();
        var e = await Assert.ThrowsAsync<InvalidDataException>(() => api.GetVersionAsync(Stop));
        Assert.Contains("text/html", e.Message, StringComparison.Ordinal);
        Assert.Contains("https://cluster.test/base", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_beyond_the_bound_is_not_read()
    {
        using var api = StubServer.Answering(StubServer.Json($"\"{new string('x', 5000)}\"")).Client(new() { MaxBodyLength = 4096 });
        await Assert.ThrowsAsync<InvalidDataException>(() => api.GetVersionAsync(Stop));
    }

    [Fact]
    public async Task An_answer_nested_too_deep_is_not_read()
    {
        var deep = $$"""{"metadata":{"name":"a"},"spec":{{new string('[', 200)}}{{new string(']', 200)}}}""";
        using var api = StubServer.Answering(StubServer.Json(deep)).Client();
        await Assert.ThrowsAnyAsync<JsonException>(() => api.GetAsync(Kinds.Raw(Resources.ConfigMaps), "demo", "a", Stop));
    }

    private static async Task<(StubRequest Request, T Result)> OneAsync<T>(Func<ApiClient, Task<T>> call)
    {
        var server = StubServer.Answering(StubServer.Json(Answer));
        using var api = server.Client();
        var result = await call(api);
        return (Assert.Single(server.Requests), result);
    }
}
