using System.Text.Json.Nodes;

namespace Fleet.Local.ApiServer;

/// <summary>A JSON merge patch. Rule: RFC 7396, section 2.</summary>
internal static class MergePatch
{
    /// <summary>Returns the patched object; neither argument is changed.</summary>
    internal static JsonNode? Apply(JsonNode? target, JsonNode? patch)
    {
        if (patch is not JsonObject changes)
            return patch?.DeepClone();
        var patched = target is JsonObject fields ? (JsonObject)fields.DeepClone() : [];
        foreach (var (name, value) in changes)
        {
            if (value is null)
                patched.Remove(name);
            else
                patched[name] = Apply(patched[name], value);
        }

        return patched;
    }
}
