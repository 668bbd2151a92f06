using System.Diagnostics;

namespace Fleet.Testing;

/// <summary>A program that is run to its end.</summary>
public static class Command
{
    /// <summary>Runs it and captures what it writes.</summary>
    /// <param name="file">The program: a path, or a name in PATH.</param>
    /// <param name="arguments">Its arguments, one by one.</param>
    /// <param name="input">Its standard input; empty when null.</param>
    /// <param name="environment">Variables to set, or to take away where the value is null.</param>
    /// <param name="timeout">After which it is killed; a minute when null.</param>
    /// <param name="stop">Kills it.</param>
    /// <exception cref="TimeoutException">It did not end in time; the message has what it wrote until then.</exception>
    public static async Task<CommandResult> RunAsync(
        string file,
        IEnumerable<string> arguments,
        string? input = null,
        IReadOnlyDictionary<string, string?>? environment = null,
        TimeSpan? timeout = null,
        CancellationToken stop = default)
    {
        var start = new ProcessStartInfo(file, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
            start.Environment[name] = value;

        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{file} did not start");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(timeout ?? Eventually.Patience);
        var line = $"{Path.GetFileName(file)} {string.Join(' ', start.ArgumentList)}";
        var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        var error = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            await WriteInputAsync(process.StandardInput, input);
            await process.WaitForExitAsync(limit.Token);
            return new CommandResult(line, process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException e)
        {
            process.Kill(entireProcessTree: true);
            stop.ThrowIfCancellationRequested();
            throw new TimeoutException($"'{line}' did not end in time; it wrote: {await output}{await error}", e);
        }
    }

    private static async Task WriteInputAsync(StreamWriter stdin, string? input)
    {
        try
        {
            await using (stdin)
                await stdin.WriteAsync(input);
        }
        catch (IOException)
        {
            // It did not want all of its input; its exit code tells why.
        }
    }
}

/// <summary>How a program ended.</summary>
/// <param name="Line">What was run, for messages.</param>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Out">What it wrote to its standard output.</param>
/// <param name="Error">What it wrote to its standard error.</param>
public sealed record CommandResult(string Line, int ExitCode, string Out, string Error)
{
    /// <summary>Itself, when it succeeded.</summary>
    /// <exception cref="CommandFailedException">The exit code is not 0.</exception>
    public CommandResult Succeeded() => ExitCode == 0 ? this : throw new CommandFailedException(this);

    /// <inheritdoc/>
    public override string ToString() => $"'{Line}' ended with {ExitCode}: {Out.Trim()} {Error.Trim()}";
}

/// <summary>A program failed that should not have.</summary>
/// <param name="result">How it ended.</param>
public sealed class CommandFailedException(CommandResult result) : Exception(result.ToString())
{
    /// <summary>How it ended.</summary>
    public CommandResult Result { get; } = result;
}
