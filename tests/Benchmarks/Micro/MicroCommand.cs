using System.CommandLine;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace Fleet.Benchmarks.Micro;

/// <summary>
/// <c>bench micro</c>: single operations, by BenchmarkDotNet, in this process: time, and bytes allocated for each. What an operation allocates is the same on every machine, so that is
/// the figure to compare.
/// </summary>
internal static class MicroCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var filter = new Option<string[]>("--filter") { Description = "which: a pattern such as *Planner*", DefaultValueFactory = _ => ["*"], AllowMultipleArgumentsPerToken = true };
        var quick = new Option<bool>("--quick") { Description = "three short iterations each" };
        var output = new Option<DirectoryInfo>("--output") { Description = "where the tables go", DefaultValueFactory = _ => new("bench-results") };
        var command = new Command("micro", "Measures single operations: watch lines, planner, diff, queue, routes, gRPC frames.") { filter, quick, output };
        command.SetAction(parsed =>
        {
            var job = (parsed.GetValue(quick) ? Job.ShortRun : Job.Default).WithToolchain(InProcessEmitToolchain.Instance);
            var config = ManualConfig.CreateEmpty().AddJob(job).AddDiagnoser(MemoryDiagnoser.Default).AddColumnProvider(DefaultColumnProviders.Instance).AddLogger(ConsoleLogger.Default)
                .AddExporter(MarkdownExporter.GitHub).WithArtifactsPath(parsed.GetValue(output)!.FullName).WithOptions(ConfigOptions.JoinSummary);
            var summaries = BenchmarkSwitcher.FromAssembly(typeof(MicroCommand).Assembly).Run(["--filter", .. parsed.GetValue(filter)!], config);
            return summaries.Any() && summaries.All(s => !s.HasCriticalValidationErrors && s.Reports.All(r => r.Success)) ? 0 : 1;
        });
        return command;
    }
}
