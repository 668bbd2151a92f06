using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.JsonPatch.SystemTextJson;
using Microsoft.AspNetCore.JsonPatch.SystemTextJson.Exceptions;

namespace Fleet.Local.ApiServer;

/// <summary>A JSON patch. Rule: RFC 6902.</summary>
internal static class JsonPatch
{
    // As in kube-apiserver: nobody needs more, and each costs.
    private const int MaxOperations = 10_000;

    private static readonly HashSet<string> Operations = new(StringComparer.Ordinal) { "add", "remove", "replace", "move", "copy", "test" };

    /// <summary>Returns the patched object; the argument is not changed.</summary>
    /// <exception cref="ApiError">The patch is none (400), or cannot be applied (422).</exception>
    internal static JsonObject Apply(JsonObject target, JsonNode? patch)
    {
        if (patch is not JsonArray operations || operations.Any(o => o is not JsonObject one || one.Text("op") is not { } op || !Operations.Contains(op) || one.Text("path") is not { Length: > 0 }))
            throw ApiError.BadRequest("a JSON patch is a list of operations, each with op (add, remove, replace, move, copy, test) and path");
        if (operations.Count > MaxOperations)
            throw ApiError.TooLarge();
        var patched = (JsonObject)target.DeepClone();
        try
        {
            operations.Deserialize<JsonPatchDocument>(Wire.Options)!.ApplyTo(patched);
            return patched;
        }
        catch (JsonPatchException e)
        {
            throw ApiError.Unprocessable($"the server rejected our request due to an error in our request: {e.Message}");
        }
        catch (JsonException e)
        {
            throw ApiError.BadRequest($"error decoding patch: {e.Message}");
        }
    }
}
