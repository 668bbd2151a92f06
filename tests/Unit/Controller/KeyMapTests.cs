using Fleet.Apps;
using Fleet.Controller;
using Fleet.Kubernetes;
using Fleet.Runtime;
using Fleet.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Fleet.Unit.Controller;

/// <summary>Which apps a change concerns.</summary>
public sealed class KeyMapTests : IDisposable
{
    private readonly ApiClient _api = new(ClusterConfig.At(new Uri("https://cluster.test")), new());
    private readonly AppCaches _caches;
    private readonly ConfigReader _config;
    private readonly HashSet<string> _added = [];

    public KeyMapTests()
    {
        _caches = new(_api, ns: null, new FakeTimeProvider(Given.Start), NullLoggerFactory.Instance, new OperatorMetrics());
        _config = new(_api, new(_caches));
        foreach (var cache in _caches.AllChildren)
            Sync(cache);
        Sync(_caches.Pods);
        Sync(_caches.ReplicaSets);
        Sync(_caches.ConfigMaps);
        Sync(_caches.Secrets!);
        Sync(_caches.Apps);
        KeyMap.Connect(_caches, _config, key => _added.Add($"{key}"));
    }

    [Fact]
    public void An_app_concerns_itself_when_its_spec_or_somebody_elses_status_of_it_changes()
    {
        var app = Given.Shop();
        Assert.Equal([Key("shop")], After(() => Passes.Writer(_caches.Apps).Apply(app)));
        Assert.Equal([Key("shop")], After(() => Passes.Writer(_caches.Apps).Apply(Moved(app, 2) with { Status = new() { Ready = "4/4" } })));
        Assert.Empty(After(() => Passes.Writer(_caches.Apps).Apply(Moved(app, 3) with { Status = new() { Ready = "4/4" } }))); // a label, for instance
        Assert.Equal([Key("shop")], After(() => Passes.Writer(_caches.Apps).Apply(Moved(app, 4).With(s => s with { Suspend = true }) with { Status = new() { Ready = "4/4" } })));
        Assert.Equal([Key("shop")], After(() => Passes.Writer(_caches.Apps).Delete(Moved(app, 5))));
    }

    [Fact]
    public void A_child_concerns_the_app_of_its_label_and_its_owner_as_they_are_and_as_they_were()
    {
        var services = _caches.Children(Resources.Services);
        Assert.Equal([Key("a")], After(() => Passes.Writer(services).Apply(Child("1", label: "a"))));
        Assert.Equal([Key("a"), Key("b")], After(() => Passes.Writer(services).Apply(Child("2", label: "b"))));
        Assert.Equal([Key("b"), Key("c")], After(() => Passes.Writer(services).Apply(Child("3", label: "b", owner: "c"))));
        Assert.Equal([Key("b"), Key("c")], After(() => Passes.Writer(services).Delete(Child("4", label: "b", owner: "c"))));
    }

    [Fact]
    public void Pods_and_ReplicaSets_concern_the_app_of_their_label()
    {
        Dictionary<string, string> labels = new() { [Keys.App] = "shop" };
        var metadata = new ObjectMeta { Name = "x", Namespace = "demo", Uid = "u", ResourceVersion = "1", Labels = labels };
        Assert.Equal([Key("shop")], After(() => Passes.Writer(_caches.Pods).Apply(new() { Metadata = metadata })));
        Assert.Equal([Key("shop")], After(() => Passes.Writer(_caches.ReplicaSets).Apply(new() { Metadata = metadata })));
    }

    [Fact]
    public async Task A_Secret_concerns_the_apps_of_its_namespace_that_refer_to_it()
    {
        await _config.ReadAsync(new("demo", "shop"), [new("Secret", "db"), new("ConfigMap", "texts")], CancellationToken.None);
        Assert.Equal([Key("shop")], After(() => Passes.Writer(_caches.Secrets!).Apply(Named("db", "demo"))));
        Assert.Empty(After(() => Passes.Writer(_caches.Secrets!).Apply(Named("db", "elsewhere"))));
        Assert.Empty(After(() => Passes.Writer(_caches.ConfigMaps).Apply(Named("db", "demo"))));
        Assert.Equal([Key("shop")], After(() => Passes.Writer(_caches.ConfigMaps).Apply(Named("texts", "demo"))));
        Assert.Equal([Key("shop")], After(() => Passes.Writer(_caches.Secrets!).Delete(Named("db", "demo"))));
    }

    [Fact]
    public void A_kind_that_can_no_longer_be_read_concerns_every_app()
    {
        Passes.Writer(_caches.Apps).Apply(Given.Shop());
        Passes.Writer(_caches.Apps).Apply(Given.Shop() with { Metadata = Given.Shop().Metadata with { Name = "other", Uid = "u" } });
        Assert.Equal([Key("other"), Key("shop")], After(() => Passes.Writer(_caches.Children(Resources.Roles)).Denied("no")));
        Assert.Equal([Key("other"), Key("shop")], After(() => Passes.Writer(_caches.Secrets!).Denied("no")));
    }

    public void Dispose() => _api.Dispose();

    private static string Key(string app) => $"{new ObjectKey("demo", app)}";

    private static void Sync<T>(ObjectCache<T> cache)
        where T : class, IKubeObject
    {
        Passes.Writer(cache).Init();
        Passes.Writer(cache).InitDone("0");
    }

    private string[] After(Action happens)
    {
        _added.Clear();
        happens();
        return [.. _added.Order(StringComparer.Ordinal)];
    }

    private static MicroserviceApp Moved(MicroserviceApp app, int version) => app with { Metadata = app.Metadata with { ResourceVersion = $"{version}" } };

    private static PartialObject Named(string name, string ns) => new() { Metadata = new() { Name = name, Namespace = ns, Uid = "u", ResourceVersion = "1" } };

    private static KubeObject Child(string version, string label, string? owner = null) => KubeObject.From(Resources.Services, Yaml.ParseOne($$"""
        metadata:
          name: x
          namespace: demo
          uid: u
          resourceVersion: '{{version}}'
          labels: { {{Keys.App}}: {{label}} }
          ownerReferences: [{{(owner is null ? "" : $"{{ apiVersion: v1, kind: MicroserviceApp, name: {owner}, uid: u, controller: true }}")}}]
        """).AsObject());
}
