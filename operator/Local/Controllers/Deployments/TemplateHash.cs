using System.Globalization;
using System.Text;

namespace Fleet.Local.Controllers;

/// <summary>The few letters by which the ReplicaSets of a Deployment differ in name and label.</summary>
internal static class TemplateHash
{
    // No vowels, and nothing that looks like another: no words come out, and people can read them aloud.
    private const string Letters = "bcdfghjklmnpqrstvwxz2456789";

    /// <summary>The same for the same template; another for every number of collisions.</summary>
    public static string Of(PodTemplate template, int collisions)
    {
        var hash = 2166136261u; // FNV-1a
        foreach (var b in Encoding.UTF8.GetBytes(template.Canonical + (collisions == 0 ? "" : collisions.ToString(CultureInfo.InvariantCulture))))
            hash = (hash ^ b) * 16777619u;
        return string.Concat(hash.ToString(CultureInfo.InvariantCulture).Select(digit => Letters[digit % Letters.Length]));
    }
}
