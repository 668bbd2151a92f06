using Fleet.Apps;
using Fleet.Kubernetes;

namespace Fleet.Cli;

/// <summary>Says that there is no app of a name, and which there are.</summary>
internal static class NotFound
{
    private const int MostNamed = 10;

    internal static async Task<CommandException> OfAsync(ApiClient api, string ns, string name, TimeProvider time, CancellationToken stop)
    {
        var others = await new AppFollower(api, new(ns), time).ListAsync(stop);
        var there = others.Count == 0
            ? "there is none; -n chooses another namespace, -A shows all"
            : $"there are: {string.Join(", ", others.Take(MostNamed).Select(a => a.Metadata.Name))}{(others.Count > MostNamed ? ", ..." : "")}";
        return new(ExitCodes.No, $"{MicroserviceApp.Resource.Kind} \"{name}\" not found in namespace {ns} ({api.Config.Source}); {there}");
    }
}
