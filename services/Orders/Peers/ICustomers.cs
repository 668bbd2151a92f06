namespace Fleet.Orders;

/// <summary>Whether a customer exists.</summary>
public enum CustomerAnswer
{
    /// <summary>It does.</summary>
    Exists,

    /// <summary>It does not.</summary>
    Unknown,

    /// <summary>The caller may not know.</summary>
    Forbidden,
}

/// <summary>Those who can order.</summary>
public interface ICustomers
{
    /// <summary>Asks for a customer in the name of a caller.</summary>
    /// <param name="id">The customer's id.</param>
    /// <param name="token">The caller's access token; null in an app that has none.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <exception cref="Fleet.Hosting.DependencyUnavailableException">Nobody answers.</exception>
    Task<CustomerAnswer> FindAsync(string id, string? token, CancellationToken stop);
}

/// <summary>An app without a users service: every customer is taken to exist.</summary>
internal sealed class AnyCustomer : ICustomers
{
    public Task<CustomerAnswer> FindAsync(string id, string? token, CancellationToken stop) => Task.FromResult(CustomerAnswer.Exists);
}
