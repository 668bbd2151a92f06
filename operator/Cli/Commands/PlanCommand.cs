using System.CommandLine;
using Fleet.Apps;
using Fleet.Kubernetes;

namespace Fleet.Cli;

/// <summary><c>fleet plan</c>: the objects that the operator would make of a manifest, without a cluster.</summary>
internal static class PlanCommand
{
    private static readonly Option<string> Output = OutputOptions.Of("yaml", "json", "summary");

    // No kubeconfig is asked: the same file gives the same plan on every machine.
    private const string UsualNamespace = "default";

    private static readonly Option<string> Namespace = new("--namespace", "-n")
    {
        Description = $"The namespace of apps whose manifest names none. Default: {UsualNamespace}", HelpName = "NAMESPACE",
    };

    internal static Command Create() => new FleetCommand("plan", "Prints the objects that would be applied, offline; or all that is wrong with the manifest.")
    {
        Examples =
        [
            ("fleet plan -f shop.yaml", "every object as YAML; public routes are named on stderr"),
            ("fleet plan -f shop.yaml -o summary", "a table of objects and routes, public ones marked"),
            ("cat shop.yaml | fleet plan -f - -n demo | kubectl diff -f -", "from standard input, in a namespace"),
        ],
        Ends = [(ExitCodes.Ok, "planned"), (ExitCodes.No, "refused: every problem is on stderr, nothing on stdout"), (ExitCodes.Usage, "the command line is wrong or a file cannot be read")],
        Options = { ManifestOptions.Files, Namespace, Output, PlanningOptions.Registry, PlanningOptions.Tag, PlanningOptions.GatewayRbac },
        Body = RunAsync,
    };

    private static async Task<int> RunAsync(Call call, CancellationToken stop)
    {
        if (await ManifestOptions.ReadAsync(call, call.Get(Namespace), UsualNamespace, stop) is not { } manifests)
            return ExitCodes.No;
        var settings = PlanningOptions.Settings(call);
        AppPlan[] plans = [.. manifests.Apps.Select(app => Planner.Plan(app, Observed.Nothing, settings))];
        var objects = plans.SelectMany(p => p.Desired).Select(d => d.Object.ToJsonObject());
        switch (call.Get(Output))
        {
            case "summary":
                for (var i = 0; i < plans.Length; i++)
                    Screen.Write(call, [.. i == 0 ? Array.Empty<Line>() : [Line.Empty], .. PlanPage.Of(plans[i])]);
                return ExitCodes.Ok;
            case "json":
                await call.Out.WriteAsync(Documents.Json(Documents.List(objects)));
                break;
            default:
                await call.Out.WriteAsync(Yaml.WriteAll(objects));
                break;
        }

        if (PlanPage.PublicRoutes(plans) is { } open)
            await call.Error.WriteLineAsync(open);
        return ExitCodes.Ok;
    }
}
