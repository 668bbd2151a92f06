using System.CommandLine;
using Fleet.Apps;
using Fleet.Kubernetes;

namespace Fleet.Cli;

/// <summary><c>fleet events</c>: what happened to an app and everything that it owns.</summary>
internal static class EventsCommand
{
    private static readonly Argument<string?> Name = AppOptions.OptionalName();

    private static readonly Option<string> Output = OutputOptions.Of("table", "json", "yaml");

    private static readonly Option<bool> Watch = new("--watch", "-w") { Description = "Goes on showing what happens, a line each" };

    internal static Command Create() => new FleetCommand("events", "Shows what happened to an app and all that it owns, the newest last. Servers keep Events for an hour.")
    {
        Examples =
        [
            ("fleet events shop", "one app with its Deployments, ReplicaSets and Pods, also those that are gone"), ("fleet events shop --watch", "and what happens from now on"),
            ("fleet events -A -o json | jq -r '.items[] | select(.type == \"Warning\") | .note'", "for programs"),
        ],
        Ends =
        [
            (ExitCodes.Ok, "shown"), (ExitCodes.No, "there is no such app"), (ExitCodes.Usage, "the command line or the kubeconfig is wrong"),
            (ExitCodes.Cluster, "the API server is not reached, or refuses"), (ExitCodes.Interrupted, "--watch was ended by Ctrl-C"),
        ],
        Arguments = { Name },
        Options = { ClusterOptions.Namespace, ClusterOptions.AllNamespaces, Watch, Output, ClusterOptions.Kubeconfig, ClusterOptions.Context },
        Body = RunAsync,
    };

    private static async Task<int> RunAsync(Call call, CancellationToken stop)
    {
        var (name, ns) = AppOptions.Of(call, Name);
        var (form, watch) = (call.Get(Output)!, call.Get(Watch));
        using var api = ClusterOptions.Connect(call);
        var apps = await AppOptions.FindAsync(call, api, ns, name, stop);
        var objects = apps.Count == 0 ? [] : await new ObjectReader(api).ReadAsync(ns, name, stop);
        var owned = apps.Select(app => (App: app, Owned: ObjectTree.Owned(app, objects))).ToList();
        var follower = new EventFollower(api, ns, call.Time);
        var events = EventsPage.InOrder((await follower.ListAsync(stop)).Where(IsOurs)).ToList();
        switch (form)
        {
            case "table" when !watch:
                if (events.Count > 0)
                    Screen.Write(call, EventsPage.Of(events));
                else
                    await call.Error.WriteLineAsync("no Events; servers keep them for an hour");
                break;
            case "table":
                Screen.Write(call, events.Select(EventsPage.LineOf));
                break;
            default:
                if (watch)
                {
                    events.ForEach(Print);
                    break;
                }

                var list = Documents.List(events.Select(e => e.Document));
                await call.Out.WriteAsync(form == "yaml" ? Yaml.Write(list) : Documents.Json(list));
                break;
        }

        if (watch)
        {
            await call.Out.FlushAsync(stop);
            await follower.FollowAsync(
                happening =>
                {
                    if (!IsOurs(happening))
                        return;
                    if (form == "table")
                        Screen.Write(call, [EventsPage.LineOf(happening)]);
                    else
                        Print(happening);
                    call.Out.Flush();
                },
                stop);
        }

        return ExitCodes.Ok;

        bool IsOurs(AppEvent happening) => owned.Any(o => happening.Source.Metadata.Namespace == o.App.Metadata.Namespace && happening.IsAbout(o.App, o.Owned));

        void Print(AppEvent happening) => call.Out.Write(form == "yaml" ? $"---\n{Yaml.Write(happening.Document)}" : Documents.Json(happening.Document));
    }
}
