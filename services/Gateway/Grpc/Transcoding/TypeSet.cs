using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;

namespace Fleet.Gateway;

/// <summary>Message types and services by their full names: what one backend describes, and the well-known types.</summary>
public sealed class TypeSet
{
    private static readonly FileDescriptor[] WellKnownFiles =
    [
        AnyReflection.Descriptor, DurationReflection.Descriptor, EmptyReflection.Descriptor, FieldMaskReflection.Descriptor, StructReflection.Descriptor,
        TimestampReflection.Descriptor, WrappersReflection.Descriptor,
    ];

    private readonly Dictionary<string, MessageDescriptor> _messages = [];
    private readonly Dictionary<string, Google.Protobuf.Reflection.ServiceDescriptor> _services = [];

    public TypeSet(IEnumerable<FileDescriptor> files)
    {
        foreach (var file in WellKnownFiles.Concat(files)) // what the backend says of a name goes last and counts
        {
            foreach (var message in file.MessageTypes)
                Add(message);
            foreach (var service in file.Services)
                _services[service.FullName] = service;
        }
    }

    /// <summary>Nothing but the well-known types.</summary>
    public static TypeSet WellKnownOnly { get; } = new([]);

    public MessageDescriptor? FindMessage(string fullName) => _messages.GetValueOrDefault(fullName);

    public MethodDescriptor? FindMethod(string service, string method) => _services.GetValueOrDefault(service)?.FindMethodByName(method);

    private void Add(MessageDescriptor message)
    {
        _messages[message.FullName] = message;
        foreach (var nested in message.NestedTypes)
            Add(nested);
    }
}
