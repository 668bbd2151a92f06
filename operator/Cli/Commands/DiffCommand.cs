using System.CommandLine;
using Fleet.Apps;

namespace Fleet.Cli;

/// <summary><c>fleet diff</c>: what the operator would do if the manifest were applied.</summary>
internal static class DiffCommand
{
    private static readonly Option<string> Namespace = new("--namespace", "-n")
    {
        Description = "The namespace of apps whose manifest names none. Default: the kubeconfig's", HelpName = "NAMESPACE",
    };

    internal static Command Create() => new FleetCommand("diff", "Compares the objects of a manifest with the cluster; writes nothing. + is created, ~ changed, - deleted, -/+ made anew, ! held back.")
    {
        Examples =
        [
            ("fleet diff -f shop.yaml", "what applying it would change"),
            ("kubectl get msa shop -o yaml | fleet diff -f -", "what the operator has still to do, or what has drifted"),
            ("fleet diff -f shop.yaml --bundled-tag 1.3.0", "what an upgrade of the operator would roll"),
        ],
        Ends =
        [
            (ExitCodes.Ok, "no difference"), (ExitCodes.No, "there are differences"), (ExitCodes.Usage, "the manifest is refused, or the command line, a file or the kubeconfig is wrong"),
            (ExitCodes.Cluster, "the API server is not reached, or refuses"),
        ],
        Options = { ManifestOptions.Files, Namespace, PlanningOptions.Registry, PlanningOptions.Tag, PlanningOptions.GatewayRbac, PlanningOptions.Secrets, ClusterOptions.Kubeconfig, ClusterOptions.Context },
        Body = RunAsync,
    };

    private static async Task<int> RunAsync(Call call, CancellationToken stop)
    {
        if (await ManifestOptions.ReadAsync(call, call.Get(Namespace), call.LoadCluster().Namespace, stop) is not { } manifests)
            return ExitCodes.Usage;
        var settings = PlanningOptions.Settings(call);
        using var api = ClusterOptions.Connect(call);
        var differs = false;
        foreach (var manifest in manifests.Apps)
        {
            var reader = new WorldReader(api, settings, call.Get(PlanningOptions.Secrets));
            var app = await reader.AppliedAsync(manifest, stop);
            var world = await reader.ReadAsync(app, stop);
            Line[] lines = [.. DiffPage.Of(PlanDiff.Between(Planner.Plan(app, world, settings), world))];
            foreach (var note in reader.Notes)
                await call.Error.WriteLineAsync($"{app.Metadata.Name}: {note}");
            if (app.Spec.Suspend == true && lines.Length > 0)
                await call.Error.WriteLineAsync($"{app.Metadata.Name}: spec.suspend is true, so none of this is done before it is false");
            if (manifests.Apps.Length > 1 && lines.Length > 0)
                Screen.Write(call, [Line.Of(new Span($"{app.Metadata.Namespace}/{app.Metadata.Name}:", Tone.Quiet))]);
            Screen.Write(call, lines);
            differs |= lines.Length > 0;
        }

        return differs ? ExitCodes.No : ExitCodes.Ok;
    }
}
