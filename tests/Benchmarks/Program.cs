using System.CommandLine;
using Fleet.Benchmarks;
using Fleet.Benchmarks.Gateway;
using Fleet.Benchmarks.Micro;
using Fleet.Benchmarks.Operator;
using Fleet.Benchmarks.Report;
using Fleet.Benchmarks.Services;
using Fleet.Testing;

// bench: see ./bench --help. Figures go to files and, as a table, to stdout; what it is at goes to stderr.
IFamily[] families = [new OperatorFamily(), new GatewayFamily(), new ServicesFamily()];

var names = new Argument<string[]>("family") { Description = "what to measure; everything when left out: " + string.Join(", ", families.Select(f => $"{f.Name} ({f.Summary})")), Arity = ArgumentArity.ZeroOrMore };
names.AcceptOnlyFromAmong([.. families.Select(f => f.Name)]);
var quick = new Option<bool>("--quick") { Description = "few and small loads: a minute or two, for a change that is to be judged, not for publication" };
var check = new Option<bool>("--check") { Description = "exit with 1 when a ratio is worse than the one in tests/Benchmarks/ratios.json by more than its noise" };
var record = new Option<int>("--record") { Description = "run so many times and write their ratios to tests/Benchmarks/ratios.json", HelpName = "runs" };
var publish = new Option<bool>("--publish") { Description = "write operator/docs/performance.md and its plots from this run" };
var output = new Option<DirectoryInfo>("--output") { Description = "where results.json, results.md and the plots go", DefaultValueFactory = _ => new("bench-results") };
var root = new RootCommand("Measures the operator, the gateway and the services beside what they can be compared with, in one run on one machine.")
{
    names, quick, check, record, publish, output, MicroCommand.Create(), BareEndpoint.Create(),
};
root.SetAction(async (parsed, stop) =>
{
    var wanted = parsed.GetValue(names) is { Length: > 0 } some ? [.. families.Where(f => some.Contains(f.Name))] : families;
    var held = new HeldRatios(RepositoryRoot.Combine("tests", "Benchmarks", "ratios.json"));
    var runs = new List<Results>();
    for (var i = 0; i < Math.Max(1, parsed.GetValue(record)); i++)
    {
        var run = new BenchmarkRun(parsed.GetValue(quick), Console.Error);
        foreach (var family in wanted)
        {
            run.Tell($"=== {family.Name}");
            await family.RunAsync(run, stop);
        }

        runs.Add(new(Machine.Describe(), run.Kubernetes, run.Quick, DateOnly.FromDateTime(DateTime.Now), run.Rows));
    }

    var results = runs[^1];
    var folder = parsed.GetValue(output)!.FullName;
    Directory.CreateDirectory(folder);
    await File.WriteAllTextAsync(Path.Combine(folder, "results.json"), results.ToJson() + "\n", stop);
    var table = MarkdownReport.Of(results);
    await File.WriteAllTextAsync(Path.Combine(folder, "results.md"), table, stop);
    Plots.Write(results, folder);
    Console.Out.Write(table);

    string[] ran = [.. wanted.Select(f => f.Name)];
    if (parsed.GetValue(record) > 0)
        held.Record([.. runs.Select(r => r.Rows)], ran);
    if (!parsed.GetValue(check))
        return 0;
    string[] worse = [.. held.Worse(results.Rows), .. held.Missing(results.Rows, ran).Select(m => $"{m}: was not measured")];
    foreach (var line in worse)
        Console.Error.WriteLine($"worse: {line}");
    return worse.Length == 0 ? 0 : 1;
});
try
{
    return await root.Parse(args).InvokeAsync(new() { EnableDefaultExceptionHandler = false });
}
catch (UnavailableException e)
{
    Console.Error.WriteLine($"bench: {e.Message}");
    return 77;
}
