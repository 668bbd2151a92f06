namespace Fleet.Hosting;

/// <summary>What became of a token.</summary>
public abstract record TokenResult
{
    private TokenResult()
    {
    }

    /// <summary>It is genuine, for us, and in its time.</summary>
    public sealed record Valid(Caller Caller) : TokenResult;

    /// <summary>It is not; the reason may be told to whoever sent it. HTTP 401, gRPC UNAUTHENTICATED.</summary>
    public sealed record Invalid(string Reason) : TokenResult;

    /// <summary>It cannot be told, since the issuer's keys cannot be had. HTTP 503, gRPC UNAVAILABLE.</summary>
    public sealed record Unavailable(string Reason) : TokenResult;
}
