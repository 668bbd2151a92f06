namespace Fleet.Orders;

/// <summary>A request that is refused; its message is for the caller.</summary>
public abstract class OrderException(string message) : Exception(message)
{
    /// <summary>Fields are wrong.</summary>
    /// <param name="problems">Every one of them.</param>
    public sealed class Invalid(IReadOnlyList<(string Field, string Problem)> problems) : OrderException("fields are wrong")
    {
        /// <summary>Every wrong field.</summary>
        public IReadOnlyList<(string Field, string Problem)> Problems { get; } = problems;
    }

    /// <summary>There is no such order, for this caller.</summary>
    public sealed class NotFound(string message) : OrderException(message);

    /// <summary>The caller may not do this.</summary>
    public sealed class Forbidden(string message) : OrderException(message);

    /// <summary>The key stands for another order.</summary>
    public sealed class Conflict(string message) : OrderException(message);

    /// <summary>The state of things does not allow it.</summary>
    public sealed class Precondition(string message) : OrderException(message);
}
