using System.CommandLine;
using Fleet.Apps;
using Fleet.Local;
using Fleet.Local.Processes;

namespace Fleet.Cli;

/// <summary><c>fleet up</c>: apps on this machine, without a cluster.</summary>
internal static class UpCommand
{
    internal static readonly Option<string> State = Setting.Of("--state", "The folder of the kubeconfig, logs and volumes", StateFolder.Usual, "DIR");

    private static readonly Option<string[]> Files = new("--filename", "-f")
    {
        Description = "A file with objects, as YAML or JSON; saved again, it is applied again. May be given several times. Default: the example crds/examples/shop.yaml", HelpName = "FILE",
    };

    private static readonly Option<int> Port = Setting.Of("--port", "The gateway's port on 127.0.0.1; 0 means the port that the app names. One that is taken or not allowed is the next free one", 0, "PORT", Setting.Between(0, 65535));

    private static readonly Option<bool> Detach = new("--detach", "-d") { Description = "Returns once all is up, and leaves it running until `fleet down`" };

    internal static Command Create() => new FleetCommand("up", "Runs apps on this machine, without a cluster: an API server in memory, the operator, and the services as processes.")
    {
        Examples =
        [
            ("fleet up", "the example, until Ctrl-C"),
            ("fleet up -f shop.yaml -f config.yaml --port 8080", "files of your own, applied again whenever they are saved"),
            ("fleet up -d && kubectl --kubeconfig ~/.local/state/fleet/kubeconfig get msa", "in the background"),
        ],
        Ends =
        [
            (ExitCodes.Ok, "--detach: all is up"), (ExitCodes.No, "a file is refused, the build failed, or a fleet is up already"),
            (ExitCodes.Usage, "the command line is wrong, or a file cannot be read"), (ExitCodes.Interrupted, "ended by Ctrl-C; nothing is left running"), (ExitCodes.Terminated, "the same, by `fleet down`"),
        ],
        Options = { Files, Port, Detach, State },
        Body = RunAsync,
    };

    private static async Task<int> RunAsync(Call call, CancellationToken stop)
    {
        var (checkout, state) = (Checkout.Find(), new StateFolder(Path.GetFullPath(call.Get(State)!)));
        var files = await ManifestSource.ReadAsync(call.Get(Files) is { Length: > 0 } named ? named : [checkout.Example], stop);
        if (call.Get(Detach))
            return await DetachedFleet.StartAsync(call, state, [.. call.Get(Files) ?? []], call.Get(Port), stop);

        // :: Step 1 - what is wrong is told before anything is started.
        var settings = new OperatorSettings(OperatorSettings.DefaultRegistry, PlanningOptions.Version);
        var ports = new GatewayPorts(call.Get(Port) is > 0 and var port ? port : null);
        var manifests = files.Select(f => LocalManifest.Read(f.File, f.Text, settings)).ToList();
        foreach (var problem in manifests.SelectMany(m => m.Problems))
            await call.Error.WriteLineAsync(problem);
        if (manifests.Exists(m => m.Problems.Count > 0))
            return ExitCodes.No;
        manifests.ForEach(ports.Note);

        // :: Step 2 - one fleet for a folder; the programs as the sources are now.
        using var taken = state.Take();
        using var progress = new Progress(call);
        await new ServiceBuild(checkout.Root).RunAsync(progress.Tell, stop);

        // :: Step 3 - the cluster, then the files.
        progress.Tell("starting the API server, the operator and the node");
        using var logs = FileLog.Create(state.Log, call.Time);
        var options = new LocalClusterOptions
        {
            Directory = state.Path, Programs = new CheckoutPrograms(checkout.Root), Settings = settings, WantedPorts = ports.Wanted, WorkingDirectory = Environment.CurrentDirectory,
        };
        await using var cluster = await LocalCluster.StartAsync(options, call.Time, logs, stop);
        var fleet = new LocalFleet(cluster, call.Time);
        var screen = new UpScreen(call, state, cluster, fleet, progress);
        var applied = new AppliedFiles(fleet.Api, settings, screen.Tell);
        using var saved = new SavedFiles(files, call.Time);
        foreach (var (file, text) in files)
        {
            if (!await applied.ApplyAsync(file, text, stop))
                return ExitCodes.No;
        }

        // :: Step 4 - shown until somebody ends it.
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var following = saved.FollowAsync((file, text) => SavedAsync(file, text), ending.Token);
        await await Task.WhenAny(screen.ShowAsync(ending.Token), following, cluster.Failed);
        return ExitCodes.Ok;

        async Task SavedAsync(string file, string text)
        {
            ports.Note(LocalManifest.Read(file, text, settings));
            if (await applied.ApplyAsync(file, text, stop))
                screen.Tell($"{file}: applied");
        }
    }
}
