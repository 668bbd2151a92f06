using Fleet.Kubernetes;

namespace Fleet.Apps;

/// <summary>What Kubernetes demands of a container's resources; it would refuse the pod, long after the spec was accepted.</summary>
internal static class ResourceRules
{
    private static readonly string[] Standard = ["cpu", "memory", "ephemeral-storage"];

    internal static IEnumerable<Problem> Check(ComputeResources? resources, string path) =>
    [
        .. OfList(resources?.Requests, $"{path}.requests"),
        .. OfList(resources?.Limits, $"{path}.limits"),
        .. OfBoth(resources, path),
    ];

    private static IEnumerable<Problem> OfList(IReadOnlyDictionary<string, IntOrString>? list, string path)
    {
        foreach (var (name, amount) in (list ?? new Dictionary<string, IntOrString>(StringComparer.Ordinal)).OrderBy(r => r.Key, StringComparer.Ordinal))
        {
            if (!IsResource(name))
            {
                yield return new($"{path}[{name}]", Suggestion.For(name, Standard) is { } meant
                    ? $"no resource of a container; did you mean {meant}?"
                    : "no resource of a container: use cpu, memory, ephemeral-storage, hugepages-<size> or a device such as vendor.example/gpu");
            }

            if (!Quantity.TryParse(amount.ToString(), out var quantity))
                yield return new($"{path}[{name}]", $"must be {Patterns.InWords(Patterns.Quantity)}, is \"{amount}\"");
            else if (quantity.Value < 0)
                yield return new($"{path}[{name}]", $"must not be negative, is {amount}");
        }
    }

    private static IEnumerable<Problem> OfBoth(ComputeResources? resources, string path)
    {
        if (resources is not { Requests: { } requests, Limits: { } limits })
            yield break;
        foreach (var (name, request) in requests.OrderBy(r => r.Key, StringComparer.Ordinal))
        {
            if (limits.TryGetValue(name, out var limit) && Quantity.TryParse(request.ToString(), out var wanted) && Quantity.TryParse(limit.ToString(), out var most) && wanted > most)
                yield return new($"{path}.requests[{name}]", $"must not be more than the limit of {limit}, is {request}");
        }
    }

    private static bool IsResource(string name) => Standard.Contains(name) || name.StartsWith("hugepages-", StringComparison.Ordinal) || name.IndexOf('/') > 0;
}
