using System.Globalization;
using Fleet.Kubernetes;

namespace Fleet.Runtime;

/// <summary>
/// Resource versions as numbers. Within one resource they grow with time, in a watch too, so two can be compared (KEP-5504 made
/// this old fact a promise). A server behind an aggregated API may use other texts: those compare with nothing.
/// </summary>
internal static class Versions
{
    public static ulong? Parse(string? version) =>
        ulong.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    public static ulong? Of(IKubeObject obj) => Parse(obj.Metadata.ResourceVersion);
}
