using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Testing;
using Xunit;

namespace Fleet.Unit.Apps;

public sealed class AppDocumentTests
{
    [Theory]
    [InlineData("apiVersion: v1\nkind: ConfigMap", "apiVersion: must be fleet.microservices.dev/v1, is \"v1\"|kind: must be MicroserviceApp, is \"ConfigMap\"")]
    [InlineData("apiVersion: fleet.microservices.dev/v2\nkind: MicroserviceApp", "apiVersion: must be fleet.microservices.dev/v1, is \"v2\"")]
    [InlineData("kind: MicroserviceApp", "apiVersion: is required: fleet.microservices.dev/v1")]
    [InlineData("apiVersion: 1\nkind: []", "apiVersion: is required: fleet.microservices.dev/v1|kind: is required: MicroserviceApp")]
    [InlineData("just text", "must be an object, is \"just text\"")]
    public void A_document_of_another_kind_is_told_and_no_more(string yaml, string problems) =>
        Assert.Equal(problems.Replace("\"v2\"", "\"fleet.microservices.dev/v2\"", StringComparison.Ordinal), string.Join('|', Read(yaml).Problems));

    [Fact]
    public void Schema_and_rules_are_told_together()
    {
        var document = AppDocument.Read(Documents.Of("""
            services:
            - { name: auth, port: 70000, protocol: HTTP/REST, dependOn: [users] }
            - { name: billing, port: 80, protocol: HTTP }
            """), RefusedSpecs.Settings);
        Assert.Equal(
            [
                "spec.services[0].port: must be between 1 and 65535, is 70000",
                "spec.services[0].dependOn: unknown field; did you mean dependsOn?",
                "spec.services[1].image: image is required: only auth, users and orders have a bundled image",
            ],
            document.Problems.Select(p => p.ToString()));
    }

    [Theory]
    [InlineData("services: [null]", "spec.services[0]: must be an object, is empty: give it a value or remove it")]
    [InlineData("services: null", "spec.services: is required")]
    [InlineData("services: [{ name: auth, protocol: HTTP }]", "spec.services[0].port: is required")]
    [InlineData("services: [{ name: auth, port: [], protocol: HTTP }]", "spec.services[0].port: must be a whole number, is a list")]
    [InlineData("services: [{ name: auth, port: 80, protocol: FTP, image: '' }]", "spec.services[0].protocol: must be HTTP/REST, gRPC or HTTP, is \"FTP\"|spec.services[0].image: must not be empty")]
    [InlineData("services: [{ name: auth, port: 80, protocol: HTTP, env: [{ name: A, value: 1 }] }]", "spec.services[0].env[0].value: must be a string, is 1: put it in quotes")]
    public void Rules_are_not_asked_about_what_cannot_be_read(string spec, string problems)
    {
        var document = AppDocument.Read(Documents.Of(spec), RefusedSpecs.Settings);
        Assert.Null(document.App);
        Assert.Equal(problems, string.Join('|', document.Problems));
    }

    [Fact]
    public void A_field_that_is_null_is_not_there_but_in_a_pod_template()
    {
        var document = AppDocument.Read(Documents.Of("""
            gateway: null
            commonLabels: { team: null }
            services: [{ name: auth, port: 80, protocol: HTTP, route: null, podTemplate: { spec: { securityContext: null } } }]
            """), RefusedSpecs.Settings);
        Assert.Empty(document.Problems);
        Assert.Null(document.App!.Spec.Gateway);
        Assert.Empty(document.App.Spec.CommonLabels!);
        Assert.True(document.App.Spec.Services[0].PodTemplate!["spec"]!.AsObject().ContainsKey("securityContext"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("metadata: {}")]
    [InlineData("metadata: null")]
    public void The_name_is_asked_for(string metadata) =>
        Assert.Equal("metadata.name", Read($"""
            apiVersion: fleet.microservices.dev/v1
            kind: MicroserviceApp
            {metadata}
            spec:
              services:
              - name: auth
                port: 80
                protocol: HTTP
            """).Problems.Select(p => p.Path).LastOrDefault());

    [Theory]
    [InlineData("metadata: { name: 5 }", "metadata.name: cannot be read: it is of another type than this field")]
    [InlineData("metadata: { name: shop, labels: [] }", "metadata.labels: cannot be read: it is of another type than this field")]
    [InlineData("metadata: { name: shop, finalizers: [null] }", "metadata: a list in it has an empty entry: give it a value or remove it")]
    public void Metadata_that_cannot_be_read_is_told(string metadata, string problem)
    {
        var document = Read($"""
            apiVersion: fleet.microservices.dev/v1
            kind: MicroserviceApp
            {metadata}
            spec:
              services:
              - name: auth
                port: 80
                protocol: HTTP
            """);
        Assert.Null(document.App);
        Assert.Equal(problem, Assert.Single(document.Problems).ToString());
    }

    [Fact]
    public void A_problem_is_told_in_one_line_and_in_whole_characters()
    {
        var problems = AppDocument.Read(Documents.Of($$"""
            commonLabels: { "a\nb": x }
            services: [{ name: auth, port: 80, protocol: HTTP, imagePullPolicy: "{{new string('x', 56)}}\U0001F680{{new string('x', 56)}}" }]
            """), RefusedSpecs.Settings).Problems;
        Assert.All(problems, p => Assert.DoesNotContain(p.ToString(), char.IsControl));
        Assert.All(problems, p => Assert.DoesNotContain(p.ToString(), char.IsSurrogate));
    }

    [Fact]
    public void What_no_server_would_keep_is_unreadable_and_nothing_breaks()
    {
        foreach (var (spec, path) in new[]
        {
            ("null", "spec"), ("{ services: null }", "spec.services"), ("{ services: [null] }", "spec.services[0]"), ("{ commonLabels: { a: null }, services: [] }", "spec.commonLabels[a]"),
            ("{ services: [{ name: a, port: 1, protocol: HTTP, args: [null] }] }", "spec.services[0].args[0]"),
        })
        {
            var app = AppsJson.Read(System.Text.Encoding.UTF8.GetBytes($$"""{ "metadata": { "name": "shop" }, "spec": {{Yaml.ParseOne($"a: {spec}")["a"]?.ToJsonString() ?? "null"}} }"""));
            Assert.Equal($"{path}: not a value this version of the operator knows", app.Unreadable);
            Assert.NotEmpty(Planner.Plan(app, Observed.Nothing, RefusedSpecs.Settings).Problems);
        }
    }

    [Fact]
    public void A_service_on_the_image_of_orders_does_not_depend_on_itself() =>
        Assert.Empty(AppDocument.Read(Documents.Of($"services: [{{ name: users, port: 80, protocol: HTTP, image: '{RefusedSpecs.Settings.BundledRegistry}/fleet-orders:1' }}]"), RefusedSpecs.Settings).Problems);

    [Theory]
    [InlineData("apiVersion: fleet.microservices.dev/v9\nkind: MicroserviceApp", true)]
    [InlineData("apiVersion: v1\nkind: MicroserviceApp", false)]
    [InlineData("apiVersion: fleet.microservices.dev/v1\nkind: Other", false)]
    [InlineData("[]", false)]
    public void Apps_are_told_from_other_documents(string yaml, bool isOne) => Assert.Equal(isOne, AppDocument.IsOne(Yaml.Parse(yaml).Single()));

    [Theory]
    [InlineData("shop.yaml")]
    [InlineData("shop-full.yaml")]
    [InlineData("custom.yaml")]
    public void The_examples_are_accepted(string file)
    {
        var apps = Example(file).Where(AppDocument.IsOne).Select(d => AppDocument.Read(d, RefusedSpecs.Settings)).ToArray();
        Assert.NotEmpty(apps);
        Assert.All(apps, a => Assert.Empty(a.Problems));
    }

    [Fact]
    public void The_examples_have_every_field()
    {
        // Not one of them alone, since some fields exclude each other.
        var written = new HashSet<string>(Directory.EnumerateFiles(RepositoryRoot.Combine("crds", "examples")).SelectMany(f => Example(Path.GetFileName(f))).Where(AppDocument.IsOne).SelectMany(d => PathsIn(d, "")), StringComparer.Ordinal);
        var missing = Schemas.Within(Crd.Schema).Select(s => s.Path).Where(p => p.StartsWith("spec.", StringComparison.Ordinal) && !written.Contains(p));
        Assert.Empty(missing);
    }

    [Fact]
    public void The_full_example_brings_what_it_refers_to()
    {
        var documents = Example("shop-full.yaml");
        var brought = documents.Where(d => !AppDocument.IsOne(d)).Select(d => d["metadata"]!["name"]!.GetValue<string>());
        Assert.Equal(["auth-data", "catalog-keys", "registry-login", "shop-database", "shop-settings", "shop-tls"], brought.Order(StringComparer.Ordinal));
    }

    private static AppDocument Read(string yaml) => AppDocument.Read(Yaml.Parse(yaml).Single(), RefusedSpecs.Settings);

    private static IReadOnlyList<JsonNode> Example(string file) => Yaml.Parse(File.ReadAllText(RepositoryRoot.Combine("crds", "examples", file)));

    // Both spellings of an object's entries, because a document cannot tell fields from a map's keys.
    private static IEnumerable<string> PathsIn(JsonNode? node, string path) => node switch
    {
        JsonObject fields => fields.SelectMany(f => PathsIn(f.Value, path.Length == 0 ? f.Key : $"{path}.{f.Key}").Append($"{path}[*]")).Append(path),
        JsonArray items => items.SelectMany(i => PathsIn(i, $"{path}[]")).Append(path),
        _ => [path],
    };
}
