using System.Collections.Immutable;
using System.CommandLine;
using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Kubernetes;

namespace Fleet.Cli;

/// <summary><c>fleet doctor</c>: why an app is not Ready, and what to do next.</summary>
internal static class DoctorCommand
{
    private static readonly Argument<string?> Name = AppOptions.OptionalName();

    private static readonly Option<string> Output = OutputOptions.Of("text", "json", "yaml");

    internal static Command Create() => new FleetCommand("doctor", "Finds why an app is not Ready and says the one next step. Reads only; what it may not read it does without, and says so.")
    {
        Examples =
        [
            ("fleet doctor shop", "one app"), ("fleet doctor -A", "every app that is not Ready"), ("fleet doctor shop -o json | jq -r '.findings[0].next'", "the next step alone"),
        ],
        Ends =
        [
            (ExitCodes.Ok, "Ready; of several apps all of them"), (ExitCodes.No, "not Ready, and the cause is told; or there is no such app"),
            (ExitCodes.Usage, "the command line or the kubeconfig is wrong"), (ExitCodes.Cluster, "the API server is not reached, or does not accept the credentials"),
        ],
        Arguments = { Name },
        Options = { ClusterOptions.Namespace, ClusterOptions.AllNamespaces, Output, ClusterOptions.Kubeconfig, ClusterOptions.Context },
        Body = RunAsync,
    };

    private static async Task<int> RunAsync(Call call, CancellationToken stop)
    {
        var (name, ns) = AppOptions.Of(call, Name);
        using var api = ClusterOptions.Connect(call);
        IReadOnlyList<MicroserviceApp> apps;
        try
        {
            apps = await AppOptions.FindAsync(call, api, ns, name, stop);
        }
        catch (CommandException e) when (e.InnerException is ApiException { IsNotFound: true })
        {
            var rules = await api.GetVersionAsync(stop) is { } version && version.AtLeast(1, 25);
            return Show(call, [new(ns ?? "", name ?? "the app", [ClusterCauses.NoCrd(Program.Name, rules)], [])], one: true);
        }
        catch (ApiException e) when (e.IsForbidden)
        {
            return Show(call, [new(ns ?? "", name ?? "the app", [ClusterCauses.NotPermitted(e.Status.Message, ns ?? api.Config.Namespace)], [])], one: true);
        }

        var reader = new FactsReader(api, call.Time);
        var pages = new List<DoctorPage>();
        foreach (var app in apps)
        {
            var facts = await reader.ReadAsync(app, stop);
            var findings = Diagnosis.Of(facts);
            ImmutableArray<string> notes = findings.IsEmpty ? [.. new[] { OperatorCauses.Remark(facts) }.OfType<string>()]
                : [.. reader.Denied.Select(kind => $"{kind} may not be read with these credentials, so what they would tell is missing")];
            pages.Add(new(app.Metadata.Namespace!, app.Metadata.Name, findings, notes));
        }

        return Show(call, pages, one: name is not null);
    }

    private static int Show(Call call, List<DoctorPage> pages, bool one)
    {
        if (call.Get(Output) == "text")
        {
            for (var i = 0; i < pages.Count; i++)
                Screen.Write(call, [.. i == 0 ? Array.Empty<Line>() : [Line.Empty], .. pages[i].Lines]);
        }
        else
        {
            JsonNode document = one ? pages[0].Document : Documents.List(pages.Select(p => p.Document));
            call.Out.Write(call.Get(Output) == "yaml" ? Yaml.Write(document) : Documents.Json(document));
        }

        return pages.All(p => p.Findings.IsEmpty) ? ExitCodes.Ok : ExitCodes.No;
    }
}
