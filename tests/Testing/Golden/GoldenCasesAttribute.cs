using System.Reflection;
using Xunit.Sdk;

namespace Fleet.Testing;

/// <summary>
/// The data of a theory: one <see cref="GoldenCase"/> for each folder below another. A folder holds what goes in and what must come out, as files.
/// <c>FLEET_GOLDEN=write ./test --unit</c> writes what comes out, to be read as a diff before it is committed.
/// </summary>
/// <param name="folder">Below tests/Unit, <c>Planning/cases</c> for instance.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class GoldenCasesAttribute(string folder) : DataAttribute
{
    /// <summary>The folder of folders, below tests/Unit.</summary>
    public string Folder { get; } = folder;

    /// <inheritdoc/>
    public override IEnumerable<object[]> GetData(MethodInfo testMethod)
    {
        var root = RepositoryRoot.Combine("tests", "Unit", Folder);
        var cases = Directory.GetDirectories(root).Order(StringComparer.Ordinal).Select(path => new object[] { new GoldenCase(Folder, Path.GetFileName(path)) }).ToList();
        return cases.Count > 0 ? cases : throw new InvalidOperationException($"{root} holds no case");
    }
}
