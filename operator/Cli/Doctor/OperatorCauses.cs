using System.Collections.Immutable;
using Fleet.Apps;
using Fleet.Controller;
using Fleet.Kubernetes;

namespace Fleet.Cli;

/// <summary>Whether what the status says can be believed at all: the app can be read and stays, and an operator has looked at this very spec.</summary>
internal static class OperatorCauses
{
    // Who has only just applied something need not be told that nobody has seen it.
    private static readonly TimeSpan JustNow = TimeSpan.FromSeconds(3);

    /// <summary>What keeps anybody from looking at the app, or null.</summary>
    internal static Finding? OfApp(Facts facts)
    {
        var app = facts.App;
        if (app.Unreadable is { } why)
        {
            return new(Causes.Unreadable, facts.Name, $"this version cannot read the app: {why}",
                "use the version of this program that fits the installed CRD, or correct the field") { Because = ["the CRD on the cluster and this program are of different versions"] };
        }

        if (app.Metadata.DeletionTimestamp is not null)
        {
            return new(Causes.BeingDeleted, facts.Name, "the app is being deleted, and the operator leaves it alone",
                $"see what holds it: {facts.Kubectl} get msa {facts.Name} -o jsonpath='{{.metadata.finalizers}}'") { MayPass = true };
        }

        return app.Status is { } status && status.ObservedGeneration >= app.Metadata.Generation ? null : NotObserved(facts);
    }

    /// <summary>The operator has stopped since it wrote the status, or null.</summary>
    internal static Finding? Stopped(Facts facts)
    {
        if (Nearest(facts) is not { } lease || Trouble(lease, facts.Now) is not { } trouble)
            return null;
        // Another may have written the status meanwhile: one that runs without a lease, or with one that may not be read.
        var mayBeAnothers = lease.Metadata.Namespace != facts.Namespace && facts.Leases!.Value.Any(l => Trouble(l, facts.Now) is null);
        return mayBeAnothers || facts.App.Status?.Conditions.Any(c => c.LastTransitionTime > lease.Spec.RenewTime) == true ? null : NotRunning(facts, trouble, lease);
    }

    /// <summary>What one should know of the operator although the app is Ready, or null.</summary>
    internal static string? Remark(Facts facts) =>
        facts.Leases is { IsEmpty: false } leases && leases.All(l => Trouble(l, facts.Now) is not null) && Nearest(facts) is { } lease
            ? $"the status may be old: {Trouble(lease, facts.Now)}" : null;

    private static Finding NotObserved(Facts facts)
    {
        var (app, generation) = (facts.App, facts.App.Metadata.Generation);
        var behind = app.Status is null ? "no operator has looked at the app yet" : $"no operator has looked at generation {generation} yet; the status is about generation {app.Status.ObservedGeneration}";
        if (facts.Leases is null)
        {
            return new(Causes.NotObserved, "operator", $"{behind}, and whether one runs cannot be seen with these credentials",
                $"ask who runs the operator, or start one: {facts.Program} run --watch-namespace {facts.Namespace}") { MayPass = app.Status is null };
        }

        if (Nearest(facts) is not { } lease)
        {
            return new(Causes.OperatorNotRunning, "operator", $"{behind}: no operator runs, there is no Lease {OperatorHost.LeaseName}",
                $"start one: {facts.Program} run --watch-namespace {facts.Namespace}; or install its chart: helm install fleet-operator charts/fleet-operator");
        }

        if (Trouble(lease, facts.Now) is { } trouble)
            return NotRunning(facts, $"{behind}: {trouble}", lease);
        var here = lease.Metadata.Namespace == facts.Namespace;
        return new(Causes.NotObserved, "operator", $"{behind}, although an operator runs",
            here || Age(app, facts.Now) < JustNow
                ? $"wait for it: {facts.Program} wait {facts.Name} -n {facts.Namespace}; if that does not help read its log"
                : $"see that its --watch-namespace is {facts.Namespace} or empty, and read its log: kubectl -n {lease.Metadata.Namespace} logs -l app.kubernetes.io/name=fleet-operator --tail=50")
        {
            Because = [$"Lease {lease.Metadata.Namespace}/{lease.Metadata.Name} is held by {lease.Spec.HolderIdentity}"], MayPass = here,
        };
    }

    private static Finding NotRunning(Facts facts, string cause, Lease lease) => new(Causes.OperatorNotRunning, "operator", cause,
        $"start it again; in a cluster see why it does not run: kubectl -n {lease.Metadata.Namespace} get pods -l app.kubernetes.io/name=fleet-operator; elsewhere: {facts.Program} run")
    {
        Because = [$"Lease {lease.Metadata.Namespace}/{lease.Metadata.Name} was last renewed {Ago(lease, facts.Now)}"],
    };

    // The lease in the app's own namespace is that of an operator for this namespace; of the others the one that was renewed last.
    private static Lease? Nearest(Facts facts) => (facts.Leases ?? []).OrderByDescending(l => l.Metadata.Namespace == facts.Namespace).ThenByDescending(l => l.Spec.RenewTime).FirstOrDefault();

    private static string? Trouble(Lease lease, DateTimeOffset now)
    {
        if (string.IsNullOrEmpty(lease.Spec.HolderIdentity))
            return "the operator was stopped, its lease is released";
        // Twice the time after which another may take over: by then one would have, and the clocks need not agree to the second.
        var patience = TimeSpan.FromSeconds(2 * (lease.Spec.LeaseDurationSeconds ?? 15));
        return lease.Spec.RenewTime is { } renewed && now - renewed > patience ? $"the operator {lease.Spec.HolderIdentity} does not renew its lease any more" : null;
    }

    private static string Ago(Lease lease, DateTimeOffset now) => lease.Spec.RenewTime is { } renewed ? $"{Cli.Age.Of(renewed, now)} ago" : "never";

    private static TimeSpan Age(MicroserviceApp app, DateTimeOffset now) => app.Metadata.CreationTimestamp is { } created ? now - created : TimeSpan.MaxValue;
}
