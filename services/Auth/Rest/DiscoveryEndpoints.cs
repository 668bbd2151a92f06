using System.Buffers;
using System.Text.Json;
using Fleet.Hosting;

namespace Fleet.Auth;

/// <summary>
/// What a verifier of tokens looks for: the key set, and the document that leads to it. It is not an OpenID provider, so the document has what a verifier
/// reads and no more. Both are at the root, where the issuer's URL leads, and under the service's name, where a gateway's route leads.
/// </summary>
internal static class DiscoveryEndpoints
{
    /// <summary>Less than <see cref="KeyRing.Notice"/>, so that every copy knows a key before it signs.</summary>
    private const string CacheControl = "public, max-age=300";

    public static void Map(WebApplication app)
    {
        var settings = app.Services.GetRequiredService<AuthSettings>();
        var keys = app.Services.GetRequiredService<SigningKeys>();
        var document = Document(settings);
        foreach (var root in (string[])["", $"/{app.Services.GetRequiredService<ServiceEnvironment>().Service}"])
        {
            app.MapGet($"{root}/.well-known/openid-configuration", (RequestDelegate)(context => WriteAsync(context, document)));
            app.MapGet($"{root}/.well-known/jwks.json", (RequestDelegate)(context => WriteAsync(context, keys.KeySet)));
        }
    }

    private static Task WriteAsync(HttpContext context, ReadOnlyMemory<byte> body)
    {
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.Length;
        context.Response.Headers.CacheControl = CacheControl;
        return context.Response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }

    private static ReadOnlyMemory<byte> Document(AuthSettings settings)
    {
        var body = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(body);
        json.WriteStartObject();
        json.WriteString("issuer", settings.Issuer);
        json.WriteString("jwks_uri", settings.JwksUri.AbsoluteUri);
        WriteList(json, "response_types_supported");
        WriteList(json, "subject_types_supported", "public");
        WriteList(json, "id_token_signing_alg_values_supported", "ES256");
        json.WriteEndObject();
        json.Flush();
        return body.WrittenMemory;
    }

    private static void WriteList(Utf8JsonWriter json, string name, params string[] values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
            json.WriteStringValue(value);
        json.WriteEndArray();
    }
}
