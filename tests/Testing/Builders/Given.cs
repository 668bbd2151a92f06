using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Kubernetes;

namespace Fleet.Testing;

/// <summary>What most tests begin with.</summary>
public static class Given
{
    /// <summary>The moment at which tests begin.</summary>
    public static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Settings that no default could be mistaken for.</summary>
    public static readonly OperatorSettings Settings = new("registry.test/fleet", "1.0");

    /// <summary>The app <c>demo/shop</c>, as an API server shows it.</summary>
    /// <param name="spec">Its spec, in YAML.</param>
    public static MicroserviceApp App(string spec) => Read(new JsonObject
    {
        ["metadata"] = new JsonObject { ["name"] = "shop", ["namespace"] = "demo", ["uid"] = "uid-of-shop", ["generation"] = 1, ["resourceVersion"] = "1" },
        ["spec"] = Yaml.ParseOne(spec),
    });

    /// <summary>The documented shop: auth, users, orders and a gateway.</summary>
    public static MicroserviceApp Shop() => App("""
        services:
        - { name: auth, port: 8001, protocol: HTTP/REST }
        - { name: users, port: 8002, protocol: HTTP/REST }
        - { name: orders, port: 8003, protocol: gRPC }
        gateway: { port: 80 }
        """);

    /// <summary>The same app after somebody changed its spec.</summary>
    /// <param name="app">The app as it was.</param>
    /// <param name="spec">The new spec, in YAML.</param>
    public static MicroserviceApp With(this MicroserviceApp app, string spec) => app.With(_ => App(spec).Spec);

    /// <summary>The same app after somebody changed its spec.</summary>
    public static MicroserviceApp With(this MicroserviceApp app, Func<AppSpec, AppSpec> change) => app with
    {
        Spec = change(app.Spec),
        Metadata = app.Metadata with { Generation = app.Metadata.Generation + 1 },
    };

    /// <summary>An app from a manifest.</summary>
    public static MicroserviceApp Read(JsonNode manifest) =>
        manifest.Deserialize(AppsJson.Default.MicroserviceApp) ?? throw new JsonException("the manifest is empty");
}
