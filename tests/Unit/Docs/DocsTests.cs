using System.Reflection;
using System.Text.RegularExpressions;
using Fleet.Apps;
using Fleet.Cli;
using Fleet.Testing;
using Fleet.Unit.Cli;
using Xunit;

namespace Fleet.Unit.Docs;

/// <summary>The pages say what is so: links lead somewhere, manifests pass the rules, and what the program has is in them.</summary>
public partial class DocsTests
{
    [Fact]
    public void There_are_pages_to_check()
    {
        Assert.Contains("README.md", Pages.All);
        Assert.Contains("operator/docs/conditions.md", Pages.All);
        Assert.Contains(Pages.All, p => p.StartsWith("services/", StringComparison.Ordinal));
    }

    [Fact]
    public void Every_relative_link_leads_to_a_file_and_to_a_heading_in_it()
    {
        var dead = from page in Pages.All
                   from Match link in Link().Matches(Pages.Prose(Pages.Read(page)))
                   let target = link.Groups["target"].Value
                   where !Absolute().IsMatch(target) && !Leads(page, target)
                   select $"{page}: {target}";
        Assert.Empty(dead);
    }

    [Fact]
    public void A_link_to_nothing_is_found()
    {
        Assert.True(Leads("README.md", "operator/docs/conditions.md#drift"));
        Assert.True(Leads("operator/docs/conditions.md", "../../crds/examples/shop.yaml"));
        Assert.False(Leads("README.md", "operator/docs/nowhere.md"));
        Assert.False(Leads("README.md", "operator/docs/conditions.md#nowhere"));
    }

    [Fact]
    public void Every_manifest_passes_the_CRD_and_the_rules()
    {
        var manifests = (from page in Pages.OfUsers
                         from block in Pages.Blocks(Pages.Read(page))
                         where block.Language is "yaml" or "yml" && block.Text.Contains("kind: MicroserviceApp", StringComparison.Ordinal)
                         select (page, block.Text)).ToList();
        Assert.NotEmpty(manifests);
        Assert.Empty(manifests.SelectMany(m => Manifests.Read([m], null, "default", Examples.Settings).Problems));
    }

    [Fact]
    public void Every_reason_is_in_conditions_md_and_a_bad_one_with_a_fix()
    {
        var page = Pages.Read("operator/docs/conditions.md");
        Assert.All(Constants(typeof(Reasons)), reason => Assert.Contains($"`{reason}`", page, StringComparison.Ordinal));
        var bad = Row().Matches(page).Select(m => m.Groups["reason"].Value).ToList();
        Assert.True(bad.Count > 10);
        Assert.All([.. bad, .. Causes.All], reason => Assert.False(string.IsNullOrEmpty(Catalogue.Own.Fix(reason)), $"{reason} has no fix"));
    }

    [Fact]
    public void Every_metric_is_in_operate_md()
    {
        var names = Directory.GetFiles(RepositoryRoot.Combine("operator", "Runtime", "Metrics"), "*.cs")
            .SelectMany(f => Metric().Matches(File.ReadAllText(f))).Select(m => m.Groups["name"].Value).Distinct(StringComparer.Ordinal).ToList();
        Assert.Contains("fleet_leader", names);
        var page = Pages.Read("operator/docs/operate.md");
        Assert.All(names, name => Assert.Matches($@"`{name}[`{{]", page));
    }

    [Fact]
    public void Every_metric_of_the_services_is_in_their_page()
    {
        var names = Sources("services").SelectMany(f => Instrument().Matches(File.ReadAllText(f))).Select(PrometheusName).Distinct(StringComparer.Ordinal).ToList();
        Assert.Contains("fleet_gateway_retries_total", names);
        Assert.Contains("fleet_gateway_tls_certificate_not_after_seconds", names);
        Assert.Contains("fleet_order_events_total", names);
        var page = Pages.Read("services/README.md");
        Assert.All(names, name => Assert.Matches($@"`{name}[`{{]", page));
    }

    [Fact]
    public void Every_reason_of_an_Event_is_in_conditions_md()
    {
        var told = Sources("operator", "Controller").SelectMany(f => Told().Matches(File.ReadAllText(f))).Select(m => m.Groups["reason"].Value).ToList();
        Assert.Contains("Drift", told);
        Assert.Contains("CrdOlderThanOperator", told);
        var page = Pages.Read("operator/docs/conditions.md");
        Assert.All([.. told, nameof(ServicePhase.Active), nameof(ServicePhase.Inactive)], reason => Assert.Matches($@"(?m)^\| `{reason}` \| (Normal|Warning) \|", page));
    }

    [Fact]
    public async Task Every_command_in_the_pages_exists_and_every_command_is_in_cli_md()
    {
        var help = (await Command.RunAsync(OperatorProcess.DotNet, [OperatorProcess.Program, "--help"], timeout: TimeSpan.FromMinutes(1))).Succeeded().Out;
        var commands = Listed().Matches(help[help.IndexOf("Commands:", StringComparison.Ordinal)..]).Select(m => m.Groups["name"].Value).ToList();
        Assert.Contains("status", commands);
        var unknown = from page in Pages.All
                      from code in Pages.Code(Pages.Read(page))
                      from Match call in Called().Matches(code)
                      let name = call.Groups["command"].Value
                      where !commands.Contains(name, StringComparer.Ordinal)
                      select $"{page}: fleet {name}";
        Assert.Empty(unknown);
        var reference = Pages.Read("operator/docs/cli.md");
        Assert.All(commands, name => Assert.Contains($"`fleet {name}", reference, StringComparison.Ordinal));
    }

    private static bool Leads(string page, string target)
    {
        var (file, anchor) = target.Split('#', 2) is [var before, var after] ? (before, after) : (target, null);
        var path = file.Length == 0 ? page : Path.GetRelativePath(RepositoryRoot.Combine("."), Path.Combine(RepositoryRoot.Combine("."), Path.GetDirectoryName(page)!, file)).Replace('\\', '/');
        var full = RepositoryRoot.Combine([.. path.Split('/')]);
        if (anchor is null)
            return File.Exists(full) || Directory.Exists(full);
        return File.Exists(full) && Heading().Matches(Pages.Prose(Pages.Read(path))).Select(m => Anchor(m.Groups["text"].Value)).Contains(anchor, StringComparer.Ordinal);
    }

    // As GitHub makes anchors of headings: lower case, blanks as dashes, no punctuation.
    private static string Anchor(string heading) => Punctuation().Replace(heading.Trim().ToLowerInvariant(), "").Replace(' ', '-');

    private static IEnumerable<string> Sources(params string[] folder) => Directory.GetFiles(RepositoryRoot.Combine(folder), "*.cs", SearchOption.AllDirectories)
        .Where(f => !f.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal));

    // As the services' own exporter names an instrument.
    private static string PrometheusName(Match instrument)
    {
        var name = instrument.Groups["name"].Value.Replace('.', '_');
        if (instrument.Groups["unit"].Value == "s")
            name += "_seconds";
        return instrument.Groups["kind"].Value is "Counter" or "ObservableCounter" ? $"{name}_total" : name;
    }

    private static IEnumerable<string> Constants(Type type) =>
        type.GetFields(BindingFlags.Public | BindingFlags.Static).Where(f => f.IsLiteral).Select(f => (string)f.GetRawConstantValue()!);

    [GeneratedRegex(@"\[[^\]]*\]\((?<target>[^)\s]+)\)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 2000)]
    private static partial Regex Link();

    [GeneratedRegex("^[a-z]+:", RegexOptions.None, matchTimeoutMilliseconds: 2000)]
    private static partial Regex Absolute();

    [GeneratedRegex("^#+ (?<text>.*)$", RegexOptions.ExplicitCapture | RegexOptions.Multiline, matchTimeoutMilliseconds: 2000)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]", RegexOptions.None, matchTimeoutMilliseconds: 2000)]
    private static partial Regex Punctuation();

    [GeneratedRegex(@"^\| False \| `(?<reason>[A-Za-z]+)` \|", RegexOptions.ExplicitCapture | RegexOptions.Multiline, matchTimeoutMilliseconds: 2000)]
    private static partial Regex Row();

    [GeneratedRegex("\"(?<name>(?:fleet|process|dotnet)_[a-z_]+)\"", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 2000)]
    private static partial Regex Metric();

    [GeneratedRegex(@"\.Create(?<kind>(Observable)?(UpDownCounter|Counter|Gauge|Histogram))(<\w+>)?\(\s*""(?<name>[a-z_.]+)""([^;]*?unit: ""(?<unit>\w+)"")?", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 2000)]
    private static partial Regex Instrument();

    [GeneratedRegex(@"events\.Record\([^;]*?""(Normal|Warning)"", ""(?<reason>[A-Za-z]+)""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 2000)]
    private static partial Regex Told();

    [GeneratedRegex("^  (?<name>[a-z]+) ", RegexOptions.ExplicitCapture | RegexOptions.Multiline, matchTimeoutMilliseconds: 2000)]
    private static partial Regex Listed();

    // At the beginning of code, of a line or behind a shell's separator; "the fleet runs" is no command.
    [GeneratedRegex(@"(?:^|[|;&(] ?)(?:\./|kubectl )?fleet (?<command>[a-z]+)\b", RegexOptions.ExplicitCapture | RegexOptions.Multiline, matchTimeoutMilliseconds: 2000)]
    private static partial Regex Called();
}
