using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;

namespace Fleet.Storage;

/// <summary>One step of a schema.</summary>
/// <param name="Version">Its place in the order, from 1.</param>
/// <param name="Name">Its file's name, for people.</param>
/// <param name="Sql">One or more statements.</param>
public sealed record Migration(int Version, string Name, string Sql)
{
    private const string Folder = "migrations/";

    /// <summary>SHA-256 of the statements in lower case hex: a step that was taken is never changed, and this shows when it was.</summary>
    public string Checksum { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Sql.ReplaceLineEndings("\n"))));

    /// <summary>
    /// The steps that are embedded in an assembly as <c>migrations/0001_name.sql</c>, or, where the databases differ,
    /// <c>migrations/0001_name.sqlite.sql</c> and <c>migrations/0001_name.postgresql.sql</c>.
    /// </summary>
    /// <exception cref="MigrationException">A name has no number, or there is a gap or a number twice.</exception>
    public static IReadOnlyList<Migration> In(Assembly assembly, Dialect dialect)
    {
        var other = dialect == Dialect.Sqlite ? ".postgresql.sql" : ".sqlite.sql";
        var migrations = assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Folder, StringComparison.Ordinal) && !name.EndsWith(other, StringComparison.Ordinal))
            .Select(name => Read(assembly, name))
            .OrderBy(m => m.Version)
            .ToList();
        for (var i = 0; i < migrations.Count; i++)
        {
            if (migrations[i].Version != i + 1)
                throw new MigrationException($"{migrations[i].Name} should be number {i + 1}: the numbers have a gap, or one is there twice");
        }

        return migrations;
    }

    private static Migration Read(Assembly assembly, string resource)
    {
        var name = resource[Folder.Length..];
        if (!int.TryParse(name.Split('_')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var version))
            throw new MigrationException($"{name} does not begin with its number");
        using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
        return new Migration(version, name, reader.ReadToEnd());
    }
}

/// <summary>The schema cannot be brought to what the service needs; a person has to look. The store is as it was before the step that failed.</summary>
public sealed class MigrationException(string message, Exception? cause = null) : Exception(message, cause);
