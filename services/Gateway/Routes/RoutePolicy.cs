using System.Globalization;
using Yarp.ReverseProxy.Configuration;

namespace Fleet.Gateway;

/// <summary>Whether a route asks for a token.</summary>
internal enum AuthMode
{
    None,

    /// <summary>A caller without a token passes; a bad token is refused.</summary>
    Optional,
    Required,
}

/// <summary>Tokens in a bucket per caller: the rate at which it fills, per second, and what it holds.</summary>
internal sealed record RateLimit(double PerSecond, int Burst);

/// <summary>What a route says beyond where to go. It is metadata of the route's endpoint, so a request sees one consistent set while routes are replaced.</summary>
internal sealed record RoutePolicy
{
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(30);

    public const string ProtocolKey = "Fleet.Protocol";
    public const string AuthKey = "Fleet.Auth";
    public const string TimeoutKey = "Fleet.TimeoutSeconds";
    public const string RetriesKey = "Fleet.Retries";
    public const string RateKey = "Fleet.RateLimit.RequestsPerSecond";
    public const string BurstKey = "Fleet.RateLimit.Burst";

    private static readonly HashSet<string> Keys = [ProtocolKey, AuthKey, TimeoutKey, RetriesKey, RateKey, BurstKey];

    public required string RouteId { get; init; }
    public bool IsGrpc { get; init; }
    public AuthMode Auth { get; init; }

    /// <summary>Until the upstream's answer begins.</summary>
    public TimeSpan Timeout { get; init; } = DefaultTimeout;

    /// <summary>How often a request is sent again after a failure that left no trace of an answer.</summary>
    public int Retries { get; init; }
    public RateLimit? RateLimit { get; init; }

    /// <summary>Reads the metadata; what is wrong is added to <paramref name="problems"/>, all of it.</summary>
    public static RoutePolicy Read(string routeId, IReadOnlyDictionary<string, string>? metadata, ICollection<string> problems)
    {
        var policy = new RoutePolicy { RouteId = routeId };
        if (metadata is null)
            return policy;
        foreach (var key in metadata.Keys.Where(k => k.StartsWith("Fleet.", StringComparison.Ordinal) && !Keys.Contains(k)))
            Say(key, "is not a setting of this gateway");
        var rate = Number(RateKey, 0.001, 1_000_000);
        var burst = Number(BurstKey, 1, 10_000_000);
        if (burst is not null && rate is null)
            Say(BurstKey, $"says nothing without {RateKey}");
        return policy with
        {
            IsGrpc = OneOf(ProtocolKey, ["HTTP", "gRPC"]) == 1,
            Auth = (AuthMode)OneOf(AuthKey, ["None", "Optional", "Required"]),
            Timeout = Number(TimeoutKey, 0.001, 86_400) is { } seconds ? TimeSpan.FromSeconds(seconds) : DefaultTimeout,
            Retries = (int)(Number(RetriesKey, 0, 10) ?? 0),
            RateLimit = rate is { } perSecond ? new RateLimit(perSecond, (int)(burst ?? Math.Max(1, Math.Ceiling(perSecond)))) : null,
        };

        int OneOf(string key, string[] values)
        {
            if (!metadata.TryGetValue(key, out var text))
                return 0;
            var index = Array.IndexOf(values, text);
            if (index < 0)
                Say(key, $"is \"{text}\", not one of {string.Join(", ", values)}");
            return Math.Max(index, 0);
        }

        double? Number(string key, double min, double max)
        {
            if (!metadata.TryGetValue(key, out var text))
                return null;
            if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max)
                return number;
            Say(key, $"is \"{text}\", not a number from {min} to {max}");
            return null;
        }

        void Say(string key, string what) => problems.Add($"route {routeId}: {key} {what}");
    }

    /// <summary>For a route that was checked when it was loaded.</summary>
    public static RoutePolicy Of(RouteConfig route) => Read(route.RouteId, route.Metadata, []);
}
