using System.Net;
using System.Text.RegularExpressions;
using Fleet.Apps;
using Fleet.Kubernetes;

namespace Fleet.Controller;

/// <summary>Which of the server's answers mean that somebody has to do something, in the words of the contract.</summary>
internal static partial class Refusals
{
    /// <summary>The refusal, or null when trying again may help (a conflict, an overload, a server that is going down).</summary>
    internal static Refusal? Of(ApiException e) => e.StatusCode switch
    {
        HttpStatusCode.Forbidden => OfForbidden(e.Status.Message),
        // An object that went away between two requests is made again by the next pass; a namespace or an API that is not there is another matter.
        HttpStatusCode.NotFound when e.Status.Details is { Name.Length: > 0, Kind: not "namespaces" } => null,
        HttpStatusCode.UnprocessableEntity or HttpStatusCode.BadRequest or HttpStatusCode.NotFound => new(Reasons.ApplyFailed, e.Status.Message),
        // An old server answers a field that it does not know with a 500 that has no reason, and a webhook that fails is a 500 as well.
        HttpStatusCode.InternalServerError => new(Reasons.ApplyFailed, e.Status.Message),
        _ => null,
    };

    // Quota, RBAC and every admission plugin share one typed answer, 403 Forbidden; only the texts tell them apart.
    private static Refusal OfForbidden(string message)
    {
        // How much of a quota is used changes while one waits, and every other message would be another write of the status.
        if (message.Contains("exceeded quota", StringComparison.Ordinal))
            return new(Reasons.QuotaExceeded, $"{UsedQuota().Replace(message, "")}: raise the ResourceQuota or free some of it");
        return message.Contains("User \"", StringComparison.Ordinal) && message.Contains("\" cannot ", StringComparison.Ordinal)
            ? new(Reasons.Forbidden, $"{message}: grant the verb to the operator's ServiceAccount")
            : new(Reasons.ApplyFailed, $"admission refuses it: {message}");
    }

    [GeneratedRegex(", used: .*?(?=, limited:)", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex UsedQuota();
}
