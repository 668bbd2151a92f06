using System.Text;
using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Cli;
using Fleet.Kubernetes;
using Fleet.Testing;
using Xunit;

namespace Fleet.Unit.Apps.Generated;

/// <summary>What is no app is refused with a reason, and never by an exception.</summary>
public class GarbageTests
{
    [Fact]
    public void Garbage_in_JSON_is_refused_or_planned() => Sample.Check(6000, Garbage.Json, Survived, g => g.Shrink());

    [Fact]
    public void Garbage_in_YAML_is_refused_or_planned() => Sample.Check(2000, Garbage.Yaml, Survived, g => g.Shrink());

    private static void Survived(Garbage garbage)
    {
        var manifests = Manifests.Read([("app.yaml", garbage.Text)], null, "demo", Given.Settings);
        Assert.True(manifests.Apps.Length > 0 || manifests.Problems.Length > 0, "neither an app nor a problem");
        Assert.All(manifests.Problems, Judged.CanBeSaid);
        foreach (var document in Documents(garbage.Text))
        {
            // As it comes from a file, and as it comes from a server, which knows metadata itself and answers with what it is.
            if (Judged.Fairly(document, Given.Settings) is { App: { } app, Problems: var problems })
                Judged.Plan(app with { Metadata = app.Metadata with { Namespace = "demo" } }, problems.Count == 0);
            if (document is not JsonObject body)
                continue;
            body["metadata"] = new JsonObject { ["name"] = "shop", ["namespace"] = "demo", ["uid"] = "uid-of-it", ["generation"] = 1 };
            Judged.Plan(AppsJson.Read(Encoding.UTF8.GetBytes(body.ToJsonString())), sound: false);
        }
    }

    private static IReadOnlyList<JsonNode> Documents(string text)
    {
        try
        {
            return Yaml.Parse(text);
        }
        catch (YamlFormatException)
        {
            return [];
        }
    }
}
