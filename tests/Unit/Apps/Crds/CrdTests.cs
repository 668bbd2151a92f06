using System.Text;
using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Testing;
using Xunit;

namespace Fleet.Unit.Apps;

public sealed class CrdTests
{
    // Server-side apply stores a copy of what it manages, and client-side apply one in an annotation that ends at 256 KiB.
    private const int LargestFile = 150 * 1024;

    private static readonly string File = RepositoryRoot.Combine("crds", "microserviceapps.yaml");

    [Fact]
    public void The_file_is_what_the_types_say()
    {
        var generated = Crd.ToYaml();
        if (Environment.GetEnvironmentVariable("FLEET_GOLDEN") == "write")
            System.IO.File.WriteAllText(File, generated);
        var found = System.IO.File.Exists(File) ? System.IO.File.ReadAllText(File) : "";
        if (found != generated)
            throw new GoldenMismatchException("crds/microserviceapps.yaml", found, generated);
    }

    [Fact]
    public void The_file_stays_small_enough_for_kubectl_apply() => Assert.InRange(Encoding.UTF8.GetByteCount(Crd.ToYaml()), 1, LargestFile);

    [Fact]
    public void The_file_says_what_it_is()
    {
        var crd = Yaml.Parse(Crd.ToYaml()).Single();
        Assert.Equal("microserviceapps.fleet.microservices.dev", crd["metadata"]!["name"]!.GetValue<string>());
        Assert.Equal("1", crd["metadata"]!["annotations"]!["fleet.microservices.dev/schema"]!.GetValue<string>());
        Assert.Equal("Namespaced", crd["spec"]!["scope"]!.GetValue<string>());
        Assert.Equal("""["msa"]""", crd["spec"]!["names"]!["shortNames"]!.ToJsonString());
        Assert.Equal("""["all"]""", crd["spec"]!["names"]!["categories"]!.ToJsonString());
        var version = crd["spec"]!["versions"]!.AsArray().Single()!;
        Assert.Equal("v1", version["name"]!.GetValue<string>());
        Assert.Equal("""{"status":{}}""", version["subresources"]!.ToJsonString());
        Assert.Equal(
            ["READY", "STATUS", "URL", "AGE", "MESSAGE 1", "SUSPENDED 1"],
            version["additionalPrinterColumns"]!.AsArray().Select(c => $"{c!["name"]} {c["priority"]}".TrimEnd()));
    }

    [Fact]
    public void Every_field_is_explained_and_bounded()
    {
        foreach (var (path, schema) in Schemas.Within(Crd.Schema).Where(s => s.Path is not ("apiVersion" or "kind" or "metadata")))
        {
            if (!path.EndsWith(']'))
                Assert.True(schema.Description?.EndsWith('.') == true, $"{path} has no description that is a sentence");
            if (schema.Type == "array")
                Assert.True(schema.MaxItems > 0, $"{path} has no maxItems");
            if (schema.AdditionalProperties is not null)
                Assert.True(schema.MaxProperties > 0, $"{path} has no maxProperties");
            if ((schema.Type == "string" && schema.Format is null && schema.Choices.Count == 0) || schema.IsIntOrString)
                Assert.True(schema.MaxLength > 0, $"{path} has no maxLength");
        }
    }

    [Fact]
    public void Every_pattern_is_explained_in_words()
    {
        const string Nothing = " /../: ";
        foreach (var (path, schema) in Schemas.Within(Crd.Schema).Where(s => s.Schema.Pattern is not null))
        {
            var problems = SchemaValidator.Check(schema with { MaxLength = null }, Nothing);
            Assert.True(problems.Count == 1 && !problems[0].Message.Contains(schema.Pattern!, StringComparison.Ordinal), $"{path}: {string.Join(", ", problems)}");
        }
    }
}
