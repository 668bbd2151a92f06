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
var quick = new Option<bool>("--quick") { Description = "few and small loads: minutes, for a change that is to be judged, not for publication" };
var check = new Option<bool>("--check") { Description = "exit with 1 when a ratio is worse than the one in tests/Benchmarks/ratios.json by more than its noise, in three runs of three" };
var record = new Option<int>("--record") { Description = "run so many times and write their ratios to tests/Benchmarks/ratios.json", HelpName = "runs" };
var publish = new Option<bool>("--publish") { Description = "put this run into operator/docs/performance.md, with its plots" };
var output = new Option<DirectoryInfo>("--output") { Description = "where results.json, results.md and the plots go", DefaultValueFactory = _ => new("bench-results") };
var root = new RootCommand("Measures the operator, the gateway and the services beside what they can be compared with, in one run on one machine.")
{
    names, quick, check, record, publish, output, MicroCommand.Create(), BareEndpoint.Create(),
};
root.SetAction(async (parsed, stop) =>
{
    IReadOnlyList<IFamily> wanted = parsed.GetValue(names) is { Length: > 0 } some ? [.. families.Where(f => some.Contains(f.Name))] : families;
    var held = new HeldRatios(RepositoryRoot.Combine("tests", "Benchmarks", "ratios.json"));
    var runs = new List<Results>();
    for (var i = 0; i < Math.Max(1, parsed.GetValue(record)); i++)
        runs.Add(await BenchmarkRun.MeasureAsync(wanted, parsed.GetValue(quick), Console.Error, stop));

    var results = runs[^1];
    var folder = Directory.CreateDirectory(parsed.GetValue(output)!.FullName).FullName;
    await results.WriteAsync(folder, stop);
    Console.Out.Write(MarkdownReport.Of(results));
    if (parsed.GetValue(publish))
        await PerformancePage.UpdateAsync(results, stop);
    if (parsed.GetValue(record) > 0)
        held.Record([.. runs.Select(r => r.Rows)], [.. wanted.Select(f => f.Name)]);
    if (!parsed.GetValue(check))
        return 0;
    return await held.AreKeptAsync(results.Rows, [.. wanted.Select(f => f.Name)], AgainAsync, Console.Error) ? 0 : 1;

    async Task<IReadOnlyList<Row>> AgainAsync(IReadOnlyCollection<string> some) =>
        (await BenchmarkRun.MeasureAsync([.. wanted.Where(f => some.Contains(f.Name))], results.Quick, Console.Error, stop)).Rows;
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
