using System.Net;

namespace Fleet.Kubernetes;

/// <summary>The API server answered, and the answer was no. Ask the properties, never the text.</summary>
public sealed class ApiException : Exception
{
    /// <summary>Makes one from the server's answer.</summary>
    /// <param name="statusCode">The HTTP status.</param>
    /// <param name="status">The answer's body, or what stands in for it.</param>
    /// <param name="retryAfter">The Retry-After header, when there was one.</param>
    /// <param name="request">What was asked, <c>create deployments.apps demo/shop-auth</c> for instance.</param>
    public ApiException(HttpStatusCode statusCode, ApiStatus status, TimeSpan? retryAfter = null, string? request = null)
        : base(Describe(statusCode, status, request))
    {
        StatusCode = statusCode;
        Status = status;
        RetryAfter = retryAfter ?? (status.Details?.RetryAfterSeconds is > 0 and var seconds ? TimeSpan.FromSeconds(seconds) : null);
    }

    /// <summary>The HTTP status.</summary>
    public HttpStatusCode StatusCode { get; }

    /// <summary>What the server said.</summary>
    public ApiStatus Status { get; }

    /// <summary>After which time the server wants to be asked again; from the Retry-After header or the status' details.</summary>
    public TimeSpan? RetryAfter { get; }

    /// <summary>404: no such object, or no such API.</summary>
    public bool IsNotFound => StatusCode == HttpStatusCode.NotFound;

    /// <summary>409 for another version or another manager's field; not <see cref="IsAlreadyExists"/>.</summary>
    public bool IsConflict => StatusCode == HttpStatusCode.Conflict && !IsAlreadyExists;

    /// <summary>409: an object of that name is there.</summary>
    public bool IsAlreadyExists => Status.Reason == "AlreadyExists";

    /// <summary>422: the object breaks a rule; <see cref="ApiStatus.Causes"/> has every problem.</summary>
    public bool IsInvalid => StatusCode == HttpStatusCode.UnprocessableEntity;

    /// <summary>403: not permitted, or refused by admission or a quota.</summary>
    public bool IsForbidden => StatusCode == HttpStatusCode.Forbidden;

    /// <summary>410: the version or continue token asked for is no longer known; list anew.</summary>
    public bool IsGone => StatusCode == HttpStatusCode.Gone || Status.Reason is "Expired" or "Gone";

    /// <summary>401: the server does not know who asks.</summary>
    public bool IsUnauthorized => StatusCode == HttpStatusCode.Unauthorized;

    /// <summary>429: the request was not carried out; ask again later.</summary>
    public bool IsTooManyRequests => StatusCode == HttpStatusCode.TooManyRequests;

    /// <summary>5xx: the server's own trouble; whether a write was carried out is not known.</summary>
    public bool IsServerError => (int)StatusCode >= 500;

    private static string Describe(HttpStatusCode code, ApiStatus status, string? request)
    {
        var reason = status.Reason.Length > 0 ? status.Reason : code.ToString();
        var message = status.Message.Length > 0 ? status.Message : "the server gave no message";
        return request is null ? $"{message} ({(int)code} {reason})" : $"{request}: {message} ({(int)code} {reason})";
    }
}

/// <summary>A write was not sent: the time for which it was allowed is over (see <see cref="ApiClient.WritingWhile"/>).</summary>
/// <param name="message">Which write.</param>
public sealed class NotAllowedException(string message) : Exception(message);
