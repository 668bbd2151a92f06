using System.CommandLine;
using Fleet.Apps;

namespace Fleet.Cli;

/// <summary><c>fleet crds</c>: the CRD that this very program works with.</summary>
internal static class CrdsCommand
{
    internal static Command Create() => new FleetCommand("crds", "Prints the CustomResourceDefinition, generated from the program's own types.")
    {
        Examples = [("fleet crds | kubectl apply -f -", "installs or upgrades it"), ("fleet crds > crds/microserviceapps.yaml", "regenerates the repository's copy")],
        Ends = [(ExitCodes.Ok, "printed")],
        Body = async (call, _) =>
        {
            await call.Out.WriteAsync(Crd.ToYaml());
            return ExitCodes.Ok;
        },
    };
}
