using System.Text.Json.Nodes;
using Fleet.Kubernetes;
using Fleet.Testing;

namespace Fleet.SystemTests.Conformance;

/// <summary>A CustomResourceDefinition of a test's own, in a group of its own; disposing deletes it.</summary>
public sealed class CustomKind : IAsyncDisposable
{
    private const string OpenSchema = """
        type: object
        properties:
          spec: { type: object, x-kubernetes-preserve-unknown-fields: true }
        """;

    private readonly Wire _wire;

    private CustomKind(Wire wire, string group, string plural) => (_wire, Group, Plural) = (wire, group, plural);

    /// <summary>The group, not used before.</summary>
    public string Group { get; }

    /// <summary>The plural.</summary>
    public string Plural { get; }

    /// <summary>The version.</summary>
    public string ApiVersion => $"{Group}/v1";

    /// <summary>The CRD's path.</summary>
    public string Path => $"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{Plural}.{Group}";

    /// <summary>Makes one of kind Widget and returns when it is served.</summary>
    /// <param name="wire">The server.</param>
    /// <param name="schema">Its schema as YAML; anything in spec when null.</param>
    /// <param name="version">More fields of the version, as a YAML mapping in flow style: subresources, additionalPrinterColumns.</param>
    /// <param name="names">More names, as a YAML mapping in flow style.</param>
    public static async Task<CustomKind> EstablishAsync(Wire wire, string? schema = null, string version = "{}", string names = "{}")
    {
        var kind = new CustomKind(wire, $"g{Guid.NewGuid().ToString("N")[..8]}.fleet.test", "widgets");
        (await wire.PostAsync("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", kind.Definition(schema, version, names))).Is(201);
        await kind.ServedAsync();
        return kind;
    }

    /// <summary>The definition.</summary>
    public JsonNode Definition(string? schema, string version = "{}", string names = "{}")
    {
        var crd = Yaml.ParseOne($$"""
            apiVersion: apiextensions.k8s.io/v1
            kind: CustomResourceDefinition
            metadata: { name: {{Plural}}.{{Group}} }
            spec:
              group: {{Group}}
              scope: Namespaced
              names: { plural: {{Plural}}, singular: widget, kind: Widget, listKind: WidgetList }
              versions: [{ name: v1, served: true, storage: true }]
            """);
        crd.At("spec.versions[0]")!["schema"] = new JsonObject { ["openAPIV3Schema"] = Yaml.ParseOne(schema ?? OpenSchema) };
        foreach (var (name, value) in Yaml.ParseOne(version).AsObject())
            crd.At("spec.versions[0]")![name] = value?.DeepClone();
        foreach (var (name, value) in Yaml.ParseOne(names).AsObject())
            crd.At("spec.names")![name] = value?.DeepClone();
        return crd;
    }

    /// <summary>Returns when objects of the kind can be listed.</summary>
    public async Task ServedAsync()
    {
        await Eventually.That(
            () => _wire.GetAsync(Path),
            answer => answer.Ok.At("status.conditions")?.AsArray().Any(c => c.Text("type") == "Established" && c.Text("status") == "True") == true);
        // Some servers need a moment from "established" to "served", and say 404 until then.
        await Eventually.That(() => _wire.GetAsync($"/apis/{ApiVersion}/{Plural}"), answer => answer.Code == 200);
    }

    /// <summary>The path of the collection, an object or a subresource.</summary>
    public string In(string ns, string? rest = null) => $"/apis/{ApiVersion}/namespaces/{ns}/{Plural}{(rest is null ? "" : $"/{rest}")}";

    /// <summary>An object of the kind.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="rest">The fields beside metadata, as a YAML mapping in flow style.</param>
    public JsonNode Object(string name, string rest = "{}")
    {
        var made = new JsonObject { ["apiVersion"] = ApiVersion, ["kind"] = "Widget", ["metadata"] = new JsonObject { ["name"] = name } };
        foreach (var (field, value) in Yaml.ParseOne(rest).AsObject())
            made[field] = value?.DeepClone();
        return made;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await _wire.DeleteAsync(Path);
}
