using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Runtime;

/// <summary>Where events are written: an API server, or a test's list.</summary>
internal interface IEventStore
{
    Task CreateAsync(Event told, CancellationToken stop);

    Task UpdateSeriesAsync(string ns, string name, EventSeries series, CancellationToken stop);
}

/// <summary>Events at an API server.</summary>
internal sealed class ApiEventStore(ApiClient api) : IEventStore
{
    public Task CreateAsync(Event told, CancellationToken stop) =>
        api.CreateAsync(Kinds.Events, told.Metadata.Namespace, told, KubeJson.Default.Event, stop);

    public Task UpdateSeriesAsync(string ns, string name, EventSeries series, CancellationToken stop)
    {
        var told = JsonSerializer.SerializeToNode(new Event { Series = series }, KubeJson.Default.Event)!["series"]!;
        return api.JsonPatchAsync(
            Resources.Events, ns, name, new JsonArray(new JsonObject { ["op"] = "add", ["path"] = "/series", ["value"] = told.DeepClone() }), stop);
    }
}
