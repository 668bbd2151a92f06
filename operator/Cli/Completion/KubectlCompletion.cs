namespace Fleet.Cli;

/// <summary>
/// kubectl's completion of plugins: it looks for a program <c>kubectl_complete-fleet</c>, calls it with the words behind <c>kubectl fleet</c>, the last one the word that is
/// being typed, and reads suggestions, a line each, and at the end a colon with what the shell shall do (Cobra's ShellCompDirective).
/// </summary>
internal static class KubectlCompletion
{
    /// <summary>The name under which kubectl calls it.</summary>
    internal const string Name = "kubectl_complete-fleet";

    private const string NoFiles = ":4";
    private const string Files = ":0";
    private static readonly string[] FileOptions = ["-f", "--filename", "--kubeconfig"];

    /// <summary>Answers kubectl.</summary>
    internal static int Run(string[] words, TextWriter output)
    {
        var wantsFile = words.Length > 1 && FileOptions.Contains(words[^2], StringComparer.Ordinal);
        if (!wantsFile)
        {
            // Options are for those who have typed their dash.
            var wantsOption = words.Length > 0 && words[^1].StartsWith('-');
            foreach (var suggestion in Root.Suggest(string.Join(' ', words.Select(Quoted))).Where(s => wantsOption || !s.StartsWith('-')))
                output.WriteLine(suggestion);
        }

        output.WriteLine(wantsFile ? Files : NoFiles);
        return ExitCodes.Ok;
    }

    private static string Quoted(string word) => word.Contains(' ', StringComparison.Ordinal) ? $"\"{word}\"" : word;
}
