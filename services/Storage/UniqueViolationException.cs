namespace Fleet.Storage;

/// <summary>A row would have been there twice.</summary>
/// <param name="constraint">
/// Which rule it broke, as PostgreSQL names it: <c>users_email_key</c> is the column <c>email</c> of <c>users</c>. A primary key that callers can break is
/// declared under such a name: <c>CONSTRAINT users_id_key PRIMARY KEY (id)</c>.
/// </param>
/// <param name="cause">What the driver threw.</param>
public sealed class UniqueViolationException(string constraint, Exception cause) : Exception($"{constraint} allows this only once", cause)
{
    /// <summary>Which rule it broke.</summary>
    public string Constraint { get; } = constraint;
}
