using System.Runtime.CompilerServices;
using Google.Protobuf.Reflection;

namespace Fleet.Gateway;

/// <summary>A type's fields by the names that JSON may call them: lowerCamelCase, or as in the proto file.</summary>
internal static class FieldNames
{
    private static readonly ConditionalWeakTable<MessageDescriptor, Dictionary<string, FieldDescriptor>> Known = [];

    public static Dictionary<string, FieldDescriptor> Of(MessageDescriptor type) => Known.GetValue(type, static t =>
    {
        var names = t.Fields.InDeclarationOrder().ToDictionary(f => f.Name);
        foreach (var field in t.Fields.InDeclarationOrder())
            names[field.JsonName] = field;
        return names;
    });
}
