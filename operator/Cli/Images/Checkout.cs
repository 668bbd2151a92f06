using System.Xml.Linq;

namespace Fleet.Cli;

/// <summary>The checkout that this program was built in: where the sources of the images are.</summary>
/// <param name="Root">Its folder.</param>
internal sealed record Checkout(string Root)
{
    private const string Solution = "Operator.sln";

    private static readonly string[] Sides = ["operator", "services"];

    /// <summary>Every program that has an image, by the image's name.</summary>
    internal IReadOnlyList<(string Image, string Project)> Programs =>
    [
        .. Sides
            .SelectMany(side => Directory.EnumerateFiles(Path.Combine(Root, side), "*.csproj", SearchOption.AllDirectories))
            .Select(project => (Image: XDocument.Load(project).Descendants("ImageName").FirstOrDefault()?.Value ?? "", Project: project))
            .Where(p => p.Image.Length > 0)
            .OrderBy(p => p.Image, StringComparer.Ordinal),
    ];

    /// <summary>The documented table as a manifest.</summary>
    internal string Example => Path.Combine(Root, "crds", "examples", "shop.yaml");

    /// <summary>Finds it.</summary>
    /// <exception cref="CommandException">This program runs from somewhere else.</exception>
    internal static Checkout Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, Solution)))
                return new(folder.FullName);
        }

        throw CommandException.Usage("the bundled programs are built from their sources: run ./fleet in a checkout");
    }
}
