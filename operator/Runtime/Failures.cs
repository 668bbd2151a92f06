using Fleet.Kubernetes;

namespace Fleet.Runtime;

/// <summary>Failures in one line, for logs that people read.</summary>
public static class Failures
{
    /// <summary>What the server said when it was the server; else the type and message, and those of the cause.</summary>
    public static string Describe(Exception e) => e switch
    {
        ApiException => e.Message,
        AggregateException { InnerExceptions: [var only] } => Describe(only),
        { InnerException: { } cause } when !e.Message.Contains(cause.Message, StringComparison.Ordinal) =>
            $"{e.GetType().Name}: {e.Message} ({Describe(cause)})",
        _ => $"{e.GetType().Name}: {e.Message}",
    };
}
