using System.Net;
using System.Text.Json;

namespace Fleet.Kubernetes;

/// <summary>Reads one line of a watch: <c>{"type":"ADDED","object":{...}}</c>.</summary>
internal static class WatchFrame
{
    /// <exception cref="ApiException">The line is an ERROR.</exception>
    /// <exception cref="JsonException">The line, or the object in it, cannot be read.</exception>
    public static WatchEvent<T> Read<T>(ReadOnlySpan<byte> line, ResourceKind<T> kind, string request)
        where T : class, IKubeObject
    {
        var type = default(WatchEventType?);
        var isError = false;
        var content = default(Range);
        var reader = new Utf8JsonReader(line, new JsonReaderOptions { MaxDepth = KubeJson.MaxDepth });
        Require(reader.Read() && reader.TokenType == JsonTokenType.StartObject);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isType = reader.ValueTextEquals("type"u8);
            var isObject = reader.ValueTextEquals("object"u8);
            reader.Read();
            if (isType)
                (type, isError) = TypeOf(ref reader);
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            if (isObject)
                content = start..(int)reader.BytesConsumed;
        }

        Require(content.End.Value > 0);
        if (isError)
            throw Error(line[content], request);
        switch (type)
        {
            case null:
                throw new JsonException("the line of the watch has no type that is known");
            case WatchEventType.Bookmark:
                var at = JsonSerializer.Deserialize(line[content], KubeJson.Default.PartialObject);
                return new(WatchEventType.Bookmark, null, at?.Metadata.ResourceVersion ?? "");
            default:
                var obj = kind.Read(line[content]);
                return new(type.Value, obj, obj.Metadata.ResourceVersion ?? "");
        }
    }

    private static (WatchEventType? Type, bool IsError) TypeOf(ref Utf8JsonReader reader) =>
        reader.TokenType != JsonTokenType.String ? (null, false)
        : reader.ValueTextEquals("ADDED"u8) ? (WatchEventType.Added, false)
        : reader.ValueTextEquals("MODIFIED"u8) ? (WatchEventType.Modified, false)
        : reader.ValueTextEquals("DELETED"u8) ? (WatchEventType.Deleted, false)
        : reader.ValueTextEquals("BOOKMARK"u8) ? (WatchEventType.Bookmark, false)
        : (null, reader.ValueTextEquals("ERROR"u8));

    private static ApiException Error(ReadOnlySpan<byte> content, string request)
    {
        var status = ErrorBody.Parse(content, null);
        return new(status.Code > 0 ? (HttpStatusCode)status.Code : HttpStatusCode.InternalServerError, status, request: request);
    }

    private static void Require(bool isFrame)
    {
        if (!isFrame)
            throw new JsonException("the line is no watch event");
    }
}
