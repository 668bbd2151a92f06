using Google.Protobuf.Reflection;

namespace Fleet.Gateway;

/// <summary>The types that ProtoJSON writes in a way of their own.</summary>
internal static class WellKnown
{
    public const string Any = "google.protobuf.Any";
    public const string Timestamp = "google.protobuf.Timestamp";
    public const string Duration = "google.protobuf.Duration";
    public const string FieldMask = "google.protobuf.FieldMask";
    public const string Struct = "google.protobuf.Struct";
    public const string Value = "google.protobuf.Value";
    public const string ListValue = "google.protobuf.ListValue";
    public const string NullValue = "google.protobuf.NullValue";

    /// <summary>A message with one field <c>value</c>, written as that value alone.</summary>
    public static bool IsWrapper(MessageDescriptor type) => type.FullName is
        "google.protobuf.DoubleValue" or "google.protobuf.FloatValue" or "google.protobuf.Int64Value" or "google.protobuf.UInt64Value"
        or "google.protobuf.Int32Value" or "google.protobuf.UInt32Value" or "google.protobuf.BoolValue" or "google.protobuf.StringValue"
        or "google.protobuf.BytesValue";

    /// <summary>True when its JSON is not an object of its fields; inside an Any it stands under <c>value</c>.</summary>
    public static bool HasJsonOfItsOwn(MessageDescriptor type) =>
        IsWrapper(type) || type.FullName is Any or Timestamp or Duration or FieldMask or Struct or Value or ListValue;

    /// <summary>True when JSON's null is a value of the field, not its absence.</summary>
    public static bool TakesNull(FieldDescriptor field) => field.FieldType switch
    {
        FieldType.Message => field.MessageType.FullName == Value,
        FieldType.Enum => field.EnumType.FullName == NullValue,
        _ => false,
    };
}
