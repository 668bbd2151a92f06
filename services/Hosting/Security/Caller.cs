namespace Fleet.Hosting;

/// <summary>Who sent a request, as the token says.</summary>
/// <param name="Subject">The token's <c>sub</c>: the user's id.</param>
/// <param name="Scopes">The token's scopes (RFC 8693, section 4.2).</param>
public sealed record Caller(string Subject, IReadOnlySet<string> Scopes)
{
    /// <summary>The scope of those who may see and change everybody's data.</summary>
    public const string OperatorScope = "fleet:operator";

    /// <summary>Everybody, in an app that has no issuer and so no way to tell people apart.</summary>
    public static readonly Caller Anyone = new("", new HashSet<string> { OperatorScope });

    /// <summary>Whether it may see and change everybody's data.</summary>
    public bool IsOperator => Scopes.Contains(OperatorScope);
}
