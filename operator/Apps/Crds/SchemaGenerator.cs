using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Fleet.Kubernetes;

namespace Fleet.Apps;

/// <summary>
/// C# types to schemas, by reflection over properties and their attributes. What keeps a CRD teachable and CEL within its cost is demanded here:
/// a description on every field, a bound on every string, list and map.
/// </summary>
public static class SchemaGenerator
{
    /// <summary>The schema of a class. One with <see cref="KubernetesEntityAttribute"/> is a whole object, with the fields that every object has.</summary>
    /// <exception cref="InvalidOperationException">A field lacks what is demanded; the message names it.</exception>
    public static Schema Of(Type type) => Class(type, []);

    private const string OwnTypes = "Fleet's own assemblies are kept as they are (operator/Cli/Cli.csproj)";

    // The server knows these itself; of metadata a schema may not even have a description.
    private static readonly Dictionary<string, Schema> CommonFields = new()
    {
        ["apiVersion"] = new() { Type = "string", Description = "The group and version of this object." },
        ["kind"] = new() { Type = "string", Description = "The kind of this object." },
        ["metadata"] = new() { Type = "object" },
    };

    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = OwnTypes)]
    private static Schema Class(Type type, IReadOnlyList<Type> outer)
    {
        if (outer.Contains(type))
            throw new InvalidOperationException($"{type.Name} contains itself: a structural schema must end");
        // MetadataToken is the order of declaration; reflection alone does not promise any.
        var properties = type.GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
            .Where(p => !p.IsDefined(typeof(JsonIgnoreAttribute)))
            .OrderBy(p => p.MetadataToken)
            .ToArray();
        return new()
        {
            Type = "object",
            Description = type.GetCustomAttribute<DescriptionAttribute>()?.Description,
            Properties = new OrderedDictionary<string, Schema>(properties.Select(p => KeyValuePair.Create(NameOf(p), Common(p) ?? Field(p, [.. outer, type])))),
            Required = [.. properties.Where(p => p.IsDefined(typeof(RequiredMemberAttribute))).Select(NameOf)],
            Rules = RulesOf(type),
        };
    }

    private static Schema? Common(PropertyInfo property) =>
        property.DeclaringType!.IsDefined(typeof(KubernetesEntityAttribute)) ? CommonFields.GetValueOrDefault(NameOf(property)) : null;

    private static Schema Field(PropertyInfo property, IReadOnlyList<Type> outer)
    {
        var description = property.GetCustomAttribute<DescriptionAttribute>()?.Description ?? throw Lacks(property, "a [Description]");
        var schema = Shape(property, outer);
        return schema with { Description = description, Rules = [.. schema.Rules, .. RulesOf(property)] };
    }

    private static Schema Shape(PropertyInfo property, IReadOnlyList<Type> outer)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        if (type == typeof(JsonObject))
        {
            return property.IsDefined(typeof(PreserveUnknownFieldsAttribute))
                ? new() { Type = "object", PreservesUnknownFields = true }
                : throw Lacks(property, "[PreserveUnknownFields]");
        }

        var (min, max) = LengthOf(property);
        if (ItemOf(type, typeof(IReadOnlyList<>)) is { } item)
        {
            return new()
            {
                Type = "array",
                MinItems = min,
                MaxItems = max ?? throw Lacks(property, "a [MaxLength], the most items"),
                HasUniqueItems = property.IsDefined(typeof(UniqueItemsAttribute)),
                ListMapKeys = property.GetCustomAttribute<ListMapKeysAttribute>()?.Keys ?? [],
                Items = Item(property, item, outer),
            };
        }

        if (ItemOf(type, typeof(IReadOnlyDictionary<,>)) is { } value)
        {
            return new()
            {
                Type = "object",
                MaxProperties = max ?? throw Lacks(property, "a [MaxLength], the most entries"),
                AdditionalProperties = Item(property, value, outer),
            };
        }

        var schema = Scalar(type) ?? Class(type, outer);
        var range = property.GetCustomAttribute<RangeAttribute>();
        var choices = property.GetCustomAttribute<AllowedValuesAttribute>()?.Values.Cast<string>().ToArray() ?? schema.Choices;
        return schema with
        {
            Choices = choices,
            Pattern = property.GetCustomAttribute<RegularExpressionAttribute>()?.Pattern,
            MinLength = min,
            MaxLength = max ?? (IsText(schema) && choices.Count == 0 ? throw Lacks(property, "a [MaxLength]") : null),
            Minimum = range is null ? null : Convert.ToInt64(range.Minimum),
            Maximum = range is null ? null : Convert.ToInt64(range.Maximum),
        };
    }

    private static Schema Item(PropertyInfo property, Type type, IReadOnlyList<Type> outer)
    {
        var schema = Scalar(type) ?? Class(type, outer);
        if (!IsText(schema) || schema.Choices.Count > 0)
            return schema;
        var items = property.GetCustomAttribute<ItemsAttribute>() ?? throw Lacks(property, "an [Items], the longest string in it");
        return schema with { MaxLength = items.MaxLength, Pattern = items.Pattern };
    }

    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = OwnTypes)]
    private static Schema? Scalar(Type type) => type switch
    {
        _ when type == typeof(string) => new() { Type = "string" },
        _ when type == typeof(bool) => new() { Type = "boolean" },
        _ when type == typeof(int) => new() { Type = "integer", Format = "int32" },
        _ when type == typeof(long) => new() { Type = "integer", Format = "int64" },
        _ when type == typeof(DateTimeOffset) => new() { Type = "string", Format = "date-time" },
        _ when type == typeof(IntOrString) => new() { IsIntOrString = true },
        { IsEnum: true } => new() { Type = "string", Choices = [.. Enum.GetNames(type).Select(n => NameOf(type.GetField(n)!))] },
        _ => null,
    };

    // A date's length is bounded by its format.
    private static bool IsText(Schema schema) => schema.IsIntOrString || (schema.Type == "string" && schema.Format is null);

    private static Type? ItemOf(Type type, Type collection) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == collection ? type.GetGenericArguments()[^1] : null;

    private static (int? Min, int? Max) LengthOf(PropertyInfo property)
    {
        var length = property.GetCustomAttribute<LengthAttribute>();
        return (length?.MinimumLength, length?.MaximumLength ?? property.GetCustomAttribute<MaxLengthAttribute>()?.Length);
    }

    private static SchemaRule[] RulesOf(MemberInfo member) =>
        [.. member.GetCustomAttributes<ValidationRuleAttribute>().Select(r => new SchemaRule(r.Rule, r.Message))];

    private static string NameOf(PropertyInfo property) =>
        property.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name ?? JsonNamingPolicy.CamelCase.ConvertName(property.Name);

    private static string NameOf(FieldInfo choice) => choice.GetCustomAttribute<JsonStringEnumMemberNameAttribute>()?.Name ?? choice.Name;

    private static InvalidOperationException Lacks(PropertyInfo property, string what) => new($"{property.DeclaringType!.Name}.{property.Name} needs {what}");
}
