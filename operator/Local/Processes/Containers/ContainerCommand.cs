using System.Collections.Immutable;

namespace Fleet.Local.Processes;

/// <summary>What runs in the place of a container's image.</summary>
internal abstract record ContainerCommand
{
    /// <summary>The annotation that names a command for a pod's main container; with a dot and a container's name, for that one.</summary>
    public const string Annotation = "fleet.local/command";

    private ContainerCommand()
    {
    }

    /// <summary>These words.</summary>
    /// <param name="Words">The command and its arguments, as the spec has them.</param>
    /// <param name="Program">The program in whose folder it runs; null when the image stands for none.</param>
    public sealed record Run(ImmutableArray<string> Words, LocalProgram? Program) : ContainerCommand;

    /// <summary>A program of this machine, with these arguments.</summary>
    /// <param name="Program">The program.</param>
    /// <param name="Args">Its arguments.</param>
    public sealed record RunProgram(LocalProgram Program, ImmutableArray<string> Args) : ContainerCommand;

    /// <summary>Nothing can run.</summary>
    /// <param name="Reason">The waiting reason.</param>
    /// <param name="Message">What to do about it.</param>
    public sealed record None(string Reason, string Message) : ContainerCommand;

    /// <summary>Decides: the annotation, else the container's own command, else the program that its image stands for.</summary>
    public static ContainerCommand For(LocalPod pod, Container container, IPrograms programs)
    {
        var isMain = pod.Spec.Containers.Count > 0 && pod.Spec.Containers[0].Name == container.Name;
        var key = $"{Annotation}.{container.Name}";
        var line = pod.Metadata.Annotations?.GetValueOrDefault(key) ?? (isMain ? pod.Metadata.Annotations?.GetValueOrDefault(Annotation) : null);
        var program = programs.Find(container.Image);
        if (line is not null)
        {
            return ShellWords.Split(line) is [_, ..] words
                ? new Run([.. words, .. container.Args], program)
                : new None("InvalidCommand", $"the annotation {(isMain ? Annotation : key)} is no command: write one line of words as for a shell, with every quote closed");
        }

        if (container.Command.Count > 0)
            return new Run([.. container.Command, .. container.Args], program);
        if (program is null)
            return new None(NoLocalProgram, $"no program of this machine stands for image {container.Image}: name a command with the annotation {(isMain ? Annotation : key)} on the pods, or in the container");
        return program.IsBuilt
            ? new RunProgram(program, [.. container.Args])
            : new None(NoLocalProgram, $"the program for image {container.Image} was not built: {Path.Combine(program.Folder, program.Assembly)} is missing");
    }

    /// <summary>The waiting reason of a container whose image stands for no program.</summary>
    public const string NoLocalProgram = "NoLocalProgram";
}
