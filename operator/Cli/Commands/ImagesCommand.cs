using System.CommandLine;
using System.Diagnostics;
using Fleet.Apps;

namespace Fleet.Cli;

/// <summary><c>fleet images</c>: what has to be in a registry before an app can run from it; and the way there, from the sources.</summary>
internal static class ImagesCommand
{
    private static readonly Option<string> Archive = new("--archive")
    {
        Description = "Builds every image, of the operator too, into this folder: one OCI archive each, for linux/amd64 and linux/arm64", HelpName = "DIR",
    };

    private static readonly Option<string> Registry = new("--registry")
    {
        Description = "Builds them and pushes them to this registry and path, with the credentials that docker login has left", HelpName = "REGISTRY",
    };

    private static readonly Option<string> BaseImage = Setting.Of<string>(
        "--base-image", "The image they are laid upon, for both platforms; else one of .NET 10 without a shell: ASP.NET Core's, and the bare libraries for the operator, which brings its runtime", null, "IMAGE",
        value => value.Any(char.IsWhiteSpace) || value.Length == 0 ? $"\"{value}\" is no image" : null);

    internal static Command Create() => new FleetCommand("images", "Prints the bundled images, one a line; or builds them from this checkout.")
    {
        Examples =
        [
            ("fleet images", "as this version runs them"),
            ("fleet images --bundled-registry registry.example.com/fleet --bundled-tag 1.2.3", "as they are called elsewhere"),
            ("fleet images --archive images", "builds them into files, which kind load image-archive and podman load read"),
            ("fleet images --registry registry.example.com/fleet", "builds and pushes them"),
        ],
        Ends = [(ExitCodes.Ok, "printed or built"), (ExitCodes.No, "a build failed; what it said is on stderr"), (ExitCodes.Usage, "the command line is wrong, or this is no checkout")],
        Options = { Archive, Registry, BaseImage, PlanningOptions.Registry, PlanningOptions.Tag },
        Body = RunAsync,
    };

    private static async Task<int> RunAsync(Call call, CancellationToken stop)
    {
        ImageDestination[] destinations =
        [
            .. call.Get(Archive) is { } folder ? [new ImageDestination.Archive(Path.GetFullPath(folder))] : Array.Empty<ImageDestination>(),
            .. call.Get(Registry) is { } registry ? [ImageDestination.Registry.Of(registry.TrimEnd('/'))] : Array.Empty<ImageDestination>(),
        ];
        if (destinations.Length > 0)
            return await BuildAsync(call, destinations, stop);
        foreach (var bundled in Bundled.All)
            await call.Out.WriteLineAsync(bundled.Image(new(call.Get(PlanningOptions.Registry)!, call.Get(PlanningOptions.Tag)!)));
        return ExitCodes.Ok;
    }

    private static async Task<int> BuildAsync(Call call, ImageDestination[] destinations, CancellationToken stop)
    {
        var tag = call.Get(PlanningOptions.Tag)!;
        var wanted = Checkout.Find().Programs.SelectMany(program => destinations.Select(to => (program.Image, program.Project, To: to))).ToArray();
        foreach (var (i, (image, project, to)) in wanted.Index())
        {
            var name = to switch
            {
                ImageDestination.Registry registry => $"{registry.Host}/{registry.Path}{image}:{tag}",
                ImageDestination.Archive archive => Path.Combine(archive.Directory, $"{image}.tar.gz"),
                _ => throw new UnreachableException(),
            };
            await call.Error.WriteLineAsync($"[{i + 1}/{wanted.Length}] building {name}");
            if (await new ImageBuild(project, tag, call.Get(BaseImage), to).RunAsync(stop) is { } problem)
                throw new CommandException(ExitCodes.No, $"{image} was not built:\n{problem}");
            await call.Out.WriteLineAsync(name);
        }

        return ExitCodes.Ok;
    }
}
