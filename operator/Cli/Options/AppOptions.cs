using System.CommandLine;
using Fleet.Apps;
using Fleet.Kubernetes;

namespace Fleet.Cli;

/// <summary>Which apps are meant: one by its name, or all of a namespace, or all.</summary>
internal static class AppOptions
{
    /// <summary>An app's name that may be left out.</summary>
    internal static Argument<string?> OptionalName() =>
        new("NAME") { Description = "The app; all of them when left out", Arity = ArgumentArity.ZeroOrOne, CompletionSources = { Completions.Apps } };

    /// <summary>The name that was given, or null, and the namespace, null for all of them.</summary>
    /// <exception cref="CommandException">Both a name and all namespaces are asked for.</exception>
    internal static (string? Name, string? Namespace) Of(Call call, Argument<string?> argument)
    {
        var name = call.Get(argument);
        if (name is not null && call.Get(ClusterOptions.AllNamespaces))
            throw CommandException.Usage("NAME and --all-namespaces exclude each other: name the app's namespace with -n");
        return (name, ClusterOptions.ScopeOf(call));
    }

    /// <summary>The apps, by namespace and name; that there is none at all is noted.</summary>
    /// <exception cref="CommandException">There is no app of this name, or the CRD is not installed.</exception>
    internal static async Task<IReadOnlyList<MicroserviceApp>> FindAsync(Call call, ApiClient api, string? ns, string? name, CancellationToken stop)
    {
        var apps = await new AppFollower(api, name is null ? new(ns) : AppFollower.One(ns!, name), call.Time).ListAsync(stop);
        if (apps.Count == 0 && name is not null)
            throw await NotFound.OfAsync(api, ns!, name, call.Time, stop);
        if (apps.Count == 0)
            await call.Error.WriteLineAsync(ns is null ? "no MicroserviceApp in any namespace" : $"no MicroserviceApp in namespace {ns}");
        return apps;
    }
}
