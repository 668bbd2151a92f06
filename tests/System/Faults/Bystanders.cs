using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Testing;
using Xunit;

namespace Fleet.SystemTests.Faults;

/// <summary>Objects beside the apps that are nobody's, or another app's; some of them carry an app's labels. No operator may write to them.</summary>
internal sealed class Bystanders
{
    private const string Neighbour = "neighbour";

    private readonly ApiClient _api;
    private readonly string _namespace;
    private readonly ImmutableArray<KubeObject> _all;

    private Bystanders(ApiClient api, string ns, ImmutableArray<KubeObject> all) => (_api, _namespace, _all) = (api, ns, all);

    /// <summary>Makes them.</summary>
    /// <param name="api">A client with every permission.</param>
    /// <param name="ns">The namespace.</param>
    /// <param name="app">The app whose labels some of them carry.</param>
    public static async Task<Bystanders> CreateAsync(ApiClient api, string ns, string app)
    {
        // Suspended, so that nothing is made for it.
        var neighbour = await api.CreateAsync(KubeObject.From(MicroserviceApp.Resource, new()
        {
            ["metadata"] = new JsonObject { ["name"] = Neighbour, ["namespace"] = ns },
            ["spec"] = new JsonObject { ["suspend"] = true, ["services"] = new JsonArray(new JsonObject { ["name"] = "web", ["port"] = 80, ["protocol"] = "HTTP", ["image"] = "example/web:1" }) },
        }), CancellationToken.None);
        var labels = new JsonObject { [Keys.App] = app, [Keys.Service] = "legacy", [Keys.ManagedBy] = Keys.Manager };
        var owner = new JsonObject
        {
            ["apiVersion"] = MicroserviceApp.Resource.ApiVersion, ["kind"] = MicroserviceApp.Resource.Kind, ["name"] = Neighbour, ["uid"] = neighbour.Metadata.Uid,
        };
        var made = ImmutableArray.CreateBuilder<KubeObject>();
        foreach (var (suffix, of, by) in ((string, JsonObject?, JsonObject?)[])[("plain", null, null), ("legacy", labels, null), ("lent", labels, owner)])
        {
            foreach (var (resource, content) in Contents())
            {
                var metadata = new JsonObject { ["name"] = $"{app}-{suffix}", ["namespace"] = ns };
                if (of is not null)
                    metadata["labels"] = of.DeepClone();
                if (by is not null)
                    metadata["ownerReferences"] = new JsonArray(by.DeepClone());
                content["metadata"] = metadata;
                made.Add(await api.CreateAsync(KubeObject.From(resource, content), CancellationToken.None));
            }
        }

        return new(api, ns, made.ToImmutable());
    }

    /// <summary>Fails when one is not as it was made, or an operator wrote to one.</summary>
    /// <param name="writes">What the operators wrote.</param>
    public async Task AssertUntouchedAsync(IReadOnlyList<AuditEntry> writes)
    {
        foreach (var made in _all)
        {
            var now = await _api.FindAsync(Kinds.Raw(made.Resource), _namespace, made.Metadata.Name, CancellationToken.None);
            Assert.True(now is not null, $"{made} is gone");
            Assert.Equal(made.Metadata.Uid, now.Metadata.Uid);
            // The server's own controllers write the status of the one kind, and the token's name into the other.
            if (made.Resource != Resources.Deployments && made.Resource != Resources.ServiceAccounts)
                Assert.Equal(made.Metadata.ResourceVersion, now.Metadata.ResourceVersion);
            Assert.Equal(made.Metadata.Generation, now.Metadata.Generation);
            Assert.DoesNotContain(writes, w => w.ObjectRef is { } about && about.Resource == made.Resource.Plural && about.Name == made.Metadata.Name);
        }

        Assert.DoesNotContain(writes, w => w.ObjectRef is { Resource: "microserviceapps", Subresource: not "status" });
    }

    private static IEnumerable<(Resource Resource, JsonObject Content)> Contents()
    {
        yield return (Resources.ConfigMaps, new() { ["data"] = new JsonObject { ["a"] = "1" } });
        yield return (Resources.ServiceAccounts, []);
        yield return (Resources.Services, new() { ["spec"] = new JsonObject { ["selector"] = new JsonObject { ["app"] = "bystander" }, ["ports"] = new JsonArray(new JsonObject { ["port"] = 80 }) } });
        yield return (Resources.Deployments, new()
        {
            ["spec"] = new JsonObject
            {
                ["replicas"] = 0,
                ["selector"] = new JsonObject { ["matchLabels"] = new JsonObject { ["app"] = "bystander" } },
                ["template"] = new JsonObject
                {
                    ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["app"] = "bystander" } },
                    ["spec"] = new JsonObject { ["containers"] = new JsonArray(new JsonObject { ["name"] = "web", ["image"] = "example/web:1" }) },
                },
            },
        });
    }
}
