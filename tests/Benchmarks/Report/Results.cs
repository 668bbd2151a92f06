using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fleet.Benchmarks.Report;

/// <summary>One run: its rows, and where and when it was made.</summary>
/// <param name="Machine">The machine, in words.</param>
/// <param name="Kubernetes">The version of the control plane, or null when none was used.</param>
/// <param name="Quick">Whether it was the short run.</param>
/// <param name="Day">The day it was made.</param>
/// <param name="Rows">What was measured.</param>
internal sealed record Results(string Machine, string? Kubernetes, bool Quick, DateOnly Day, IReadOnlyList<Row> Rows)
{
    /// <summary>Writes them as JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, ReportJson.Default.Results);

    /// <summary>Writes <c>results.json</c>, <c>results.md</c> and the plots into a folder.</summary>
    public async Task WriteAsync(string folder, CancellationToken stop)
    {
        await File.WriteAllTextAsync(Path.Combine(folder, "results.json"), ToJson() + "\n", stop);
        await File.WriteAllTextAsync(Path.Combine(folder, "results.md"), MarkdownReport.Of(this), stop);
        Plots.Write(this, folder);
    }
}

/// <summary>The JSON of results.</summary>
[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NewLine = "\n")]
[JsonSerializable(typeof(Results))]
internal sealed partial class ReportJson : JsonSerializerContext;
