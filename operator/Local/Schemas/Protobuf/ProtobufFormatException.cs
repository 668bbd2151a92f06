namespace Fleet.Local.Schemas;

/// <summary>A protobuf body that is broken, or says something that the server does not know.</summary>
public sealed class ProtobufFormatException : FormatException
{
    /// <summary>A body that cannot be read.</summary>
    public ProtobufFormatException()
    {
    }

    /// <summary>A body that cannot be read, and why.</summary>
    /// <param name="message">Why.</param>
    public ProtobufFormatException(string message)
        : base(message)
    {
    }

    /// <summary>A body that cannot be read, and why.</summary>
    /// <param name="message">Why.</param>
    /// <param name="innerException">What reading it failed with.</param>
    public ProtobufFormatException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
