using System.Buffers;

namespace Fleet.Kubernetes;

/// <summary>Hands a part of a buffer to a reader in one piece, without a copy where it is in one piece already.</summary>
internal static class JsonSlice
{
    public static T Read<T>(ReadOnlySequence<byte> part, ObjectReader<T> read)
    {
        if (part.IsSingleSegment)
            return read(part.FirstSpan);
        var length = (int)part.Length;
        var whole = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            part.CopyTo(whole);
            return read(whole.AsSpan(0, length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(whole);
        }
    }
}
