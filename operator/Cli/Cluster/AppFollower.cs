using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Runtime;

namespace Fleet.Cli;

/// <summary>Lists apps, and follows them by a watch. Once the server has answered, cut connections and restarts of it are waited out.</summary>
internal sealed class AppFollower(ApiClient api, ListScope scope, TimeProvider time)
{
    private readonly BackOff _backOff = new(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(5));

    /// <summary>Only this app.</summary>
    internal static ListScope One(string ns, string name) => new(ns, FieldSelector: $"metadata.name={name}");

    /// <summary>The apps as they are now, by namespace and name.</summary>
    /// <exception cref="CommandException">The CRD is not installed.</exception>
    internal async Task<IReadOnlyList<MicroserviceApp>> ListAsync(CancellationToken stop) => InOrder((await ListOnceAsync(stop)).Apps);

    /// <summary>Shows the apps as they are now and after every change, until they are seen to be right.</summary>
    /// <param name="seen">Looks at them; true ends it.</param>
    /// <param name="stop">Cancels.</param>
    /// <exception cref="CommandException">The CRD is not installed.</exception>
    internal async Task FollowAsync(Func<IReadOnlyList<MicroserviceApp>, bool> seen, CancellationToken stop)
    {
        var answered = false;
        for (var failures = 0; ;)
        {
            try
            {
                var (apps, version) = await ListOnceAsync(stop);
                (answered, failures) = (true, 0);
                if (seen(InOrder(apps)))
                    return;
                await foreach (var change in api.WatchAsync(MicroserviceApp.Type, scope, version, stop))
                {
                    if (change.Object is not { } app)
                        continue;
                    apps.RemoveAll(a => a.Metadata.Namespace == app.Metadata.Namespace && a.Metadata.Name == app.Metadata.Name);
                    if (change.Type != WatchEventType.Deleted)
                        apps.Add(app);
                    if (seen(InOrder(apps)))
                        return;
                }
            }
            catch (Exception e) when (answered && Passes(e))
            {
                await Task.Delay(_backOff.After(failures++), time, stop);
            }
        }
    }

    private async Task<(List<MicroserviceApp> Apps, string Version)> ListOnceAsync(CancellationToken stop)
    {
        var apps = new List<MicroserviceApp>();
        var version = "";
        try
        {
            await foreach (var page in api.ListAsync(MicroserviceApp.Type, scope, stop))
            {
                apps.AddRange(page.Items);
                version = page.ResourceVersion;
            }
        }
        catch (ApiException e) when (e.IsNotFound)
        {
            throw new CommandException(
                ExitCodes.Cluster, $"{api.Config.Server} ({api.Config.Source}) does not know {MicroserviceApp.Resource}: install the CRD with `fleet crds | kubectl apply -f -`", e);
        }

        return (apps, version);
    }

    private static bool Passes(Exception e) => e is HttpRequestException or IOException or TimeoutException
        or ApiException { IsGone: true } or ApiException { IsServerError: true } or ApiException { IsTooManyRequests: true };

    private static List<MicroserviceApp> InOrder(IEnumerable<MicroserviceApp> apps) =>
        [.. apps.OrderBy(a => a.Metadata.Namespace, StringComparer.Ordinal).ThenBy(a => a.Metadata.Name, StringComparer.Ordinal)];
}
