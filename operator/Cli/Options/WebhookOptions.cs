using System.CommandLine;
using Fleet.Controller;

namespace Fleet.Cli;

/// <summary>How <c>fleet run</c> judges apps before they are stored.</summary>
internal static class WebhookOptions
{
    internal static readonly Option<bool> Webhook = Setting.Of(
        "--webhook", "Whether to answer the API server as an admission webhook, which refuses wrong apps at once and warns. Default: false", false, "true|false");

    internal static readonly Option<int> Port = Setting.Of("--webhook-port", "The port of the webhook", 9443, "PORT", Setting.Between(1, 65535));

    internal static readonly Option<string> Service = Setting.Of(
        "--webhook-service", "The Service by which the API server reaches the webhook, on its port 443, in the lease's namespace", "fleet-operator-webhook", "NAME");

    internal static readonly Option<string> Url = Setting.Of<string>(
        "--webhook-url", "The webhook's address in place of the Service, for an operator outside of the cluster: https://HOST:PORT/validate", null, "URL",
        value => Address(value) is null ? $"\"{value}\" is no address such as https://192.0.2.1:9443/validate" : null);

    internal static readonly Option<string> Configuration = Setting.Of(
        "--webhook-configuration", "The ValidatingWebhookConfiguration that is kept; of one that is somebody else's only caBundle is written", "fleet-operator", "NAME");

    internal static readonly Option<string> FailurePolicy = Setting.Of(
        "--webhook-failure-policy", "What becomes of an app while no webhook answers: ignore stores it, fail refuses it", "ignore", "ignore|fail", Setting.OneOf("ignore", "fail"));

    internal static readonly Option<string> Validity = Setting.Of(
        "--webhook-certificate-validity", "How long the webhook's certificates are valid; they are renewed when a third of it is left", "480h", "DURATION",
        value => GoDuration.TryParse(value, out var validity) && validity >= TimeSpan.FromSeconds(30) ? null : $"\"{value}\" is no duration of 30s or more; write 480h");

    /// <summary>Null without a webhook.</summary>
    internal static AdmissionOptions? Of(Call call, string ns) => !call.Get(Webhook) ? null : new()
    {
        Namespace = ns,
        Port = call.Get(Port),
        Service = call.Get(Service)!,
        Url = call.Get(Url) is { } url ? Address(url) : null,
        Configuration = call.Get(Configuration)!,
        Fail = call.Get(FailurePolicy) == "fail",
        Validity = GoDuration.TryParse(call.Get(Validity)!, out var validity) ? validity : TimeSpan.FromHours(480),
    };

    // The webhook answers at this path alone.
    private static Uri? Address(string text) => Uri.TryCreate(text, UriKind.Absolute, out var url) && url is { Scheme: "https", AbsolutePath: "/validate", Query: "", Fragment: "" } ? url : null;
}
