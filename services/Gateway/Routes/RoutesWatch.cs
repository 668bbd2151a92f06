using System.Net;
using System.Text;
using System.Text.Json;

namespace Fleet.Gateway;

/// <summary>
/// Follows the gateway's own ConfigMap at the API server, so that a change is served within a second instead of with the kubelet's next sync: a list, then a
/// watch from there; at whatever goes wrong, a new list after a pause (Kubernetes API concepts, "Efficient detection of changes").
/// </summary>
internal sealed class RoutesWatch(ClusterAccess cluster, RoutesStore store, TimeProvider time) : BackgroundService
{
    public const string Key = "routes.json";

    /// <summary>The server ends the watch after so long, in seconds; a client that hears nothing longer than that is cut off without knowing it.</summary>
    private const int WatchSeconds = 290;

    private static readonly TimeSpan ListTimeout = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(15);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var failures = 0;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                using var client = cluster.NewClient();
                var version = await ListAsync(client, stoppingToken);
                failures = 0;
                while (version is not null)
                    version = await WatchAsync(client, version, stoppingToken);
            }
            catch (Exception e) when (IsOrdinary(e) && !stoppingToken.IsCancellationRequested)
            {
                store.WatchLost($"ConfigMap {cluster.ConfigMap} cannot be watched: {(e is OperationCanceledException ? "the API server kept silent" : e.Message)}");
                await Task.Delay(Pause(failures++), time, stoppingToken);
            }
        }
    }

    private static bool IsOrdinary(Exception e) =>
        e is HttpRequestException or IOException or JsonException or InvalidOperationException or KeyNotFoundException or OperationCanceledException
            or UnauthorizedAccessException or System.Security.Cryptography.CryptographicException;

    private static TimeSpan Pause(int failures)
    {
        var longest = Math.Min(LongestPause.TotalMilliseconds, 250 * Math.Pow(2, Math.Min(failures, 10)));
        return TimeSpan.FromMilliseconds(longest * (0.5 + Random.Shared.NextDouble() / 2)); // not all gateways at once
    }

    private async Task<string> ListAsync(HttpClient client, CancellationToken stop)
    {
        using var patience = new CancellationTokenSource(ListTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, stop);
        using var response = await client.GetAsync(cluster.Resource(""), either.Token);
        await RefusedAsync(response, either.Token);
        await using var body = await response.Content.ReadAsStreamAsync(either.Token);
        using var list = await JsonDocument.ParseAsync(body, cancellationToken: either.Token);
        if (list.RootElement.GetProperty("items") is var items && items.GetArrayLength() > 0)
            await SeenAsync(items[0]);
        else
            Gone();
        return Version(list.RootElement);
    }

    /// <summary>The version to go on from after an ordinary end; null when the list has to be asked for again.</summary>
    private async Task<string?> WatchAsync(HttpClient client, string version, CancellationToken stop)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(WatchSeconds + 30), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, stop);
        using var response = await client.GetAsync(
            cluster.Resource($"&watch=1&allowWatchBookmarks=true&timeoutSeconds={WatchSeconds}&resourceVersion={Uri.EscapeDataString(version)}"),
            HttpCompletionOption.ResponseHeadersRead, either.Token);
        if (response.StatusCode == HttpStatusCode.Gone)
            return null;
        await RefusedAsync(response, either.Token);
        await using var body = await response.Content.ReadAsStreamAsync(either.Token);
        await foreach (var line in WatchLines.ReadAsync(body, either.Token))
        {
            using var change = JsonDocument.Parse(line);
            var thing = change.RootElement.GetProperty("object");
            switch (change.RootElement.GetProperty("type").GetString())
            {
                case "ADDED" or "MODIFIED":
                    await SeenAsync(thing);
                    break;
                case "DELETED":
                    Gone();
                    break;
                case "BOOKMARK":
                    break;
                case "ERROR" when thing.TryGetProperty("code", out var code) && code.GetInt32() == (int)HttpStatusCode.Gone:
                    return null; // the history does not reach back so far
                default:
                    throw new IOException($"the watch ended: {(thing.TryGetProperty("message", out var message) ? message.GetString() : "unknown event")}");
            }

            version = Version(thing);
        }

        return version;
    }

    private async Task SeenAsync(JsonElement configMap)
    {
        if (configMap.TryGetProperty("data", out var data) && data.TryGetProperty(Key, out var text) && text.GetString() is { } routes)
            await store.OfferAsync(RoutesSource.Watch, Encoding.UTF8.GetBytes(routes));
        else
            store.Fault(RoutesSource.Watch, $"ConfigMap {cluster.ConfigMap} has no {Key}");
    }

    private void Gone() => store.Fault(RoutesSource.Watch, $"ConfigMap {cluster.ConfigMap} is not there");

    private static string Version(JsonElement thing) =>
        thing.GetProperty("metadata").GetProperty("resourceVersion").GetString() ?? throw new JsonException("no resourceVersion");

    private static async Task RefusedAsync(HttpResponseMessage response, CancellationToken stop)
    {
        if (response.IsSuccessStatusCode)
            return;
        var text = await response.Content.ReadAsStringAsync(stop);
        throw new HttpRequestException($"{(int)response.StatusCode}: {(text.Length > 300 ? text[..300] : text)}", null, response.StatusCode);
    }
}
