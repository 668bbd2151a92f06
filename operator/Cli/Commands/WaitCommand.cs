using System.CommandLine;
using Fleet.Apps;

namespace Fleet.Cli;

/// <summary><c>fleet wait</c>: returns when a condition holds for the newest generation.</summary>
internal static class WaitCommand
{
    private static readonly Argument<string> Name = new("NAME") { Description = "The app", CompletionSources = { Completions.Apps } };

    private static readonly TimeSpan UsualTimeout = TimeSpan.FromSeconds(60);

    private static readonly Option<WaitCondition?> For = Parsed<WaitCondition?>(
        "--for", "The condition, with =false or =unknown for another status than true. Default: Ready", "CONDITION[=STATUS]",
        text => (WaitCondition.Parse(text, out var condition), condition));

    private static readonly Option<TimeSpan?> Timeout = Parsed<TimeSpan?>(
        "--timeout", "How long to wait: 90s, 5m, 1h30m; 0 looks once. Default: 60s", "DURATION",
        text => (GoDuration.TryParse(text, out var duration) ? null : $"\"{text}\" is no duration; write 90s, 5m or 1h30m", duration));

    internal static Command Create() => new FleetCommand("wait", "Waits until a condition of an app holds for the newest generation of its spec.")
    {
        Examples =
        [
            ("kubectl apply -f shop.yaml && fleet wait shop --timeout 5m", "until what was just applied runs"),
            ("fleet wait shop --for=Accepted --timeout 10s", "until the spec is found valid"),
            ("fleet wait shop --for=Ready=false", "until something fails"),
        ],
        Ends =
        [
            (ExitCodes.Ok, "the condition holds, for the newest generation"), (ExitCodes.No, "it does not hold in time; or there is no such app, or it was deleted"),
            (ExitCodes.Usage, "the command line or the kubeconfig is wrong"), (ExitCodes.Cluster, "the API server is not reached, or refuses"), (ExitCodes.Interrupted, "ended by Ctrl-C"),
        ],
        Arguments = { Name },
        Options = { For, Timeout, ClusterOptions.Namespace, ClusterOptions.Kubeconfig, ClusterOptions.Context },
        Body = RunAsync,
    };

    private static async Task<int> RunAsync(Call call, CancellationToken stop)
    {
        var (name, ns) = (call.Get(Name)!, ClusterOptions.NamespaceOf(call));
        var (condition, timeout) = (call.Get(For) ?? WaitCondition.Ready, call.Get(Timeout) ?? UsualTimeout);
        using var api = ClusterOptions.Connect(call);
        var follower = new AppFollower(api, AppFollower.One(ns, name), call.Time);
        if (await follower.ListAsync(stop) is not [var last])
            throw await NotFound.OfAsync(api, ns, name, call.Time, stop);

        var gone = false;
        using var limit = new CancellationTokenSource(timeout, call.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stop);
        try
        {
            if (!IsOver([last]))
                await follower.FollowAsync(IsOver, either.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !stop.IsCancellationRequested)
        {
            throw new CommandException(ExitCodes.No, $"{name} is not {condition} after {timeout.TotalSeconds:0.###} s: {condition.Describe(last)}");
        }

        if (gone)
            throw new CommandException(ExitCodes.No, $"{MicroserviceApp.Resource.Kind} \"{name}\" was deleted before it was {condition}");
        await call.Out.WriteLineAsync($"{name}: {condition.Describe(last)}");
        return ExitCodes.Ok;

        // An app on its way out is left alone by the operator: nothing will come any more.
        bool IsOver(IReadOnlyList<MicroserviceApp> apps)
        {
            gone = apps is not [{ Metadata.DeletionTimestamp: null }];
            if (!gone)
                last = apps[0];
            return gone || condition.IsMet(last);
        }
    }

    private static Option<T> Parsed<T>(string name, string description, string valueName, Func<string, (string? Problem, T Value)> parse) => new(name)
    {
        Description = description,
        HelpName = valueName,
        CustomParser = result =>
        {
            var (problem, value) = parse(result.Tokens[^1].Value);
            if (problem is not null)
                result.AddError($"{name}: {problem}");
            return value;
        },
    };
}
