using System.CommandLine;
using Fleet.Apps;

namespace Fleet.Cli;

/// <summary><c>fleet images</c>: what has to be in a registry before an app can run from it.</summary>
internal static class ImagesCommand
{
    internal static Command Create() => new FleetCommand("images", "Prints the bundled images, one a line.")
    {
        Examples = [("fleet images", "as this version runs them"), ("fleet images --bundled-registry registry.example.com/fleet --bundled-tag 1.2.3", "as they are called elsewhere")],
        Ends = [(ExitCodes.Ok, "printed"), (ExitCodes.Usage, "the command line is wrong")],
        Options = { ImageOptions.Registry, ImageOptions.Tag },
        Body = async (call, _) =>
        {
            foreach (var bundled in Bundled.All)
                await call.Out.WriteLineAsync(bundled.Image(ImageOptions.Settings(call)));
            return ExitCodes.Ok;
        },
    };
}
