using System.Collections.Immutable;

namespace Fleet.Apps;

/// <summary>The programs that the operator ships: services that need no image, and what is known of them.</summary>
public sealed record Bundled
{
    /// <summary>Where a bundled program answers health and metrics requests; HTTP/1.1.</summary>
    public const int ManagementPort = 8081;

    /// <summary>The group that the bundled images' user belongs to, so that it may write to a claimed volume.</summary>
    public const int Group = 1654;

    /// <summary>Every one of them.</summary>
    public static readonly ImmutableArray<Bundled> All =
    [
        new() { Name = "auth", KeepsData = true },
        new() { Name = "users", KeepsData = true },
        new() { Name = "orders", KeepsData = true, DependsOn = ["users"], GrpcServices = ["orders.v1.Orders"] },
        new() { Name = Names.Gateway },
    ];

    private Bundled()
    {
    }

    /// <summary>The program's name, which is also the end of its image's name.</summary>
    public required string Name { get; init; }

    /// <summary>Whether it keeps data in <c>/data</c> when it has no database.</summary>
    public bool KeepsData { get; init; }

    /// <summary>Services it calls when the app has them.</summary>
    public IReadOnlyList<string> DependsOn { get; init; } = [];

    /// <summary>The gRPC services it answers.</summary>
    public IReadOnlyList<string> GrpcServices { get; init; } = [];

    /// <summary>Whether it is the one that issues tokens.</summary>
    public bool IssuesTokens => Name == "auth";

    /// <summary>The program of this name, or null.</summary>
    public static Bundled? Named(string name) => All.FirstOrDefault(b => b.Name == name);

    /// <summary>The program that a service runs: by its name when it has no image, by its image when that is one of ours.</summary>
    public static Bundled? Of(string service, string? image, OperatorSettings settings)
    {
        if (image is null)
            return service == Names.Gateway ? null : Named(service); // the name is the gateway's own
        var prefix = $"{settings.BundledRegistry}/fleet-";
        if (!image.StartsWith(prefix, StringComparison.Ordinal))
            return null;
        var name = image[prefix.Length..];
        return Named(name.IndexOfAny([':', '@']) is var end and >= 0 ? name[..end] : name);
    }

    /// <summary>The program's image.</summary>
    public string Image(OperatorSettings settings) => $"{settings.BundledRegistry}/fleet-{Name}:{settings.BundledTag}";
}
