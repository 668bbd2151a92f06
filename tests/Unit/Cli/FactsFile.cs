using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Cli;
using Fleet.Kubernetes;

namespace Fleet.Unit.Cli;

/// <summary>
/// A cluster in a file, as documents: the app, and the objects around it as the server would send them. An object with <c>service</c> belongs to that service of the app;
/// <c>kind: Secrets</c> lists the names of those that there are, <c>kind: NoLeases</c> stands for credentials that may not read Leases.
/// </summary>
internal static class FactsFile
{
    internal static readonly DateTimeOffset Now = DateTimeOffset.Parse("2026-01-02T03:04:05Z", System.Globalization.CultureInfo.InvariantCulture);

    internal static Facts Read(string yaml)
    {
        var documents = Yaml.Parse(yaml).Select(d => d!.AsObject()).ToLookup(d => (string)d["kind"]!);
        var app = documents["MicroserviceApp"].Single().Deserialize(AppsJson.Default.MicroserviceApp)!;
        string[] apart = ["MicroserviceApp", "Secrets", "NoLeases", "Lease", "Event"];
        var objects = documents.Where(g => !apart.Contains(g.Key)).SelectMany(g => g).Select(d => Object(d, app)).ToImmutableArray();
        var nodes = objects.Where(o => o.Resource.Kind == "Node").ToImmutableArray();
        return new()
        {
            App = app,
            Objects = [.. objects.Where(o => o.Metadata.Labels is not null)],
            Events = [.. EventsPage.InOrder(documents["Event"].Select(d => AppEvent.Of(Object(d, app))))],
            Leases = documents["NoLeases"].Any() ? null : [.. documents["Lease"].Select(d => d.Deserialize(KubeJson.Default.Lease)!)],
            Nodes = nodes.IsEmpty ? null : nodes,
            Secrets = documents["Secrets"].SingleOrDefault()?["names"]!.AsArray().Select(n => (string)n!).ToImmutableHashSet(),
            Webhooks = [.. objects.Where(o => o.Resource.Kind.EndsWith("WebhookConfiguration", StringComparison.Ordinal))],
            Now = Now,
        };
    }

    /// <summary>An object of the file.</summary>
    internal static KubeObject Object(JsonObject document, MicroserviceApp app)
    {
        var (kind, meta) = ((string)document["kind"]!, document["metadata"]!.AsObject());
        meta["uid"] ??= $"{kind}/{meta["name"]}";
        if (document["service"] is { } service)
        {
            meta["namespace"] = app.Metadata.Namespace;
            meta["labels"] = new JsonObject { [Keys.App] = app.Metadata.Name, [Keys.Service] = (string)service! };
            meta["ownerReferences"] ??= new JsonArray(new JsonObject { ["apiVersion"] = "v1", ["kind"] = MicroserviceApp.Resource.Kind, ["name"] = app.Metadata.Name, ["uid"] = app.Metadata.Uid });
            document.Remove("service");
        }

        return KubeObject.From(new("", "v1", kind, $"{kind.ToLowerInvariant()}s"), document);
    }
}
