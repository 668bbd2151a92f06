using System.CommandLine;
using System.CommandLine.Completions;
using Fleet.Apps;
using Fleet.Kubernetes;

namespace Fleet.Cli;

/// <summary>Words for the shell that only the cluster knows. Somebody is typing: it answers soon or not at all, and says nothing about why.</summary>
internal static class Completions
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>The apps of the namespace that the command line names.</summary>
    internal static IEnumerable<CompletionItem> Apps(CompletionContext context) => Ask(
        context, (api, stop) => NamesAsync(api, MicroserviceApp.Resource, context.ParseResult.GetValue(ClusterOptions.Namespace) ?? api.Config.Namespace, stop));

    /// <summary>The namespaces.</summary>
    internal static IEnumerable<CompletionItem> Namespaces(CompletionContext context) => Ask(context, (api, stop) => NamesAsync(api, Resources.Namespaces, null, stop));

    private static List<CompletionItem> Ask(CompletionContext context, Func<ApiClient, CancellationToken, Task<List<string>>> ask)
    {
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            // A credential plugin or a name server may block for longer than anything that can be cancelled.
            var asking = Task.Run(() => NamesAsync(context, ask, limit.Token), limit.Token);
            return [.. asking.WaitAsync(Patience).GetAwaiter().GetResult().Where(n => n.StartsWith(context.WordToComplete, StringComparison.Ordinal)).Select(n => new CompletionItem(n))];
        }
#pragma warning disable CA1031 // whatever is wrong, the command itself will say it
        catch (Exception)
#pragma warning restore CA1031
        {
            return [];
        }
    }

    private static async Task<List<string>> NamesAsync(CompletionContext context, Func<ApiClient, CancellationToken, Task<List<string>>> ask, CancellationToken stop)
    {
        var config = ClusterConfig.Load(context.ParseResult.GetValue(ClusterOptions.Kubeconfig), context.ParseResult.GetValue(ClusterOptions.Context));
        using var api = new ApiClient(config, new() { RequestTimeout = Patience });
        return await ask(api, stop);
    }

    private static async Task<List<string>> NamesAsync(ApiClient api, Resource kind, string? ns, CancellationToken stop)
    {
        var names = new List<string>();
        await foreach (var page in api.ListAsync(Kinds.MetadataOf(kind), new(ns), stop))
            names.AddRange(page.Items.Select(i => i.Metadata.Name));
        return names;
    }
}
