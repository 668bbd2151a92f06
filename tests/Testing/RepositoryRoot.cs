namespace Fleet.Testing;

/// <summary>The checkout that the tests were built from.</summary>
public static class RepositoryRoot
{
    /// <summary>Its absolute path.</summary>
    public static string Directory { get; } = Find();

    /// <summary>The absolute path of something in it.</summary>
    public static string Combine(params ReadOnlySpan<string> parts) => Path.Combine([Directory, .. parts]);

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Operator.sln")))
                return folder.FullName;
        }

        throw new InvalidOperationException($"no Operator.sln above {AppContext.BaseDirectory}: the tests run from inside the checkout only");
    }
}
