using System.Collections.Immutable;
using System.Globalization;

namespace Fleet.Local.Processes;

/// <summary>From a container's spec to what is started on this machine.</summary>
internal static class ContainerSetup
{
    private const double HeapShare = 0.75; // the rest is for what .NET needs beside the managed heap

    /// <summary>Makes the plan.</summary>
    /// <param name="pod">Where the container is.</param>
    /// <param name="container">The container.</param>
    /// <param name="command">What runs in its place.</param>
    /// <param name="copy">The copy of its program; null when it has none.</param>
    /// <param name="spec">The variables of its spec.</param>
    public static ProcessPlan Plan(PodScene pod, Container container, ContainerCommand command, ProgramCopy? copy, IReadOnlyDictionary<string, string> spec)
    {
        var paths = new MountPaths(pod.Volumes.MountsOf(container, spec).Append(new(TerminationPath(container), pod.TerminationLog(container))));
        string Rewrite(string text) => paths.Rewrite(pod.RewriteNames(text));

        var environment = HostEnvironment.Copy();
        environment["HOSTNAME"] = pod.Pod.Spec.Hostname ?? pod.Pod.Metadata.Name;
        environment["LISTEN_ADDRESS"] = pod.Facts.Address;
        if (copy is not null && paths.Find("/data") is { } data)
            environment["DATA_DIR"] = data;
        if (container.MemoryLimit is { } limit)
            environment["DOTNET_GCHeapHardLimit"] = ((long)(limit * HeapShare)).ToString("X", CultureInfo.InvariantCulture);
        foreach (var (name, value) in spec)
            environment[name] = Rewrite(value);
        pod.Ports.Apply(environment);

        ImmutableArray<string> words = command switch
        {
            ContainerCommand.Run run => [.. run.Words.Select(w => Rewrite(Expansion.Expand(w, spec)))],
            ContainerCommand.RunProgram program => [HostEnvironment.DotNet, copy!.Assembly, .. program.Args.Select(w => Rewrite(Expansion.Expand(w, spec)))],
            _ => throw new ArgumentException("there is nothing to run", nameof(command)),
        };
        var wanted = container.WorkingDir is { Length: > 0 } folder ? paths.Find(folder) ?? folder : null;
        return new()
        {
            Words = words,
            Environment = environment,
            Folder = wanted is not null && Directory.Exists(wanted) ? wanted : copy?.Folder ?? pod.Node.Options.WorkingDirectory,
            Mark = ProcessMark.OfContainer(pod.Node.Folders.Root, pod.Pod.Uid, container.Name),
        };
    }

    /// <summary>Where a container leaves its last words.</summary>
    public static string TerminationPath(Container container) =>
        container.TerminationMessagePath is { Length: > 0 } path ? path : "/dev/termination-log";
}
