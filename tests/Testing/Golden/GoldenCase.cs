using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Fleet.Kubernetes;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace Fleet.Testing;

/// <summary>A folder with the files of one case. Given to a theory by <see cref="GoldenCasesAttribute"/>.</summary>
public sealed class GoldenCase : IXunitSerializable
{
    private static readonly bool Writes = Environment.GetEnvironmentVariable("FLEET_GOLDEN") == "write";

    private string _group = "";

    /// <summary>For xunit, which then calls <see cref="Deserialize"/>.</summary>
    public GoldenCase()
    {
    }

    internal GoldenCase(string group, string name) => (_group, Name) = (group, name);

    /// <summary>The folder's name: what the case is about.</summary>
    public string Name { get; private set; } = "";

    /// <summary>The absolute path of one of its files.</summary>
    public string PathOf(string file) => RepositoryRoot.Combine("tests", "Unit", _group, Name, file);

    /// <summary>Whether the case has this file.</summary>
    public bool Has(string file) => File.Exists(PathOf(file));

    /// <summary>A file's text.</summary>
    /// <exception cref="FileNotFoundException">The case has no such file.</exception>
    public string Text(string file) => File.ReadAllText(PathOf(file));

    /// <summary>A YAML or JSON file of one document, as a type.</summary>
    /// <exception cref="JsonException">The file holds something else.</exception>
    public T Read<T>(string file, JsonTypeInfo<T> json) =>
        Yaml.ParseOne(Text(file)).Deserialize(json) ?? throw new JsonException($"{Name}/{file} is empty");

    /// <summary>Compares a text with what the file says must come out, or writes it there when asked to.</summary>
    /// <exception cref="GoldenMismatchException">They differ; the message shows where.</exception>
    public void Verify(string file, string actual)
    {
        var path = PathOf(file);
        actual = actual.ReplaceLineEndings("\n");
        if (!actual.EndsWith('\n'))
            actual += "\n";
        if (Writes)
        {
            if (!File.Exists(path) || File.ReadAllText(path) != actual)
                File.WriteAllText(path, actual);
            return;
        }

        var expected = File.Exists(path) ? File.ReadAllText(path) : "";
        if (expected != actual)
            throw new GoldenMismatchException($"{_group}/{Name}/{file}", expected, actual);
    }

    /// <inheritdoc/>
    public void Deserialize(IXunitSerializationInfo info) => (_group, Name) = (info.GetValue<string>("group"), info.GetValue<string>("name"));

    /// <inheritdoc/>
    public void Serialize(IXunitSerializationInfo info)
    {
        info.AddValue("group", _group);
        info.AddValue("name", Name);
    }

    /// <inheritdoc/>
    public override string ToString() => Name;
}

/// <summary>What came out is not what the golden file says.</summary>
/// <param name="file">The file, for people.</param>
/// <param name="expected">What it says; empty when it is not there.</param>
/// <param name="actual">What came out.</param>
public sealed class GoldenMismatchException(string file, string expected, string actual) : XunitException(Describe(file, expected, actual))
{
    private static string Describe(string file, string expected, string actual)
    {
        const int Before = 4;
        const int After = 8;
        var (was, now) = (expected.Split('\n'), actual.Split('\n'));
        var first = was.Zip(now).TakeWhile(pair => pair.First == pair.Second).Count();
        var context = was.Skip(Math.Max(0, first - Before)).Take(Math.Min(first, Before)).Select(line => $"   {line}");
        var removed = was.Skip(first).Take(After).Select(line => $" - {line}");
        var added = now.Skip(first).Take(After).Select(line => $" + {line}");
        var head = expected.Length == 0 ? $"{file} does not exist" : $"{file} differs from line {first + 1} on";
        return $"{head} (- the file, + what came out; FLEET_GOLDEN=write ./test --unit takes it over):\n{string.Join('\n', [.. context, .. removed, .. added])}";
    }
}
