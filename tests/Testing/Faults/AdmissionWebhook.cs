using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Fleet.Kubernetes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Testing;

/// <summary>What the API server asks an admission webhook (admission.k8s.io/v1 AdmissionRequest).</summary>
/// <param name="Operation">CREATE, UPDATE, DELETE or CONNECT.</param>
/// <param name="Kind">The object's kind, <c>Deployment</c> for instance.</param>
/// <param name="Namespace">The object's namespace.</param>
/// <param name="Object">The object as it is about to be stored; null for DELETE.</param>
/// <param name="Whole">The whole request.</param>
public sealed record AdmissionQuestion(string Operation, string Kind, string Namespace, JsonObject? Object, JsonObject Whole);

/// <summary>What a webhook answers.</summary>
public abstract record AdmissionAnswer
{
    /// <summary>As it is.</summary>
    public static AdmissionAnswer Allow { get; } = new Allowed([]);

    /// <summary>With these JSON patch operations (mutating webhooks only).</summary>
    public static AdmissionAnswer Change(JsonArray operations) => new Allowed(operations);

    /// <summary>Not at all; the message reaches the client.</summary>
    public static AdmissionAnswer Deny(string message, int code = 403) => new Denied(message, code);

    internal sealed record Allowed(JsonArray Patch) : AdmissionAnswer;

    internal sealed record Denied(string Message, int Code) : AdmissionAnswer;
}

/// <summary>A real admission webhook: an HTTPS server on a loopback address that the API server is told to ask. Disposing takes it out again.</summary>
public sealed class AdmissionWebhook : IAsyncDisposable
{
    private const string ProbePath = "/probe";

    private readonly WebApplication _server;
    private readonly ApiClient _api;
    private readonly Resource _configuration;
    private readonly string _name;
    private int _asked;
    private bool _probed;

    private AdmissionWebhook(X509Certificate2 certificate, ApiClient api, Resource configuration, string name, Func<AdmissionQuestion, AdmissionAnswer> answer)
    {
        (_api, _configuration, _name) = (api, configuration, name);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration()
            .ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(certificate)));
        _server = builder.Build();
        _server.Run(context => AnswerAsync(context, answer));
    }

    /// <summary>How many questions were answered.</summary>
    public int Asked => Volatile.Read(ref _asked);

    /// <summary>Starts one and returns once the API server asks it.</summary>
    /// <param name="cluster">Whose API server.</param>
    /// <param name="ns">It is asked about objects in this <see cref="TestNamespace"/> only.</param>
    /// <param name="mutating">Whether it may change objects.</param>
    /// <param name="resources">About which it is asked: <c>apps/deployments</c>; <c>/pods</c> for the core group. Creations and updates.</param>
    /// <param name="answer">Decides.</param>
    public static async Task<AdmissionWebhook> StartAsync(
        ControlPlane cluster, string ns, bool mutating, IReadOnlyList<string> resources, Func<AdmissionQuestion, AdmissionAnswer> answer)
    {
        var certificate = MakeCertificate();
        var kind = mutating ? "MutatingWebhookConfiguration" : "ValidatingWebhookConfiguration";
        var resource = new Resource("admissionregistration.k8s.io", "v1", kind, kind.ToLowerInvariant() + "s", Namespaced: false);
        var webhook = new AdmissionWebhook(
            certificate, cluster.CreateClient("fleet-test-webhook"), resource, $"{ns}-{(mutating ? "mutating" : "validating")}", answer);
        await webhook._server.StartAsync();
        await webhook.RegisterAsync(ns, certificate, resources);
        return webhook;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _api.DeleteAsync(_configuration, null, _name, new DeleteOptions(), CancellationToken.None);
        await _server.DisposeAsync();
        _api.Dispose();
    }

    /// <summary>Made for one server on 127.0.0.1 and believed by its clients alone: its own authority. Valid for years around now, for clients whose clocks jump.</summary>
    internal static X509Certificate2 MakeCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=test-webhook", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var now = DateTimeOffset.UtcNow;
        using var signed = request.CreateSelfSigned(now.AddYears(-5), now.AddYears(5));
        return X509CertificateLoader.LoadPkcs12(signed.Export(X509ContentType.Pkcs12), null); // with a key that a server may use
    }

    private async Task RegisterAsync(string ns, X509Certificate2 certificate, IReadOnlyList<string> resources)
    {
        var address = _server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        var authority = Convert.ToBase64String(Encoding.ASCII.GetBytes(certificate.ExportCertificatePem()));
        JsonObject Webhook(string name, string path, params IEnumerable<string> about) => new()
        {
            ["name"] = name,
            ["clientConfig"] = new JsonObject { ["url"] = address + path, ["caBundle"] = authority },
            ["namespaceSelector"] = new JsonObject { ["matchLabels"] = new JsonObject { [TestNamespace.Label] = ns } },
            ["rules"] = new JsonArray([.. about.Select(Rule)]),
            ["admissionReviewVersions"] = new JsonArray("v1"),
            ["sideEffects"] = "None",
            ["failurePolicy"] = "Fail",
            ["timeoutSeconds"] = 30, // the most there is: no test is about a webhook that is late
        };
        var probe = Webhook("probe.fleet.test", ProbePath, "/configmaps");
        probe["objectSelector"] = new JsonObject { ["matchLabels"] = new JsonObject { [TestNamespace.Label] = ns } };
        await _api.CreateAsync(KubeObject.From(_configuration, new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = _name },
            ["webhooks"] = new JsonArray(Webhook("webhook.fleet.test", "/", resources), probe),
        }), CancellationToken.None);
        await ProbedAsync(ns);
    }

    private static JsonObject Rule(string resource) => new()
    {
        ["operations"] = new JsonArray("CREATE", "UPDATE"),
        ["apiGroups"] = new JsonArray(resource.Split('/')[0]),
        ["apiVersions"] = new JsonArray("*"),
        ["resources"] = new JsonArray(resource.Split('/', 2)[1]),
    };

    /// <summary>The API server sees its own configuration by a watch, so a moment passes until it asks: dry runs tell when it does.</summary>
    private async Task ProbedAsync(string ns)
    {
        var probe = KubeObject.From(Resources.ConfigMaps, new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = "webhook-probe", ["namespace"] = ns, ["labels"] = new JsonObject { [TestNamespace.Label] = ns } },
        });
        await Eventually.True(
            async () =>
            {
                await _api.ApplyAsync(probe, CancellationToken.None, dryRun: true);
                return Volatile.Read(ref _probed);
            },
            what: "the API server asks the webhook");
    }

    private async Task AnswerAsync(HttpContext context, Func<AdmissionQuestion, AdmissionAnswer> answer)
    {
        var review = (await JsonNode.ParseAsync(context.Request.Body))!.AsObject();
        var request = review["request"]!.AsObject();
        var question = new AdmissionQuestion(
            (string)request["operation"]!, (string)request["kind"]!["kind"]!, (string?)request["namespace"] ?? "", request["object"] as JsonObject, request);
        var response = new JsonObject { ["uid"] = request["uid"]!.DeepClone() };
        var isProbe = context.Request.Path == ProbePath;
        switch (isProbe ? AdmissionAnswer.Allow : answer(question))
        {
            case AdmissionAnswer.Denied denied:
                response["allowed"] = false;
                response["status"] = new JsonObject { ["message"] = denied.Message, ["code"] = denied.Code };
                break;
            case AdmissionAnswer.Allowed allowed:
                response["allowed"] = true;
                if (allowed.Patch.Count > 0)
                    (response["patchType"], response["patch"]) = ("JSONPatch", Convert.ToBase64String(Encoding.UTF8.GetBytes(allowed.Patch.ToJsonString())));
                break;
        }

        if (isProbe)
            Volatile.Write(ref _probed, true);
        else
            Interlocked.Increment(ref _asked);
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(new JsonObject
        {
            ["apiVersion"] = "admission.k8s.io/v1",
            ["kind"] = "AdmissionReview",
            ["response"] = response,
        }.ToJsonString());
    }
}
