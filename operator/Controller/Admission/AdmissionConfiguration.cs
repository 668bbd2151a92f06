using System.Text;
using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Kubernetes;

namespace Fleet.Controller;

/// <summary>
/// What the API server is told: which apps to ask about, where, and whom to trust. One that the operator made is kept as a whole; of one that somebody else made, a chart
/// for instance, only <c>caBundle</c> is written. Either way only when it differs.
/// </summary>
internal sealed class AdmissionConfiguration(ApiClient api, AdmissionOptions options, IReadOnlyCollection<string> watched)
{
    /// <summary>The name of the one webhook in it.</summary>
    internal const string Webhook = "apps.fleet.microservices.dev";

    /// <summary>Where reviews are answered.</summary>
    internal const string Path = "/validate";

    private const string ManagedBy = "app.kubernetes.io/managed-by";

    private static readonly Resource Kind = new("admissionregistration.k8s.io", "v1", "ValidatingWebhookConfiguration", "validatingwebhookconfigurations", Namespaced: false);

    private bool? _knowsNamespaceLabel;

    /// <summary>Sees to it that the authorities are trusted.</summary>
    /// <exception cref="ApiException">The server refused.</exception>
    /// <exception cref="InvalidOperationException">It is somebody else's, and has no webhook of ours.</exception>
    internal async Task EnsureAsync(string bundle, CancellationToken stop)
    {
        var encoded = Convert.ToBase64String(Encoding.ASCII.GetBytes(bundle));
        var live = await api.FindAsync(Kinds.Raw(Kind), null, options.Configuration, stop);
        if (live is not null && live.Metadata.Label(ManagedBy) != "fleet-operator")
            await TrustAsync(live.ToJsonObject(), encoded, stop);
        else if (await DesiredAsync(encoded, stop) is var desired && (live is null || !Holds(live.ToJsonObject(), desired)))
            await api.ApplyAsync(KubeObject.From(Kind, desired), stop);
    }

    private async Task TrustAsync(JsonObject live, string encoded, CancellationToken stop)
    {
        var webhooks = live["webhooks"] as JsonArray ?? [];
        var at = webhooks.Index().Where(w => (string?)w.Item?["name"] == Webhook).Select(w => (int?)w.Index).FirstOrDefault()
            ?? throw new InvalidOperationException($"{Kind.Kind}/{options.Configuration} is not the operator's and has no webhook {Webhook}: add it, or choose another name by --webhook-configuration");
        if ((string?)webhooks[at]!["clientConfig"]?["caBundle"] == encoded)
            return;
        await api.JsonPatchAsync(
            Kind, null, options.Configuration,
            new JsonArray(
                new JsonObject { ["op"] = "test", ["path"] = $"/webhooks/{at}/name", ["value"] = Webhook },
                new JsonObject { ["op"] = "add", ["path"] = $"/webhooks/{at}/clientConfig/caBundle", ["value"] = encoded }),
            stop);
    }

    private async Task<JsonObject> DesiredAsync(string encoded, CancellationToken stop)
    {
        var client = options.Url is { } url
            ? new JsonObject { ["url"] = url.AbsoluteUri }
            : new JsonObject { ["service"] = new JsonObject { ["namespace"] = options.Namespace, ["name"] = options.Service, ["path"] = Path, ["port"] = 443 } };
        client["caBundle"] = encoded;
        var webhook = new JsonObject
        {
            ["name"] = Webhook,
            ["clientConfig"] = client,
            ["rules"] = new JsonArray(new JsonObject
            {
                ["operations"] = new JsonArray("CREATE", "UPDATE"),
                ["apiGroups"] = new JsonArray(MicroserviceApp.Resource.Group),
                ["apiVersions"] = new JsonArray(MicroserviceApp.Resource.Version),
                ["resources"] = new JsonArray(MicroserviceApp.Resource.Plural),
                ["scope"] = "Namespaced",
            }),
            ["admissionReviewVersions"] = new JsonArray("v1"),
            ["sideEffects"] = "None",
            ["failurePolicy"] = options.Fail ? "Fail" : "Ignore",
            ["timeoutSeconds"] = 2,
        };
        // Servers before 1.21 do not put this label on; there the others' apps are asked about as well, and let pass.
        _knowsNamespaceLabel ??= (await api.GetVersionAsync(stop)).AtLeast(1, 21);
        if (watched.Count > 0 && _knowsNamespaceLabel.Value)
        {
            webhook["namespaceSelector"] = new JsonObject
            {
                ["matchExpressions"] = new JsonArray(new JsonObject { ["key"] = "kubernetes.io/metadata.name", ["operator"] = "In", ["values"] = new JsonArray([.. watched]) }),
            };
        }

        return new()
        {
            ["metadata"] = new JsonObject { ["name"] = options.Configuration, ["labels"] = new JsonObject { [ManagedBy] = "fleet-operator" } },
            ["webhooks"] = new JsonArray(webhook),
        };
    }

    /// <summary>Whether all that is wanted is there; what the server has filled in does not count.</summary>
    private static bool Holds(JsonNode? live, JsonNode? wanted) => (live, wanted) switch
    {
        (JsonObject has, JsonObject wants) => wants.All(w => Holds(has[w.Key], w.Value)),
        (JsonArray has, JsonArray wants) => has.Count == wants.Count && has.Zip(wants).All(p => Holds(p.First, p.Second)),
        _ => JsonNode.DeepEquals(live, wanted),
    };
}
