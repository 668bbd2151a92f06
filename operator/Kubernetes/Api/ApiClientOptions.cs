using System.Reflection;

namespace Fleet.Kubernetes;

/// <summary>How an <see cref="ApiClient"/> behaves.</summary>
public sealed record ApiClientOptions
{
    /// <summary>Sent with every request; shown in the server's audit log.</summary>
    public string UserAgent { get; init; } = "fleet-operator/" +
        (typeof(ApiClientOptions).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0");

    /// <summary>Under whose name fields are written; shown in <c>metadata.managedFields</c>.</summary>
    public string FieldManager { get; init; } = "fleet-operator";

    /// <summary>The clock of timeouts, waits and credentials.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>How long one try of a request may take, from sending to the last byte of the answer; for a watch, to its first byte.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How many requests are under way at once. Watches do not count, and leases do not queue behind others.</summary>
    public int MaxConcurrency { get; init; } = 32;

    /// <summary>The longest object that is read from a list or watch, in bytes. The server's own bound on stored objects is 1.5 MiB.</summary>
    public int MaxLineLength { get; init; } = 8 << 20;

    /// <summary>The longest answer that is read to any other request, in bytes.</summary>
    public int MaxBodyLength { get; init; } = 64 << 20;

    /// <summary>How long a watch may be silent before its connection counts as stalled; the server is asked to end every watch earlier.</summary>
    public TimeSpan WatchIdleTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Called after every try of a request; must return at once and not throw.</summary>
    public Action<ApiCall>? OnCall { get; init; }
}

/// <summary>One try of a request, for metrics.</summary>
/// <param name="Verb">get, list, watch, create, update, patch, apply or delete.</param>
/// <param name="Resource">The kind; null for discovery and the version.</param>
/// <param name="StatusCode">The answer's status; 0 when there was none.</param>
/// <param name="Elapsed">From sending to the end of the answer; for a watch, to its headers.</param>
public readonly record struct ApiCall(string Verb, Resource? Resource, int StatusCode, TimeSpan Elapsed);
