using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;

namespace Fleet.Kubernetes;

/// <summary>Reads a page of a list as it arrives: no more than one object's JSON is held at a time, whatever the page's length.</summary>
internal sealed class ListPageReader<T>(ObjectReader<T> read, int maxObjectLength)
{
    private const int BufferSize = 64 << 10;
    private readonly List<T> _items = [];
    private JsonReaderState _state = new(new JsonReaderOptions { MaxDepth = KubeJson.MaxDepth });
    private ListMeta _meta = new();
    private Place _place = Place.BeforeRoot;

    private enum Place
    {
        BeforeRoot,
        InRoot,
        InItems,
        AfterRoot,
    }

    /// <summary>The objects, and what the list says of itself.</summary>
    /// <exception cref="JsonException">The body is no list.</exception>
    /// <exception cref="InvalidDataException">An object is longer than the bound.</exception>
    public async Task<(IReadOnlyList<T> Items, ListMeta Meta)> ReadAsync(Stream stream, CancellationToken stop)
    {
        var pipe = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: BufferSize));
        try
        {
            for (var enough = 1L; ;)
            {
                var result = await pipe.ReadAsync(stop);
                var buffer = result.Buffer;
                if (buffer.Length < enough && !result.IsCompleted)
                {
                    pipe.AdvanceTo(buffer.Start, buffer.End);
                    continue;
                }

                var consumed = Advance(buffer);
                if (_place == Place.AfterRoot)
                    return (_items, _meta);
                if (result.IsCompleted)
                    throw new IOException("the connection was cut in the middle of a list");
                var rest = buffer.Slice(consumed);
                if (rest.Length > maxObjectLength)
                    throw new InvalidDataException($"an object of the list is longer than {maxObjectLength} bytes");

                // What is not complete is scanned again from its start, so only once there is twice as much of it.
                enough = rest.Length * 2;
                pipe.AdvanceTo(rest.Start, rest.End);
            }
        }
        finally
        {
            await pipe.CompleteAsync();
        }
    }

    /// <summary>Takes in every complete part, and says where the first incomplete one starts.</summary>
    private SequencePosition Advance(ReadOnlySequence<byte> buffer)
    {
        var reader = new Utf8JsonReader(buffer, isFinalBlock: false, _state);
        var done = buffer.Start;
        while (_place != Place.AfterRoot && TakePart(buffer, ref reader))
        {
            _state = reader.CurrentState;
            done = reader.Position;
        }

        return done;
    }

    /// <summary>Takes in the next part; false when there is not enough of it yet, and the reader is spoilt then.</summary>
    private bool TakePart(ReadOnlySequence<byte> buffer, ref Utf8JsonReader reader)
    {
        if (!reader.Read())
            return false;
        switch (_place)
        {
            case Place.BeforeRoot:
                Require(reader.TokenType == JsonTokenType.StartObject);
                _place = Place.InRoot;
                return true;
            case Place.InRoot when reader.TokenType == JsonTokenType.EndObject:
                _place = Place.AfterRoot;
                return true;
            case Place.InRoot:
                return TakeProperty(buffer, ref reader);
            case Place.InItems when reader.TokenType == JsonTokenType.EndArray:
                _place = Place.InRoot;
                return true;
            default:
                Require(reader.TokenType == JsonTokenType.StartObject);
                return TakeItem(buffer, ref reader);
        }
    }

    private bool TakeProperty(ReadOnlySequence<byte> buffer, ref Utf8JsonReader reader)
    {
        var isItems = reader.ValueTextEquals("items"u8);
        var isMeta = reader.ValueTextEquals("metadata"u8);
        if (!reader.Read())
            return false;
        if (isItems && reader.TokenType == JsonTokenType.StartArray)
        {
            _place = Place.InItems;
            return true;
        }

        Require(!isItems || reader.TokenType == JsonTokenType.Null); // an empty list may be null
        if (!isMeta)
            return reader.TrySkip();
        var start = reader.TokenStartIndex;
        if (!reader.TrySkip())
            return false;
        _meta = JsonSlice.Read(buffer.Slice(start, reader.BytesConsumed - start), ReadMeta);
        return true;
    }

    private bool TakeItem(ReadOnlySequence<byte> buffer, ref Utf8JsonReader reader)
    {
        var start = reader.TokenStartIndex;
        if (!reader.TrySkip())
            return false;
        if (reader.BytesConsumed - start > maxObjectLength)
            throw new InvalidDataException($"an object of the list is longer than {maxObjectLength} bytes");
        _items.Add(JsonSlice.Read(buffer.Slice(start, reader.BytesConsumed - start), read));
        return true;
    }

    private static ListMeta ReadMeta(ReadOnlySpan<byte> utf8) => JsonSerializer.Deserialize(utf8, ApiJson.Default.ListMeta) ?? new();

    private static void Require(bool isList)
    {
        if (!isList)
            throw new JsonException("the answer is no list");
    }
}
