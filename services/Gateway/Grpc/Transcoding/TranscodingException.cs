namespace Fleet.Gateway;

/// <summary>A message that cannot be translated. The text is for the caller: it names the place (<c>$.items[2].price</c>) and what is wrong there.</summary>
public class TranscodingException(string path, string problem) : Exception($"{path}: {problem}")
{
    /// <summary>Where in the JSON text, from the root <c>$</c>.</summary>
    public string Path => path;
}

/// <summary>JSON with a member that the type does not have. The type may be newer than what is known of it.</summary>
public sealed class UnknownFieldException(string path, string problem) : TranscodingException(path, problem);

/// <summary>An Any whose type is not among the known ones.</summary>
public sealed class UnknownTypeException(string path, string typeName) : TranscodingException(path, $"the type {typeName} is not known here")
{
    /// <summary>The full name of the message type.</summary>
    public string TypeName => typeName;
}
