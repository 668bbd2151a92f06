using System.ComponentModel;
using System.Text;
using Fleet.Kubernetes;

namespace Fleet.Local.Processes;

/// <summary>One run of a container, from the start of its process until the last of its group is gone.</summary>
/// <param name="pod">Its pod.</param>
/// <param name="container">The container.</param>
/// <param name="isProbed">False for one that is only to come to an end.</param>
/// <param name="number">How many runs there were before.</param>
/// <param name="copy">The program that runs; null for a command.</param>
/// <param name="publish">Shows how it fares.</param>
internal sealed class ContainerRun(
    PodScene pod, Container container, bool isProbed, int number, ProgramCopy? copy, Action<Func<ContainerSnapshot, ContainerSnapshot>> publish) : IProbeSink
{
    private static readonly TimeSpan GraceAfterHook = TimeSpan.FromSeconds(2);

    private readonly TaskCompletionSource<TimeSpan> _restart = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile ContainerProcess? _process;
    private volatile bool _outOfMemory;

    /// <summary>What it writes.</summary>
    public LogFile? Log { get; private set; }

    /// <summary>How many runs there were before.</summary>
    public int Number => number;

    /// <summary>The program that runs; null for a command.</summary>
    public ProgramCopy? Copy => copy;

    /// <summary>Whether it ends because its program was built anew.</summary>
    public bool IsReplaced { get; private set; }

    /// <summary>Its process's number; null when it does not run.</summary>
    public int? ProcessId => _process?.Id;

    private NodeContext Node => pod.Node;

    private ProcessPlan Plan { get; set; } = null!;

    /// <summary>Runs it.</summary>
    public async Task<ContainerLife.Ended> RunAsync(ProcessPlan plan)
    {
        Plan = plan;
        var started = Node.Time.GetUtcNow();
        File.Delete(pod.TerminationLog(container));
        using var log = Log = new LogFile(Node.Folders.Log(pod.Pod, container.Name, number), Node.Time);
        File.Delete(Node.Folders.Log(pod.Pod, container.Name, number - 2));
        File.Delete(Node.Folders.Log(pod.Pod, container.Name, number - 2) + LogFile.Older);
        using var process = TryStart(plan, log, out var failure);
        if (process is null)
            return NotStarted(started, failure);
        _process = process;
        publish(s => s with { Life = new ContainerLife.Running(started), IsReady = false, IsStarted = false });
        Node.Events.Normal(pod.Pod, "Started", $"Started container {container.Name}");

        using var over = new CancellationTokenSource();
        var watching = WatchAsync(over.Token);
        var asked = Task.Delay(Timeout.Infinite, pod.Ending.Begun);
        if (await Task.WhenAny(process.Ended, asked, _restart.Task) != process.Ended)
            await EndAsync(process);
        var code = await process.Ended;
        _process = null;
        publish(s => s with { IsReady = false });
        await over.CancelAsync();
        await watching;
        return _outOfMemory
            ? new(137, "OOMKilled", null, started, Node.Time.GetUtcNow())
            : new(code, code == 0 ? "Completed" : "Error", Message(code), started, Node.Time.GetUtcNow());
    }

    /// <summary>What it uses of memory was measured.</summary>
    public void Measured(long memory)
    {
        if (container.MemoryLimit is not { } limit || memory <= limit || _process is not { } process)
            return;
        _outOfMemory = true;
        process.Kill();
    }

    /// <summary>Its program was built anew.</summary>
    public void Replace()
    {
        IsReplaced = true;
        if (_restart.TrySetResult(TimeSpan.FromSeconds(10)))
            Node.Events.Normal(pod.Pod, "Killing", $"Container {container.Name} runs a program that was built anew, will be restarted");
    }

    void IProbeSink.Started() => publish(s => s with { IsStarted = true });

    void IProbeSink.Ready(bool ready) => publish(s => s with { IsReady = ready });

    void IProbeSink.Unhealthy(string message)
    {
        if (!pod.Ending.HasBegun) // that it fails then is no news
            Node.Events.Warning(pod.Pod, "Unhealthy", message);
    }

    void IProbeSink.Restart(string probe, long? graceSeconds)
    {
        if (!pod.Ending.HasBegun && _restart.TrySetResult(TimeSpan.FromSeconds(graceSeconds ?? pod.Pod.Spec.TerminationGracePeriodSeconds ?? 30)))
            Node.Events.Normal(pod.Pod, "Killing", $"Container {container.Name} failed {probe} probe, will be restarted");
    }

    private ContainerProcess? TryStart(ProcessPlan plan, LogFile log, out string failure)
    {
        failure = $"exec: \"{plan.Words[0]}\": executable file not found in $PATH";
        if (!HostEnvironment.Has(plan.Words[0], plan.Folder, plan.Environment.GetValueOrDefault("PATH")))
            return null;
        try
        {
            return ContainerProcess.Start(plan, Node.Guard, log.CopyAsync);
        }
        catch (Win32Exception e)
        {
            failure = e.Message; // no memory, no more processes allowed, a folder that is gone
            return null;
        }
    }

    private async Task WatchAsync(CancellationToken over)
    {
        if (container.Lifecycle?.PostStart is { } hook && await HookAsync(hook, over) is { } failure && !over.IsCancellationRequested)
        {
            Node.Events.Warning(pod.Pod, "FailedPostStartHook", failure);
            _process?.Kill();
            return;
        }

        if (isProbed)
            await new ContainerProbes(container, new(pod.Address, pod.Ports), ExecuteAsync, this, Node.Time).RunAsync(over);
    }

    private async Task EndAsync(ContainerProcess process)
    {
        // The time of a restart starts here, that of a pod's end when it was asked for; whichever is over first.
        using var restart = _restart.Task is { IsCompletedSuccessfully: true, Result: var grace } ? new CancellationTokenSource(grace, Node.Time) : null;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(pod.Ending.Forced, restart?.Token ?? CancellationToken.None);
        if (pod.Ending.HasBegun)
            Node.Events.Normal(pod.Pod, "Killing", $"Stopping container {container.Name}");

        if (container.Lifecycle?.PreStop is { } hook && !IsReplaced && (!pod.Ending.HasBegun || pod.Ending.RunsHooks))
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token);
            _ = process.Ended.ContinueWith(_ => either.CancelAsync(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            if (await HookAsync(hook, either.Token) is { } failure && !process.Ended.IsCompleted)
                Node.Events.Warning(pod.Pod, "FailedPreStopHook", failure);
        }

        process.Signal(Signals.Terminate);
        if (limit.IsCancellationRequested && pod.Ending is { HasBegun: true, RunsHooks: true } && container.Lifecycle?.PreStop is not null)
            await ((Task)process.Ended).WaitAsync(GraceAfterHook, Node.Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        else
            await ((Task)process.Ended).WaitAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        process.Kill();
    }

    private async Task<string?> HookAsync(LifecycleHandler hook, CancellationToken stop)
    {
        try
        {
            if (hook.Sleep is { } sleep)
                await Task.Delay(TimeSpan.FromSeconds(sleep.Seconds), Node.Time, stop);
            if (hook.HttpGet is { } http && await new ProbeTarget(pod.Address, pod.Ports).HttpGetAsync(http, container, stop) is { Success: false } bad)
                return bad.Message;
            if (hook.Exec is { } command && await ExecuteAsync(command, stop) is { Code: not 0 } failed)
                return $"command exited with {failed.Code}: {failed.Output}";
            return null;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return "it took longer than the pod had left";
        }
        catch (HttpRequestException e)
        {
            return e.Message;
        }
    }

    /// <summary>Runs a command beside the container, as <c>kubectl exec</c> would.</summary>
    private async Task<(int Code, string Output)> ExecuteAsync(ExecAction command, CancellationToken stop)
    {
        if (command.Command is not [var program, ..] || !HostEnvironment.Has(program, Plan.Folder, Plan.Environment.GetValueOrDefault("PATH")))
            return (127, "there is no such program");
        var output = new OutputTail();
        var paths = new MountPaths(pod.Volumes.MountsOf(container, Plan.Environment));
        var plan = Plan with
        {
            Words = [.. command.Command.Select(w => paths.Rewrite(pod.RewriteNames(w)))],
            Mark = $"{Plan.Mark}exec-{Guid.NewGuid():N}#",
        };
        using var process = ContainerProcess.Start(plan, Node.Guard, output.CopyAsync);
        await using var kill = stop.Register(process.Kill);
        var code = await process.Ended;
        stop.ThrowIfCancellationRequested();
        return (code, output.ToString().Trim());
    }

    private ContainerLife.Ended NotStarted(DateTimeOffset started, string message)
    {
        Log!.Append(Encoding.UTF8.GetBytes(message));
        Node.Events.Warning(pod.Pod, "Failed", $"Error: failed to start container {container.Name}: {message}");
        return new(128, "StartError", message, started, Node.Time.GetUtcNow());
    }

    /// <summary>The last words that the container left on purpose, or, when it asks for that, the end of its log.</summary>
    private string? Message(int code)
    {
        var left = pod.TerminationLog(container);
        if (File.Exists(left) && LastWords.Of(left, 4096, int.MaxValue) is { Length: > 0 } words)
            return words;
        return code != 0 && container.TerminationMessagePolicy == "FallbackToLogsOnError" && Log is { } log
            ? LastWords.OfLog(log.Path) : null;
    }
}
