using System.CommandLine;
using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Cli;

/// <summary><c>fleet tree</c>: everything that belongs to an app, with states.</summary>
internal static class TreeCommand
{
    private static readonly Argument<string?> Name = AppOptions.OptionalName();

    private static readonly Option<string> Output = OutputOptions.Of("table", "json", "yaml");

    private static readonly Option<bool> All = new("--all") { Description = "Shows ReplicaSets of older templates as well, which have no pods" };

    internal static Command Create() => new FleetCommand("tree", "Shows what an app owns as a tree: service, Deployment, ReplicaSet, Pod, and everything else, with states.")
    {
        Examples =
        [
            ("fleet tree shop", "one app"), ("fleet tree -A", "the apps of all namespaces"),
            ("fleet tree shop -o json | jq -r '.. | objects | select(.kind == \"Pod\") | .name'", "for programs"),
        ],
        Ends =
        [
            (ExitCodes.Ok, "shown, whatever the states are"), (ExitCodes.No, "there is no such app"), (ExitCodes.Usage, "the command line or the kubeconfig is wrong"),
            (ExitCodes.Cluster, "the API server is not reached, or refuses"),
        ],
        Arguments = { Name },
        Options = { ClusterOptions.Namespace, ClusterOptions.AllNamespaces, All, Output, ClusterOptions.Kubeconfig, ClusterOptions.Context },
        Body = RunAsync,
    };

    private static async Task<int> RunAsync(Call call, CancellationToken stop)
    {
        var (name, ns) = AppOptions.Of(call, Name);
        using var api = ClusterOptions.Connect(call);
        var apps = await AppOptions.FindAsync(call, api, ns, name, stop);
        var reader = new ObjectReader(api);
        var objects = apps.Count == 0 ? [] : await reader.ReadAsync(ns, name, stop);
        foreach (var kind in reader.Denied)
            await call.Error.WriteLineAsync($"{kind} may not be listed with these credentials, so they are not shown");
        var trees = apps.Select(app => (app.Metadata.Namespace!, App: ObjectTree.Of(app, objects, call.Get(All)))).ToList();
        if (call.Get(Output) == "table")
        {
            if (trees.Count > 0)
                Screen.Write(call, TreePage.Of(trees, withNamespace: ns is null, call.Time.GetUtcNow()));
            return ExitCodes.Ok;
        }

        JsonNode document = name is null ? Documents.List(trees.Select(t => TreePage.Document(t.App))) : TreePage.Document(trees[0].App);
        await call.Out.WriteAsync(call.Get(Output) == "yaml" ? Yaml.Write(document) : Documents.Json(document));
        return ExitCodes.Ok;
    }
}
