using Microsoft.AspNetCore.Http.Features;

namespace Fleet.Gateway;

/// <summary>
/// Sends whoever comes in clear text to TLS: 308 (RFC 9110, section 15.4.9), so that method and body stay. The target is the request's own host and path; whom DNS has led
/// here by a name is sent to that name again, and nowhere else.
/// </summary>
internal sealed class RedirectStep(TlsSettings settings)
{
    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Request.IsHttps)
            return next(context);
        var host = context.Request.Host;
        if (!host.HasValue || Uri.CheckHostName(host.Host) == UriHostNameType.Unknown)
            context.Refuse(Refusal.BadRequest("a Host header with the name of a host is needed"));
        else if (Target(context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget) is not { } target)
            context.Refuse(Refusal.BadRequest("the request's target is no path"));
        else
            Redirect(context.Response, settings.PublicPort == 443 ? $"https://{host.Host}{target}" : $"https://{host.Host}:{settings.PublicPort}{target}");
        return Task.CompletedTask;
    }

    private static void Redirect(HttpResponse response, string location)
    {
        response.StatusCode = StatusCodes.Status308PermanentRedirect;
        response.Headers.Location = location;
        response.ContentLength = 0;
    }

    /// <summary>As it was sent, letter for letter: what was escaped once would not come out the same again. Of a whole URL (RFC 9112, section 3.2.2) what follows the host.</summary>
    private static string? Target(string raw) =>
        raw.StartsWith('/') ? raw
        : Uri.TryCreate(raw, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" ? uri.PathAndQuery
        : null;
}
