using System.Text.RegularExpressions;

namespace Fleet.Local.Processes;

/// <summary>The four bundled images, <c>.../fleet-auth:0.1.0</c> for instance, as the programs of a checkout.</summary>
/// <param name="checkout">Its folder.</param>
/// <param name="configuration">Which build of it.</param>
public sealed partial class CheckoutPrograms(string checkout, string configuration = "Release") : IPrograms
{
    /// <inheritdoc/>
    public LocalProgram? Find(string image)
    {
        if (Bundled().Match(image) is not { Success: true } match)
            return null;
        var name = match.Groups["name"].Value;
        var project = char.ToUpperInvariant(name[0]) + name[1..];
        return new(name, Path.Combine(checkout, "services", project, "bin", configuration, "net10.0"), $"Fleet.{project}.dll");
    }

    [GeneratedRegex("(?:^|/)fleet-(?<name>auth|users|orders|gateway)(?:[:@]|$)", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Bundled();
}
