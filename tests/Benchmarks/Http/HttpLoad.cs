namespace Fleet.Benchmarks.Http;

/// <summary>A closed loop of requests: each connection, or each of its streams, sends the next one when it has the whole answer.</summary>
/// <param name="Protocol">What is spoken.</param>
/// <param name="Path">What is asked for.</param>
internal sealed record HttpLoad(HttpProtocol Protocol, string Path)
{
    /// <summary>How many connections; they stay open.</summary>
    public int Connections { get; init; } = 32;

    /// <summary>How many requests at once on each; more than one takes HTTP/2.</summary>
    public int Streams { get; init; } = 1;

    /// <summary>Headers, as <c>name: value</c>.</summary>
    public IReadOnlyList<string> Headers { get; init; } = [];

    /// <summary>The file that each request sends as its body; GET when null.</summary>
    public string? Body { get; init; }
}

/// <summary>What is spoken in clear text; HTTP/2 with prior knowledge.</summary>
internal enum HttpProtocol
{
    /// <summary>HTTP/1.1, with connections that stay open.</summary>
    Http1,

    /// <summary>HTTP/2.</summary>
    Http2,
}
