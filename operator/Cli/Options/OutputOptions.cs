using System.CommandLine;

namespace Fleet.Cli;

/// <summary><c>-o</c>: what the output looks like.</summary>
internal static class OutputOptions
{
    /// <summary>Makes one.</summary>
    /// <param name="usual">The value when none is given.</param>
    /// <param name="others">The other values.</param>
    internal static Option<string> Of(string usual, params string[] others)
    {
        string[] all = [usual, .. others];
        var option = new Option<string>("--output", "-o") { Description = "What the output looks like", HelpName = string.Join('|', all), DefaultValueFactory = _ => usual };
        option.CompletionSources.Add(all);
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var given] && !all.Contains(given.Value, StringComparer.Ordinal))
                result.AddError($"--output: \"{given.Value}\" is none of {string.Join(", ", all)}");
        });
        return option;
    }
}
