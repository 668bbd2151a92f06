using System.Xml.Linq;
using Fleet.Testing;
using Xunit;

namespace Fleet.Unit;

/// <summary>Holds the arrows of the layout picture: which project may reference which. The picture changes in the same commit as these tables.</summary>
public class ProjectGraphTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["operator/Kubernetes"] = [],
        ["operator/Runtime"] = ["operator/Kubernetes"],
        ["operator/Apps"] = ["operator/Kubernetes"],
        ["operator/Controller"] = ["operator/Apps", "operator/Runtime"],
        ["operator/Local"] = ["operator/Controller"],
        ["operator/Cli"] = ["operator/Controller", "operator/Local"],
        ["services/Contracts"] = [],
        ["services/Rpc"] = [],
        ["services/Hosting"] = [],
        ["services/Storage"] = ["services/Hosting"],
        ["services/Gateway"] = ["services/Hosting", "services/Rpc"],
        ["services/Auth"] = ["services/Hosting", "services/Storage"],
        ["services/Users"] = ["services/Hosting", "services/Storage"],
        ["services/Orders"] = ["services/Contracts", "services/Hosting", "services/Rpc", "services/Storage"],
    };

    private static readonly IReadOnlyList<Project> Projects = ReadProjects();

    public static TheoryData<string> Names => [.. Projects.Select(p => p.Name)];

    [Theory, MemberData(nameof(Names))]
    public void A_project_references_only_what_the_picture_says(string name)
    {
        var project = Projects.Single(p => p.Name == name);
        if (IsTest(name))
            return;
        Assert.True(Allowed.TryGetValue(name, out var allowed), $"{name} is not in the layout picture");
        Assert.Empty(project.References.Select(r => r.Name).Except(allowed!));
    }

    [Fact]
    public void The_operator_and_the_services_share_no_code()
    {
        foreach (var project in Projects.Where(p => !IsTest(p.Name)))
        {
            var side = Side(project.Name);
            Assert.All(project.References, r => Assert.Equal(side, Side(r.Name)));
        }
    }

    [Fact]
    public void Nobody_uses_the_command_line_program_but_as_a_process()
    {
        // The system tests have it built along with them, and reference nothing of it.
        var uses = Projects.SelectMany(p => p.References.Where(r => r.Name == "operator/Cli" && r.IsCode).Select(_ => p.Name));
        Assert.Empty(uses);
    }

    [Fact]
    public void No_project_of_the_product_references_the_tests()
    {
        Assert.DoesNotContain(Projects.Where(p => !IsTest(p.Name)).SelectMany(p => p.References), r => IsTest(r.Name));
    }

    [Fact]
    public void Apps_is_pure_and_the_compiler_holds_it_to_that()
    {
        var apps = Projects.Single(p => p.Name == "operator/Apps");
        Assert.Contains("Microsoft.CodeAnalysis.BannedApiAnalyzers", apps.Packages);
        Assert.Contains(apps.Xml.Descendants("AdditionalFiles"), f => (string?)f.Attribute("Include") == "BannedSymbols.txt");
        var banned = File.ReadAllText(RepositoryRoot.Combine("operator", "Apps", "BannedSymbols.txt"));
        Assert.All(
            ["Threading.Tasks.Task;", "HttpClient;", "System.Environment;", "System.TimeProvider;", "DateTimeOffset.UtcNow;"],
            symbol => Assert.Contains(symbol, banned, StringComparison.Ordinal));
    }

    [Fact]
    public void The_solution_holds_every_project()
    {
        var solution = File.ReadAllText(RepositoryRoot.Combine("Operator.sln")).Replace('\\', '/');
        Assert.All(Projects, p => Assert.Contains($"\"{p.Name}/{Path.GetFileName(p.Name)}.csproj\"", solution, StringComparison.Ordinal));
    }

    [Fact]
    public void Versions_are_in_one_place()
    {
        Assert.Empty(Projects.SelectMany(p => p.Xml.Descendants("PackageReference").Where(r => r.Attribute("Version") is not null).Select(r => $"{p.Name}: {r}")));
    }

    private static bool IsTest(string name) => Side(name) == "tests";

    private static string Side(string name) => name[..name.IndexOf('/', StringComparison.Ordinal)];

    private static List<Project> ReadProjects()
    {
        string[] sides = ["operator", "services", "tests"];
        return
        [
            .. sides.Select(side => RepositoryRoot.Combine(side)).Where(Directory.Exists)
                .SelectMany(folder => Directory.EnumerateFiles(folder, "*.csproj", SearchOption.AllDirectories))
                .Select(Read)
                .OrderBy(p => p.Name, StringComparer.Ordinal),
        ];
    }

    private static Project Read(string path)
    {
        var xml = XDocument.Load(path);
        var folder = Path.GetDirectoryName(path)!;
        return new Project(
            NameOf(folder),
            xml,
            [
                .. xml.Descendants("ProjectReference").Select(r => new Reference(
                    NameOf(Path.GetDirectoryName(Path.GetFullPath(Path.Combine(folder, ((string)r.Attribute("Include")!).Replace('\\', '/'))))!),
                    (string?)r.Attribute("ReferenceOutputAssembly") != "false")),
            ],
            [.. xml.Descendants("PackageReference").Select(r => (string)r.Attribute("Include")!)]);
    }

    private static string NameOf(string folder) => Path.GetRelativePath(RepositoryRoot.Directory, folder).Replace('\\', '/');

    private sealed record Project(string Name, XDocument Xml, IReadOnlyList<Reference> References, IReadOnlyList<string> Packages);

    /// <param name="Name">The folder of the project referenced.</param>
    /// <param name="IsCode">Whether its types can be used; false means it is only built before.</param>
    private sealed record Reference(string Name, bool IsCode);
}
