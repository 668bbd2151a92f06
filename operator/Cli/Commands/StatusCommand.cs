using System.CommandLine;
using Fleet.Apps;
using Fleet.Kubernetes;

namespace Fleet.Cli;

/// <summary><c>fleet status</c>: the documented table, from what the operator wrote into the status.</summary>
internal static class StatusCommand
{
    private static readonly Argument<string?> Name = AppOptions.OptionalName();

    private static readonly Option<string> Output = OutputOptions.Of("table", "json", "yaml");

    private static readonly Option<bool> Watch = new("--watch", "-w") { Description = "Goes on showing it: redrawn in place on a terminal, printed again at each change elsewhere" };

    internal static Command Create() => new FleetCommand("status", "Shows an app's services as a table: NAME PORT PROTOCOL STATUS READY; or a list of the apps.")
    {
        Examples =
        [
            ("fleet status", "the apps of the current namespace"),
            ("fleet status shop -n demo --watch", "one app, kept up to date"),
            ("fleet status -A -o json | jq -r '.items[] | select(.status.ready) | .metadata.name'", "for programs"),
        ],
        Ends =
        [
            (ExitCodes.Ok, "shown, whatever the status is (fleet wait tells)"), (ExitCodes.No, "there is no such app, or it was deleted while watched"),
            (ExitCodes.Usage, "the command line or the kubeconfig is wrong"), (ExitCodes.Cluster, "the API server is not reached, or refuses"), (ExitCodes.Interrupted, "--watch was ended by Ctrl-C"),
        ],
        Arguments = { Name },
        Options = { ClusterOptions.Namespace, ClusterOptions.AllNamespaces, Output, Watch, ClusterOptions.Kubeconfig, ClusterOptions.Context },
        Body = RunAsync,
    };

    private static async Task<int> RunAsync(Call call, CancellationToken stop)
    {
        var (name, ns) = AppOptions.Of(call, Name);
        using var api = ClusterOptions.Connect(call);
        var follower = new AppFollower(api, name is null ? new(ns) : AppFollower.One(ns!, name), call.Time);
        var apps = await follower.ListAsync(stop);
        if (name is not null && apps.Count == 0)
            throw await NotFound.OfAsync(api, ns!, name, call.Time, stop);
        var view = new StatusView(call.Get(Output)!, name is not null, ns);
        if (!call.Get(Watch))
        {
            view.Show(call, apps);
            return ExitCodes.Ok;
        }

        await view.FollowAsync(call, follower, stop);
        throw new CommandException(ExitCodes.No, $"{MicroserviceApp.Resource.Kind} \"{name}\" was deleted");
    }
}
