using System.Collections.Immutable;
using System.Text.Json;
using Fleet.Kubernetes;

namespace Fleet.Apps;

/// <summary>
/// Fields that we set once and that are not wanted any more: the next apply takes them away. Which ones are ours is kept by the server in
/// <c>metadata.managedFields</c> (KEP-555). Of an object that was only created so far, these hold the server's defaults as well; they come back by themselves.
/// </summary>
public static class LeftFields
{
    /// <summary>Every field of ours that is there and not desired.</summary>
    public static IReadOnlyList<Difference> Of(KubeObject desired, KubeObject live)
    {
        var found = new List<Difference>();
        foreach (var entry in live.Metadata.ManagedFields ?? [])
        {
            if (entry is { Manager: Keys.Manager, Subresource: null, FieldsV1: { } fields })
                Walk(fields.Json, desired.Json, live.Json, [], found);
        }

        return found;
    }

    private static void Walk(JsonElement fields, JsonElement desired, JsonElement live, ImmutableArray<PathStep> path, List<Difference> found)
    {
        foreach (var field in fields.EnumerateObject())
        {
            if (StepOf(field.Name) is not { } step || step.In(live) is not var (there, index))
                continue; // a value of a set, or already gone
            ImmutableArray<PathStep> below = [.. path, step with { Index = index }];
            if (step.In(desired) is var (wanted, _))
                Walk(field.Value, wanted, there, below, found);
            else
                found.Add(new(new(below), default, there));
        }
    }

    // f:name is a field, k:{...} the entry of a list with these keys; anything else is a leaf of its own.
    private static PathStep? StepOf(string name)
    {
        if (name.StartsWith("f:", StringComparison.Ordinal))
            return PathStep.To(name[2..]);
        if (!name.StartsWith("k:", StringComparison.Ordinal))
            return null;
        using var key = JsonDocument.Parse(name[2..]);
        return new(null, [.. key.RootElement.EnumerateObject().Select(k => (k.Name, PathStep.Text(k.Value)))], -1);
    }
}
