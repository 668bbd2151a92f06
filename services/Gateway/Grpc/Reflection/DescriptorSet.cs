using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Fleet.Gateway;

/// <summary>Puts described files into an order in which each follows what it imports, and links them.</summary>
internal static class DescriptorSet
{
    /// <exception cref="InvalidDataException">The files do not fit together.</exception>
    public static TypeSet Link(IReadOnlyDictionary<string, FileDescriptorProto> files)
    {
        var ordered = new List<ByteString>();
        var seen = new Dictionary<string, bool>(); // false while its imports are being added
        foreach (var name in files.Keys)
            Add(name);
        try
        {
            return new TypeSet(FileDescriptor.BuildFromByteStrings(ordered));
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or DescriptorValidationException or InvalidProtocolBufferException)
        {
            throw new InvalidDataException(e.Message, e);
        }

        void Add(string name)
        {
            if (seen.TryGetValue(name, out var added))
            {
                if (!added)
                    throw new InvalidDataException($"{name} imports itself");
                return;
            }

            if (!files.TryGetValue(name, out var file))
                throw new InvalidDataException($"{name} is imported and not described");
            seen[name] = false;
            foreach (var import in file.Dependency)
                Add(import);
            seen[name] = true;
            ordered.Add(file.ToByteString());
        }
    }
}
