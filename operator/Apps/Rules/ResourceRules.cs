using Fleet.Kubernetes;

namespace Fleet.Apps;

/// <summary>What Kubernetes demands of a container's resources; it would refuse the pod, long after the spec was accepted.</summary>
internal static class ResourceRules
{
    private static readonly string[] Standard = ["cpu", "memory", "ephemeral-storage"];
    private static readonly string[] CpuUnits = ["1", "1m"];
    private static readonly string[] ByteUnits = ["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"];

    internal static IEnumerable<Problem> Check(ComputeResources? resources, string path) =>
    [
        .. OfList(resources?.Requests, $"{path}.requests"),
        .. OfList(resources?.Limits, $"{path}.limits"),
        .. OfBoth(resources, path),
    ];

    private static IEnumerable<Problem> OfList(IReadOnlyDictionary<string, IntOrString>? list, string path)
    {
        foreach (var (name, amount) in (list ?? None).OrderBy(r => r.Key, StringComparer.Ordinal))
        {
            if (!IsResource(name))
            {
                yield return new($"{path}[{Excerpt.Line(name)}]", Suggestion.For(name, Standard) is { } meant
                    ? $"no resource of a container; did you mean {meant}?"
                    : "no resource of a container: use cpu, memory, ephemeral-storage, hugepages-<size> or a device such as vendor.example/gpu");
            }

            if (WrongWith(amount) is { } wrong)
                yield return new($"{path}[{Excerpt.Line(name)}]", wrong);
            else if (IsDevice(name) && Quantity.Parse(amount.ToString()).Value % 1 != 0)
                yield return new($"{path}[{name}]", $"must be a whole number of devices, is {amount}");
        }
    }

    /// <summary>What is wrong with an amount, or null.</summary>
    internal static string? WrongWith(IntOrString amount) =>
        !Quantity.TryParse(amount.ToString(), out var quantity) ? $"must be {Patterns.InWords(Patterns.Quantity)}, is \"{amount}\""
        : quantity.Value < 0 ? $"must not be negative, is {amount}"
        : null;

    /// <summary>Whether a variable can be a resource in this unit; 0 is the usual one.</summary>
    internal static bool Divides(IntOrString divisor, string resource) =>
        Quantity.TryParse(divisor.ToString(), out var unit) && (unit.Value == 0 || UnitsOf(resource).Any(u => Quantity.Parse(u) == unit));

    /// <summary>Those units, for people.</summary>
    internal static string DivisorsOf(string resource) => string.Join(" ", UnitsOf(resource));

    private static string[] UnitsOf(string resource) => resource.EndsWith(".cpu", StringComparison.Ordinal) ? CpuUnits : ByteUnits;

    private static IEnumerable<Problem> OfBoth(ComputeResources? resources, string path)
    {
        var (requests, limits) = (resources?.Requests ?? None, resources?.Limits ?? None);
        foreach (var (name, request) in requests.OrderBy(r => r.Key, StringComparer.Ordinal))
        {
            if (!Quantity.TryParse(request.ToString(), out var wanted))
                continue; // told above
            if (!limits.TryGetValue(name, out var limit))
            {
                if (IsWhole(name))
                    yield return new($"{path}.requests[{Excerpt.Line(name)}]", $"cannot be shared: limits must have the same");
            }
            else if (Quantity.TryParse(limit.ToString(), out var most) && (wanted > most || (IsWhole(name) && wanted != most)))
            {
                yield return new($"{path}.requests[{Excerpt.Line(name)}]", $"must {(IsWhole(name) ? "be" : "not be more than")} the limit of {limit}, is {request}");
            }
        }

        var all = requests.Keys.Concat(limits.Keys).ToArray();
        if (all.FirstOrDefault(IsHugePages) is { } pages && !all.Contains("cpu") && !all.Contains("memory"))
            yield return new(path, $"{pages} needs cpu or memory beside it");
    }

    private static readonly Dictionary<string, IntOrString> None = new(StringComparer.Ordinal);

    private static bool IsResource(string name) => Standard.Contains(name) || (IsHugePages(name) && Quantity.TryParse(name["hugepages-".Length..], out _)) || IsDevice(name);

    // Extended resources: a DNS name that is not Kubernetes' own, a slash and a name, short enough for requests. in front of it in a quota.
    private static bool IsDevice(string name) => name.IndexOf('/') is var slash and > 0 and <= 253 - 9 && Re2.Matches(Patterns.MetadataKeyInCel, name) &&
        !name.Contains("kubernetes.io/", StringComparison.Ordinal) && !name.StartsWith("requests.", StringComparison.Ordinal);

    private static bool IsHugePages(string name) => name.StartsWith("hugepages-", StringComparison.Ordinal);

    // What no two containers can share is asked for as a whole.
    private static bool IsWhole(string name) => IsHugePages(name) || IsDevice(name);
}
