using Fleet.Kubernetes;
using Fleet.Runtime;
using Microsoft.Extensions.Logging;

namespace Fleet.Local.Processes;

/// <summary>The life of one container: made ready, run, and run again as its pod's restart policy says.</summary>
/// <param name="pod">Its pod.</param>
/// <param name="name">Its name.</param>
/// <param name="isInit">Whether it is to come to an end before others start.</param>
internal sealed partial class ContainerLoop(PodScene pod, string name, bool isInit)
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);

    private readonly RestartBackOff _backOff = new();
    private ContainerSnapshot _snapshot = new(name, "");

    /// <summary>How it fares.</summary>
    public ContainerSnapshot Snapshot => Volatile.Read(ref _snapshot);

    /// <summary>The run under way, or the last one.</summary>
    public ContainerRun? Run { get; private set; }

    /// <summary>The container's spec.</summary>
    public Container Container { get; } = pod.Pod.Spec.Containers.Concat(pod.Pod.Spec.InitContainers).First(c => c.Name == name);

    private NodeContext Node => pod.Node;

    private string Policy => Container.RestartPolicy ?? (isInit && pod.Pod.Spec.RestartPolicy == "Always" ? "OnFailure" : pod.Pod.Spec.RestartPolicy);

    /// <summary>An init container that goes on running beside the others.</summary>
    public bool IsSidecar => isInit && Container.RestartPolicy == "Always";

    /// <summary>Takes over what a status says of earlier runs: of a node that was here before us.</summary>
    public void Begin(ContainerSnapshot before) => _snapshot = before with { Image = Container.Image };

    /// <summary>Runs it to its end; true when it came to a good one.</summary>
    public async Task<bool> RunAsync()
    {
        while (await PrepareAsync() is var (plan, copy))
        {
            var ended = await OneRunAsync(plan, copy);
            if (pod.Ending.HasBegun || !Restarts(ended))
                return ended.ExitCode == 0;
            var wait = Run?.IsReplaced == true ? TimeSpan.Zero : _backOff.After(ended.FinishedAt - ended.StartedAt);
            if (wait > TimeSpan.Zero && !await BackOffAsync(wait, ended))
                return false;
        }

        return false;
    }

    private bool Restarts(ContainerLife.Ended ended) => Policy == "Always" || (Policy == "OnFailure" && ended.ExitCode != 0);

    /// <summary>Waits until it can be started; null when its pod ends before.</summary>
    private async Task<(ProcessPlan Plan, ProgramCopy? Copy)?> PrepareAsync()
    {
        while (!pod.Ending.HasBegun)
        {
            var news = pod.News.Next;
            var again = LookAgain;
            try
            {
                var command = ContainerCommand.For(pod.Pod, Container, Node.Options.Programs);
                if (command is ContainerCommand.None none)
                {
                    Wait(none.Reason, none.Message);
                }
                else
                {
                    var find = await Node.ReadAsync(pod.Pod.Metadata.Namespace!, ConfigSource.OfEnvironment(Container), pod.Ending.Begun);
                    var spec = ContainerEnvironment.Resolve(Container, pod.Facts, find);
                    var program = command is ContainerCommand.RunProgram run ? run.Program : (command as ContainerCommand.Run)?.Program;
                    var copy = program is { IsBuilt: true } ? Node.Programs.Get(program) : null;
                    return (ContainerSetup.Plan(pod, Container, command, copy, spec), copy);
                }
            }
            catch (ConfigErrorException e)
            {
                Wait("CreateContainerConfigError", e.Message);
                again = TimeSpan.FromSeconds(10); // what is missing announces itself
            }
            catch (OperationCanceledException) when (pod.Ending.HasBegun)
            {
                return null;
            }
            catch (Exception e) when (e is ApiException or HttpRequestException or IOException or TimeoutException or UnauthorizedAccessException)
            {
                if (Failures.Describe(e) is var failure && pod.IsNews(failure))
                    Log.NotPrepared(Node.Logger, pod.Pod, name, failure);
            }

            await pod.WaitAsync(news, again);
        }

        return null;
    }

    private async Task<ContainerLife.Ended> OneRunAsync(ProcessPlan plan, ProgramCopy? copy)
    {
        var number = Snapshot is { Id: null, Last: null } ? 0 : Snapshot.Restarts + 1;
        var run = new ContainerRun(pod, Container, !isInit || IsSidecar, number, copy, Publish);
        Run = run;
        var last = Snapshot.Life as ContainerLife.Ended ?? Snapshot.Last;
        Publish(s => s with { Last = last, Restarts = number, Id = $"process://{pod.Pod.Uid}/{name}/{number}" });
        var ended = await run.RunAsync(plan);
        Publish(s => s with { Life = ended, IsReady = isInit && ended.ExitCode == 0, IsStarted = false });
        return ended;
    }

    private async Task<bool> BackOffAsync(TimeSpan wait, ContainerLife.Ended ended)
    {
        var which = $"{name} in pod {pod.Pod.Metadata.Name}_{pod.Pod.Metadata.Namespace}({pod.Pod.Uid})";
        Publish(s => s with
        {
            Last = ended,
            Life = new ContainerLife.Waiting(
                "CrashLoopBackOff",
                $"back-off {Duration(wait)} restarting failed container={name} pod={pod.Pod.Metadata.Name}_{pod.Pod.Metadata.Namespace}({pod.Pod.Uid})"),
        });
        Node.Events.Warning(pod.Pod, "BackOff", $"Back-off restarting failed container {which}");
        await Task.Delay(wait, Node.Time, pod.Ending.Begun).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return !pod.Ending.HasBegun;
    }

    private void Wait(string reason, string message)
    {
        var waiting = new ContainerLife.Waiting(reason, message);
        if (Snapshot.Life == waiting)
            return;
        // A run that has ended is not forgotten over what the next one waits for.
        Publish(s => s with { Last = s.Life as ContainerLife.Ended ?? s.Last, Life = waiting });
        Node.Events.Warning(pod.Pod, "Failed", $"Error: {message}");
    }

    private void Publish(Func<ContainerSnapshot, ContainerSnapshot> change)
    {
        ContainerSnapshot was, now;
        do
        {
            was = Snapshot;
            now = change(was);
        }
        while (Interlocked.CompareExchange(ref _snapshot, now, was) != was);
        if (now != was)
            pod.Moved.Beat();
    }

    private static string Duration(TimeSpan wait) => wait.Seconds == 0 && wait.TotalMinutes >= 1 ? $"{wait.TotalMinutes:0}m0s"
        : wait.TotalMinutes >= 1 ? $"{(int)wait.TotalMinutes}m{wait.Seconds}s" : $"{wait.TotalSeconds:0}s";

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "{Pod}: container {Name} cannot be started yet: {Failure}")]
        public static partial void NotPrepared(ILogger logger, LocalPod pod, string name, string failure);
    }
}
