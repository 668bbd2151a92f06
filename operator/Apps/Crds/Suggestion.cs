namespace Fleet.Apps;

/// <summary>What somebody meant who wrote a name that does not exist.</summary>
internal static class Suggestion
{
    private const int LongestName = 64;

    /// <summary>The known name that differs least, or null when none is near: at most a third of the letters may be wrong, case aside.</summary>
    internal static string? For(string name, IEnumerable<string> known)
    {
        if (name.Length is 0 or > LongestName)
            return null;
        var (nearest, distance) = known
            .Where(k => k.Length <= LongestName)
            .Select(k => (Name: k, Distance: Distance(name.ToLowerInvariant(), k.ToLowerInvariant())))
            .DefaultIfEmpty((Name: "", Distance: int.MaxValue))
            .MinBy(k => k.Distance);
        return distance <= Math.Max(1, name.Length / 3) ? nearest : null;
    }

    /// <summary>Letters inserted, left out, replaced, or exchanged with their neighbour (optimal string alignment).</summary>
    private static int Distance(string a, string b)
    {
        var table = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
        {
            for (var j = 0; j <= b.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    table[i, j] = i + j;
                    continue;
                }

                var differs = a[i - 1] == b[j - 1] ? 0 : 1;
                table[i, j] = Math.Min(Math.Min(table[i - 1, j], table[i, j - 1]) + 1, table[i - 1, j - 1] + differs);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    table[i, j] = Math.Min(table[i, j], table[i - 2, j - 2] + 1);
            }
        }

        return table[a.Length, b.Length];
    }
}
