using Fleet.Kubernetes;
using Fleet.Runtime;
using Microsoft.Extensions.Logging;

namespace Fleet.Local.Controllers;

/// <summary>
/// The controllers without which an API server is a table of wishes: Deployments, ReplicaSets, EndpointSlices and Endpoints, the bounds of autoscalers, the
/// counts of disruption budgets, what every namespace begins with. They talk to any API server, ask it nothing but through watches, and keep nothing of their own.
/// </summary>
/// <param name="api">The server; with every permission.</param>
/// <param name="time">The clock.</param>
/// <param name="logs">Where failed passes and watches are told.</param>
public sealed class LocalControllers(ApiClient api, TimeProvider time, ILoggerFactory logs)
{
    private const int WorkersEach = 4;

    /// <summary>Runs them until stopped.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        var logger = logs.CreateLogger("Fleet.Controllers");
        var caches = new ControllerCaches(api, time, logs.CreateLogger("Fleet.Watch"), new());
        var (rollouts, replicas) = (Recorder("deployment-controller"), Recorder("replicaset-controller"));
        var scaling = Recorder("horizontal-pod-autoscaler");

        using var deployments = new WorkQueue(time);
        using var sets = new WorkQueue(time);
        using var services = new WorkQueue(time);
        using var autoscalers = new WorkQueue(time);
        using var budgets = new WorkQueue(time);
        using var namespaces = new WorkQueue(time);
        ControllerKeys.Connect(caches, new(deployments.Add, sets.Add, services.Add, autoscalers.Add, budgets.Add, namespaces.Add));

        Task[] background = [caches.RunAsync(stop), rollouts.RunAsync(stop), replicas.RunAsync(stop), scaling.RunAsync(stop)];
        try
        {
            // A pass over a half of the world would make what is only not seen yet.
            await Task.WhenAll(caches.All.Select(c => c.Settled)).WaitAsync(stop);
            await Task.WhenAll(
                Work(deployments, new DeploymentReconciler(api, caches, rollouts, time).ReconcileAsync),
                Work(sets, new ReplicaSetReconciler(api, caches, replicas, time).ReconcileAsync),
                Work(services, new EndpointsReconciler(api, caches).ReconcileAsync),
                Work(autoscalers, new AutoscalerReconciler(api, caches, scaling, time).ReconcileAsync),
                Work(budgets, new BudgetReconciler(api, caches, time).ReconcileAsync),
                Work(namespaces, new NamespaceReconciler(api, caches).ReconcileAsync));
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // That is how it ends.
        }

        await Task.WhenAll(background);

        EventRecorder Recorder(string name) => new(api, name, $"{name}-{Environment.MachineName}", time, logs.CreateLogger("Fleet.Events"));

        Task Work(WorkQueue queue, Func<ObjectKey, CancellationToken, Task<Outcome>> reconcile) =>
            new Workers(queue, (key, cancel) => PassAsync(reconcile, key, cancel), WorkersEach, logger, new(), time).RunAsync(stop);
    }

    // Someone else was faster, or the object is gone: no failure, the watch has the news in a moment.
    private static async Task<Outcome> PassAsync(Func<ObjectKey, CancellationToken, Task<Outcome>> reconcile, ObjectKey key, CancellationToken stop)
    {
        try
        {
            return await reconcile(key, stop);
        }
        catch (ApiException e) when (e.IsConflict || e.IsNotFound || e.IsAlreadyExists)
        {
            return Outcome.Again(TimeSpan.FromMilliseconds(100));
        }
    }
}
