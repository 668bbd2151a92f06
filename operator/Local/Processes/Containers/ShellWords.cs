using System.Text;

namespace Fleet.Local.Processes;

/// <summary>Splits a line into words as a shell does: blanks, both kinds of quotes, backslashes. Nothing else of a shell: no variables, no pipes.</summary>
internal static class ShellWords
{
    /// <summary>The words; null when a quote is not closed.</summary>
    public static IReadOnlyList<string>? Split(string line)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        var (inWord, quote) = (false, '\0');
        for (var at = 0; at < line.Length; at++)
        {
            var c = line[at];
            if (quote == '\'' && c != '\'')
            {
                word.Append(c);
            }
            else if (c == '\\' && at + 1 < line.Length && (quote == '\0' || line[at + 1] is '"' or '\\' or '$' or '`'))
            {
                word.Append(line[++at]);
                inWord = true;
            }
            else if (c is '\'' or '"' && (quote == '\0' || quote == c))
            {
                quote = quote == '\0' ? c : '\0';
                inWord = true; // '' is a word too
            }
            else if (quote == '\0' && char.IsWhiteSpace(c))
            {
                End();
            }
            else
            {
                word.Append(c);
                inWord = true;
            }
        }

        End();
        return quote == '\0' ? words : null;

        void End()
        {
            if (inWord)
                words.Add(word.ToString());
            word.Clear();
            inWord = false;
        }
    }
}
