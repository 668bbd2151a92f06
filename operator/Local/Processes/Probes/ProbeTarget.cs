using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace Fleet.Local.Processes;

/// <summary>What a probe found.</summary>
/// <param name="Success">Whether it passes.</param>
/// <param name="Message">What it found, for people.</param>
internal readonly record struct ProbeResult(bool Success, string Message)
{
    /// <summary>It passes.</summary>
    public static ProbeResult Pass { get; } = new(true, "");

    /// <summary>It does not.</summary>
    public static ProbeResult Fail(string message) => new(false, message);
}

/// <summary>The pod that probes by network are sent to.</summary>
/// <param name="Address">Its address.</param>
/// <param name="Ports">Its ports on this machine.</param>
internal sealed record ProbeTarget(IPAddress Address, PodPorts Ports)
{
    private static readonly HttpClient Http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,
        PooledConnectionLifetime = TimeSpan.Zero, // every probe opens a connection, as it would for a new client
        // As a kubelet does: the certificate is for the Service's name, and who asks only wants to know whether it answers.
        SslOptions = new SslClientAuthenticationOptions
        {
            CertificateChainPolicy = new() { VerificationFlags = System.Security.Cryptography.X509Certificates.X509VerificationFlags.AllFlags },
#pragma warning disable CA5359 // see above
            RemoteCertificateValidationCallback = static (_, _, _, _) => true,
#pragma warning restore CA5359
        },
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>Asks by HTTP: any answer from 200 to 399 passes.</summary>
    public async Task<ProbeResult> HttpGetAsync(HttpGetAction action, Container container, CancellationToken stop)
    {
        if (container.PortOf(action.Port) is not { } port)
            return ProbeResult.Fail($"couldn't find port: {action.Port}");
        var scheme = string.Equals(action.Scheme, "HTTPS", StringComparison.OrdinalIgnoreCase) ? "https" : "http";
        var path = action.Path is { Length: > 0 } given ? given.StartsWith('/') ? given : "/" + given : "/";
        var uri = new Uri(string.Create(CultureInfo.InvariantCulture, $"{scheme}://{(action.Host is { Length: > 0 } host ? host : Address.ToString())}:{Ports.ActualOf(port)}{path}"));
        using var request = new HttpRequestMessage(HttpMethod.Get, uri);
        request.Headers.TryAddWithoutValidation("User-Agent", "kube-probe/1.33");
        request.Headers.TryAddWithoutValidation("Accept", "*/*");
        foreach (var header in action.HttpHeaders)
        {
            request.Headers.Remove(header.Name);
            if (string.Equals(header.Name, "Host", StringComparison.OrdinalIgnoreCase))
                request.Headers.Host = header.Value;
            else
                request.Headers.TryAddWithoutValidation(header.Name, header.Value);
        }

        using var answer = await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop);
        return (int)answer.StatusCode is >= 200 and < 400
            ? ProbeResult.Pass : ProbeResult.Fail($"HTTP probe failed with statuscode: {(int)answer.StatusCode}");
    }

    /// <summary>Connects.</summary>
    public async Task<ProbeResult> ConnectAsync(TcpAction action, Container container, CancellationToken stop)
    {
        if (container.PortOf(action.Port) is not { } port)
            return ProbeResult.Fail($"couldn't find port: {action.Port}");
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        if (action.Host is { Length: > 0 } host)
            await socket.ConnectAsync(host, Ports.ActualOf(port), stop);
        else
            await socket.ConnectAsync(Address, Ports.ActualOf(port), stop);
        return ProbeResult.Pass;
    }

    /// <summary>Calls grpc.health.v1.Health/Check over cleartext HTTP/2.</summary>
    public async Task<ProbeResult> CheckAsync(GrpcAction action, CancellationToken stop)
    {
        var uri = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://{Address}:{Ports.ActualOf(action.Port)}/grpc.health.v1.Health/Check"));
        using var request = new HttpRequestMessage(HttpMethod.Post, uri)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(HealthCheck.Request(action.Service ?? "")),
        };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/grpc");
        request.Headers.TryAddWithoutValidation("TE", "trailers");
        using var answer = await Http.SendAsync(request, HttpCompletionOption.ResponseContentRead, stop);
        var status = answer.TrailingHeaders.TryGetValues("grpc-status", out var trailer) || answer.Headers.TryGetValues("grpc-status", out trailer)
            ? trailer.First() : answer.IsSuccessStatusCode ? "0" : $"HTTP {(int)answer.StatusCode}";
        if (status != "0")
            return ProbeResult.Fail($"service unhealthy (gRPC status {status})");
        var serving = HealthCheck.Status(await answer.Content.ReadAsByteArrayAsync(stop));
        return serving == HealthCheck.Serving ? ProbeResult.Pass : ProbeResult.Fail($"service unhealthy (responded with \"{HealthCheck.NameOf(serving)}\")");
    }
}

/// <summary>The two messages of grpc.health.v1.Health/Check, small enough to be read and written by hand.</summary>
internal static class HealthCheck
{
    /// <summary>SERVING.</summary>
    public const int Serving = 1;

    /// <summary>The framed request for a service's health.</summary>
    public static byte[] Request(string service)
    {
        var name = Encoding.UTF8.GetBytes(service);
        if (name.Length == 0)
            return [0, 0, 0, 0, 0];
        byte[] length = name.Length < 0x80 ? [(byte)name.Length] : [(byte)(0x80 | (name.Length & 0x7f)), (byte)(name.Length >> 7)];
        byte[] message = [0x0a, .. length, .. name];
        return [0, 0, 0, (byte)(message.Length >> 8), (byte)message.Length, .. message];
    }

    /// <summary>The status in a framed answer; 0, UNKNOWN, when there is none.</summary>
    public static int Status(ReadOnlySpan<byte> frame) => frame.Length >= 7 && frame[0] == 0 && frame[5] == 0x08 ? frame[6] : 0;

    /// <summary>The status' name.</summary>
    public static string NameOf(int status) => status switch { 0 => "UNKNOWN", 1 => "SERVING", 2 => "NOT_SERVING", _ => "SERVICE_UNKNOWN" };
}
