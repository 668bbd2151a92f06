using System.Net;
using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Controller;
using Fleet.Kubernetes;
using Fleet.Testing;
using Xunit;

namespace Fleet.Unit.Controller;

/// <summary>What an app refers to: read once when it moved, hashed, never kept.</summary>
public class ConfigReaderTests
{
    private const string App = """
        services:
        - name: web
          image: web:1
          protocol: HTTP
          port: 80
          env: [{ name: URL, valueFrom: { secretKeyRef: { name: db, key: url } } }]
          envFrom: [{ configMapRef: { name: texts, optional: true } }]
        """;

    [Fact]
    public async Task A_changed_value_rolls_the_pods_that_use_it_and_another_key_does_not()
    {
        using var passes = Start();
        await passes.SettleAsync();
        Assert.Equal("True Ready", passes.Ready);
        var first = Hash(passes);
        Assert.Matches("^[0-9a-f]{8}$", first);

        passes.Cluster.Edit("Secret/db", "kubectl", json => json["data"]!["password"] = "bmV3"); // not the key that is used
        passes.Deliver();
        await passes.SettleAsync();
        Assert.Equal(first, Hash(passes));

        passes.Cluster.Edit("Secret/db", "kubectl", json => json["data"]!["url"] = "bmV3");
        passes.Deliver();
        await passes.SettleAsync();
        var second = Hash(passes);
        Assert.NotEqual(first, second);

        passes.Cluster.Create(Config(Resources.ConfigMaps, "texts", "title", "Shop"), "kubectl");
        passes.Deliver();
        await passes.SettleAsync();
        Assert.NotEqual(second, Hash(passes));
        Assert.Null(passes.Status.Drift);
    }

    [Fact]
    public async Task What_did_not_move_is_read_once()
    {
        using var passes = Start();
        await passes.SettleAsync();
        for (var i = 0; i < 5; i++)
            await passes.PassAsync();
        Assert.Equal(["get Secret/db"], passes.Server.Requests.Where(r => r.StartsWith("get ", StringComparison.Ordinal)));
        passes.Cluster.Edit("Secret/db", "kubectl", json => json["metadata"]!["labels"] = new JsonObject { ["a"] = "b" }); // moves, and means nothing
        passes.Deliver();
        passes.Server.Requests.Clear();
        await passes.SettleAsync();
        Assert.Equal(["get Secret/db"], passes.Server.Requests);
    }

    [Fact]
    public async Task What_is_missing_is_told_of_its_service_and_nothing_rolls()
    {
        using var passes = Start();
        await passes.SettleAsync();
        var hash = Hash(passes);
        passes.Cluster.Delete("Secret/db");
        passes.Deliver();
        await passes.SettleAsync();
        Assert.Equal(("False ConfigMissing", hash), (passes.Ready, Hash(passes)));
        passes.Cluster.Create(Config(Resources.Secrets, "db", "url", "b25l"), "kubectl");
        passes.Deliver();
        await passes.SettleAsync();
        Assert.Equal(("True Ready", hash), (passes.Ready, Hash(passes)));
    }

    [Fact]
    public async Task A_Secret_whose_content_may_not_be_read_is_there_all_the_same()
    {
        using var passes = Start();
        passes.Server.Fault = (request, carryOut) => request == "get Secret/db" ? ClusterServer.Refusal(HttpStatusCode.Forbidden, "Forbidden") : carryOut();
        await passes.SettleAsync();
        Assert.Equal(("True Ready", null), (passes.Ready, Hash(passes)));
    }

    [Fact]
    public async Task Secrets_that_may_not_be_watched_are_left_out()
    {
        using var passes = Start();
        Passes.Writer(passes.Caches.Secrets!).Denied("secrets is forbidden");
        await passes.SettleAsync();
        Assert.Equal(("True Ready", null), (passes.Ready, Hash(passes)));
        Assert.DoesNotContain(passes.Server.Requests, r => r.StartsWith("get ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Whose_apps_an_object_concerns_is_known_as_long_as_they_refer_to_it()
    {
        using var passes = Start();
        using var api = new ApiClient(ClusterConfig.At(new Uri("https://cluster.test")), new() { TimeProvider = passes.Time }, _ => passes.Server);
        var reader = new ConfigReader(api, new(passes.Caches));
        var (db, texts) = (new ConfigKey("Secret", "db"), new ConfigKey("ConfigMap", "texts"));
        Fleet.Runtime.ObjectKey shop = new("demo", "shop"), other = new("demo", "other");
        await reader.ReadAsync(shop, [db, texts], CancellationToken.None);
        var content = await reader.ReadAsync(other, [db], CancellationToken.None);
        Assert.Equal(["url"], content[db].Keys!.Keys);
        Assert.Equal([other, shop], reader.UsersOf("demo", db).OrderBy(k => k.Name));
        Assert.Empty(reader.UsersOf("elsewhere", db));
        await reader.ReadAsync(shop, [texts], CancellationToken.None);
        Assert.Equal([other], reader.UsersOf("demo", db));
        reader.Forget(other);
        reader.Forget(shop);
        Assert.Empty(reader.UsersOf("demo", db));
        Assert.Empty(reader.UsersOf("demo", texts));
    }

    private static Passes Start()
    {
        var passes = new Passes(Given.App(App));
        passes.Cluster.Create(Config(Resources.Secrets, "db", "url", "b25l"), "kubectl");
        passes.Deliver();
        return passes;
    }

    private static KubeObject Config(Resource resource, string name, string key, string value) => KubeObject.From(resource, new()
    {
        ["metadata"] = new JsonObject { ["name"] = name }, ["data"] = new JsonObject { [key] = value },
    });

    private static string? Hash(Passes passes) =>
        (string?)passes.Cluster.Get("Deployment/shop-web").ToJsonObject()["spec"]!["template"]!["metadata"]!["annotations"]?[Keys.ConfigHash];
}
