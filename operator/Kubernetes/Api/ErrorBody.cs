using System.Text;
using System.Text.Json;

namespace Fleet.Kubernetes;

/// <summary>Reads why a request was refused, whatever the body holds.</summary>
internal static class ErrorBody
{
    private const int MaxLength = 1 << 20;
    private const int MaxMessage = 1024;

    /// <summary>The server's Status; where the body is none (a proxy's page, a plain "404 page not found"), its beginning as the message.</summary>
    public static async Task<ApiStatus> ReadAsync(HttpResponseMessage response, CancellationToken stop)
    {
        try
        {
            using var body = await PooledBody.ReadAsync(await response.Content.ReadAsStreamAsync(stop), MaxLength, stop);
            return Parse(body.Bytes.Span, response.ReasonPhrase);
        }
        catch (Exception e) when (e is IOException or HttpRequestException or InvalidDataException)
        {
            return new() { Message = $"{response.ReasonPhrase ?? "refused"}; the explanation could not be read: {e.Message}" }; // the status says enough
        }
    }

    internal static ApiStatus Parse(ReadOnlySpan<byte> body, string? fallback)
    {
        try
        {
            // A null, or some other kind of object, is no explanation.
            if (JsonSerializer.Deserialize(body, ApiJson.Default.ApiStatus) is { } status && status.Reason.Length + status.Message.Length > 0)
                return status;
        }
        catch (JsonException)
        {
            // Not JSON: shown as it is.
        }

        var text = new string(Encoding.UTF8.GetString(body).Trim().Select(c => char.IsControl(c) ? ' ' : c).Take(MaxMessage).ToArray());
        return new() { Message = text.Length > 0 ? text : fallback ?? "" };
    }
}
