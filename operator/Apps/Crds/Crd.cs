using System.Reflection;
using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Apps;

/// <summary>The CustomResourceDefinition, made from the C# types: <c>fleet crds</c> prints it, and <c>crds/</c> holds the output.</summary>
public static class Crd
{
    /// <summary>Annotation: the number of the schema, by which an operator tells whether the installed CRD is older than it.</summary>
    public const string SchemaKey = $"{Keys.Family}/schema";

    /// <summary>The number of this schema; it goes up with every release that changes the schema.</summary>
    public const int SchemaNumber = 1;

    /// <summary>The schema of a MicroserviceApp.</summary>
    public static Schema Schema { get; } = SchemaGenerator.Of(typeof(MicroserviceApp));

    /// <summary>The CRD of MicroserviceApps, as YAML with a line that says where it comes from.</summary>
    public static string ToYaml() => $"# Generated from the C# types by `fleet crds`; do not edit.\n{Yaml.Write(Build(typeof(MicroserviceApp), Schema))}";

    /// <summary>The CRD of a class that has <see cref="KubernetesEntityAttribute"/>: one version, namespaced, with a status of its own.</summary>
    /// <param name="type">The class.</param>
    /// <param name="schema">Its schema.</param>
    public static JsonObject Build(Type type, Schema schema)
    {
        var entity = type.GetCustomAttribute<KubernetesEntityAttribute>() ?? throw new ArgumentException($"{type.Name} is no [KubernetesEntity]", nameof(type));
        return Json.Of(
            ("apiVersion", Resources.CustomResourceDefinitions.ApiVersion),
            ("kind", Resources.CustomResourceDefinitions.Kind),
            ("metadata", Json.Of(
                ("name", $"{entity.PluralName}.{entity.Group}"),
                ("annotations", Json.Of((SchemaKey, $"{SchemaNumber}"))))),
            ("spec", Json.Of(
                ("group", entity.Group),
                ("scope", "Namespaced"),
                ("names", Json.Of(
                    ("kind", entity.Kind),
                    ("listKind", $"{entity.Kind}List"),
                    ("plural", entity.PluralName),
                    ("singular", entity.Kind.ToLowerInvariant()),
                    ("shortNames", Json.Strings(entity.ShortNames)),
                    ("categories", Json.Strings(entity.Categories)))),
                ("versions", Json.ListOf([Version(type, entity, schema)])))));
    }

    private static JsonObject Version(Type type, KubernetesEntityAttribute entity, Schema schema) => Json.Of(
        ("name", entity.ApiVersion),
        ("served", true),
        ("storage", true),
        ("subresources", Json.Of(("status", new JsonObject()))),
        ("additionalPrinterColumns", Json.ListOf(type.GetCustomAttributes<AdditionalPrinterColumnAttribute>().Select(Column))),
        ("schema", Json.Of(("openAPIV3Schema", schema.ToJson()))));

    private static JsonObject Column(AdditionalPrinterColumnAttribute column) => Json.Of(
        ("name", column.Name),
        ("type", column.Type),
        ("jsonPath", column.JsonPath),
        ("priority", column.Priority == 0 ? null : column.Priority));
}
