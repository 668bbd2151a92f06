namespace Fleet.Gateway;

/// <summary>The types of a backend cannot be had; the refusal says why.</summary>
internal sealed class BackendTypesException(Refusal refusal) : Exception(refusal.Detail)
{
    public Refusal Refusal => refusal;
}
