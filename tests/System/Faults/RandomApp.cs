using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Kubernetes;

namespace Fleet.SystemTests.Faults;

/// <summary>An app whose spec is made and changed at random, and always valid and able to become Ready.</summary>
internal sealed class RandomApp
{
    private const int MostServices = 4;

    // A service depends only on those that stand before it, so there is no cycle.
    private static readonly ImmutableArray<Sort> Menu =
    [
        new("auth", 8001, "HTTP/REST", Bundled: true), new("users", 8002, "HTTP/REST", Bundled: true), new("orders", 8003, "gRPC", Bundled: true),
        new("web", 8080, "HTTP"), new("stock", 8085, "HTTP/REST"), new("feed", 9000, "gRPC"),
    ];

    private readonly Random _dice;
    private readonly string _settings;
    private readonly Dictionary<string, JsonObject> _services = new(StringComparer.Ordinal);
    private readonly JsonObject _rest = [];

    /// <summary>Makes one.</summary>
    /// <param name="dice">Decides about everything.</param>
    /// <param name="name">Its name.</param>
    /// <param name="settings">The name of a ConfigMap and a Secret that it may refer to.</param>
    public RandomApp(Random dice, string name, string settings)
    {
        (_dice, Name, _settings) = (dice, name, settings);
        Begin();
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>Whether it is there.</summary>
    public bool Exists { get; set; } = true;

    /// <summary>What is wanted, as an object to apply.</summary>
    public KubeObject Manifest(string ns)
    {
        var spec = (JsonObject)_rest.DeepClone();
        spec["services"] = new JsonArray([.. Menu.Where(s => _services.ContainsKey(s.Name)).Select(s => _services[s.Name].DeepClone())]);
        return KubeObject.From(MicroserviceApp.Resource, new() { ["metadata"] = new JsonObject { ["name"] = Name, ["namespace"] = ns }, ["spec"] = spec });
    }

    /// <summary>A spec that has nothing to do with the last one.</summary>
    public void Begin()
    {
        _services.Clear();
        _rest.Clear();
        for (var i = _dice.Next(1, MostServices); i > 0; i--)
            Add();
        if (_dice.Next(3) > 0)
            Gateway();
    }

    /// <summary>Changes something.</summary>
    public void Change()
    {
        Action[] changes = [Add, Remove, Scale, Image, Environment, Port, Protocol, State, Depend, Refer, Label, Annotate, Gateway, Policy];
        changes[_dice.Next(changes.Length)]();
    }

    private void Add()
    {
        var missing = Menu.Where(s => !_services.ContainsKey(s.Name)).ToList();
        if (_services.Count == MostServices)
            return;
        var sort = missing[_dice.Next(missing.Count)];
        var service = new JsonObject { ["name"] = sort.Name, ["port"] = sort.Port, ["protocol"] = sort.Protocol };
        if (!sort.Bundled)
            service["image"] = "example/one:1";
        _services[sort.Name] = service;
    }

    private void Remove()
    {
        if (_services.Count == 1)
            return;
        var name = Any()["name"]!.ToString();
        _services.Remove(name);
        foreach (var other in _services.Values)
        {
            if (other["dependsOn"]?.ToString() is { } on && on.Contains($"\"{name}\"", StringComparison.Ordinal))
                other.Remove("dependsOn");
        }
    }

    // More than one of a bundled service would take a database.
    private void Scale() => AnyCustom(s => s["replicas"] = _dice.Next(1, 4));

    private void Image() => AnyCustom(s => s["image"] = $"example/one:{_dice.Next(1, 100)}");

    private void Environment() => Any()["env"] = new JsonArray(
        [.. Enumerable.Range(0, _dice.Next(3)).Select(i => new JsonObject { ["name"] = $"SETTING_{i}", ["value"] = _dice.Next().ToString(CultureInfo.InvariantCulture) })]);

    private void Port() => AnyCustom(s => s["port"] = _dice.Next(8100, 8200));

    // From a ClusterIP to a headless Service or back, which is another object.
    private void Protocol() => AnyCustom(s => s["protocol"] = s["protocol"]!.ToString() == "gRPC" ? "HTTP" : "gRPC");

    private void State()
    {
        var service = Any();
        if (!service.Remove("state"))
            service["state"] = "Inactive";
    }

    private void Depend()
    {
        var there = Menu.Where(s => _services.ContainsKey(s.Name)).ToList();
        if (there.Count < 2)
            return;
        var at = _dice.Next(1, there.Count);
        _services[there[at].Name]["dependsOn"] = new JsonArray(there[_dice.Next(at)].Name);
    }

    private void Refer()
    {
        var service = Any();
        if (!service.Remove("envFrom"))
            service["envFrom"] = new JsonArray(new JsonObject { [_dice.Next(2) == 0 ? "configMapRef" : "secretRef"] = new JsonObject { ["name"] = _settings } });
    }

    private void Label() => _rest["commonLabels"] = Some("team", "tier");

    private void Annotate() => _rest["commonAnnotations"] = Some("example.com/owner", "example.com/note");

    private void Gateway()
    {
        if (!_rest.Remove("gateway"))
            _rest["gateway"] = new JsonObject { ["port"] = 80 + _dice.Next(3), ["replicas"] = _dice.Next(1, 3) };
    }

    private void Policy()
    {
        if (!_rest.Remove("networkPolicy"))
            _rest["networkPolicy"] = new JsonObject { ["mode"] = "FromGraph" };
    }

    private JsonObject Some(params string[] keys)
    {
        var some = new JsonObject();
        foreach (var key in keys.Where(_ => _dice.Next(2) == 0))
            some[key] = $"v{_dice.Next(10)}";
        return some;
    }

    private JsonObject Any()
    {
        var there = Menu.Where(s => _services.ContainsKey(s.Name)).ToList();
        return _services[there[_dice.Next(there.Count)].Name];
    }

    private void AnyCustom(Action<JsonObject> change)
    {
        var custom = Menu.Where(s => !s.Bundled && _services.ContainsKey(s.Name)).ToList();
        if (custom.Count > 0)
            change(_services[custom[_dice.Next(custom.Count)].Name]);
    }

    private sealed record Sort(string Name, int Port, string Protocol, bool Bundled = false);
}
