using System.IO.Compression;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Fleet.Kubernetes;
using Fleet.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Fleet.Unit.Kubernetes;

/// <summary>Whom the client trusts and how it shows who it is, over real connections.</summary>
public sealed class TlsTests : IAsyncLifetime
{
    private static readonly CancellationToken Stop = CancellationToken.None;
    private readonly TestCertificates _authority = new();
    private WebApplication? _server;

    private Uri Address => new(_server!.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    public async Task InitializeAsync()
    {
        var (certificate, key) = _authority.Issue("server", "127.0.0.1", "kubernetes.default");
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(new HttpsConnectionAdapterOptions
        {
            ServerCertificate = X509Certificate2.CreateFromPem(certificate, key),
            ClientCertificateMode = ClientCertificateMode.AllowCertificate,
            ClientCertificateValidation = (_, _, _) => true,
        })));
        _server = builder.Build();
        _server.Run(context =>
        {
            context.Response.ContentType = "application/json";
            if (context.Request.Path.StartsWithSegments("/zipped", StringComparison.Ordinal))
                return ZippedAsync(context);
            var who = context.Connection.ClientCertificate?.Subject ?? "nobody";
            return context.Response.WriteAsync($$"""{"gitVersion":"{{context.Request.Protocol}} {{context.Request.Host.Host}} {{who}}"}""");
        });
        await _server.StartAsync();
    }

    public async Task DisposeAsync() => await _server!.DisposeAsync();

    [Fact]
    public async Task A_private_authority_is_trusted_and_http_2_spoken() =>
        Assert.Equal("HTTP/2 127.0.0.1 nobody", await AskAsync(Config()));

    [Fact]
    public async Task A_certificate_of_the_right_authority_for_another_host_is_refused()
    {
        var e = await Assert.ThrowsAsync<HttpRequestException>(() => AskAsync(Config() with { TlsServerName = "example.org" }));
        Assert.Equal(HttpRequestError.SecureConnectionError, e.HttpRequestError);
        Assert.Contains("RemoteCertificateNameMismatch", e.Message, StringComparison.Ordinal);
        Assert.Contains(Address.ToString(), e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_servers_name_may_differ_from_its_host() =>
        Assert.Equal("HTTP/2 kubernetes.default nobody", await AskAsync(Config() with { TlsServerName = "kubernetes.default" }));

    [Fact]
    public async Task Another_authority_of_the_same_name_is_refused() =>
        await Assert.ThrowsAsync<HttpRequestException>(() => AskAsync(Config() with { CertificateAuthorities = Bundle(new TestCertificates()) }));

    [Fact]
    public async Task Without_an_authority_the_machine_decides() =>
        await Assert.ThrowsAsync<HttpRequestException>(() => AskAsync(Config() with { CertificateAuthorities = [] }));

    [Fact]
    public async Task Insecure_is_insecure_only_when_asked_for() =>
        Assert.StartsWith("HTTP/2", await AskAsync(Config() with { CertificateAuthorities = [], Insecure = true, TlsServerName = "example.org" }), StringComparison.Ordinal);

    [Fact]
    public async Task A_client_certificate_is_shown()
    {
        var (certificate, key) = _authority.Issue("ann");
        var config = Config() with { Credentials = new() { Certificate = Certificates.Client(Encoding.UTF8.GetBytes(certificate), Encoding.UTF8.GetBytes(key), (_, p) => new IOException(p)) } };
        Assert.Equal("HTTP/2 127.0.0.1 O=fleet, CN=ann", await AskAsync(config));
    }

    [Fact]
    public async Task A_renewed_client_certificate_is_shown_on_new_connections()
    {
        using var folder = new TestFolder();
        var files = new CertificateFiles(folder.Path("c.pem"), folder.Path("k.pem"));
        Write("ann");
        var time = new ArmedTime();
        using var api = new ApiClient(Config() with { Credentials = new() { CertificateFiles = files } }, new() { TimeProvider = time });
        Assert.EndsWith("CN=ann", (await api.GetVersionAsync(Stop)).GitVersion, StringComparison.Ordinal);
        Write("bob");
        Assert.EndsWith("CN=ann", (await api.GetVersionAsync(Stop)).GitVersion, StringComparison.Ordinal);
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.EndsWith("CN=bob", (await api.GetVersionAsync(Stop)).GitVersion, StringComparison.Ordinal);

        void Write(string name)
        {
            var (certificate, key) = _authority.Issue(name);
            File.WriteAllText(files.Certificate, certificate);
            File.WriteAllText(files.Key, key);
        }
    }

    [Fact]
    public async Task A_compressed_answer_is_read_and_bounded_by_its_true_length()
    {
        var config = Config() with { Server = new(Address, "zipped") };
        Assert.StartsWith("xxx", await AskAsync(config), StringComparison.Ordinal);
        using var api = new ApiClient(config, new() { MaxBodyLength = 1 << 20 });
        await Assert.ThrowsAsync<InvalidDataException>(() => api.GetVersionAsync(Stop));
    }

    private static async Task ZippedAsync(HttpContext context)
    {
        Assert.Contains("gzip", context.Request.Headers.AcceptEncoding.ToString(), StringComparison.Ordinal);
        context.Response.Headers.ContentEncoding = "gzip"; // some kilobytes that become two megabytes
        await using var zip = new GZipStream(context.Response.Body, CompressionLevel.Fastest);
        await zip.WriteAsync(Encoding.UTF8.GetBytes($$"""{"gitVersion":"{{new string('x', 2 << 20)}}"}"""));
    }

    private ClusterConfig Config() => new() { Server = Address, CertificateAuthorities = Bundle(_authority) };

    private static System.Collections.Immutable.ImmutableArray<X509Certificate2> Bundle(TestCertificates authority) =>
        Certificates.Bundle(Encoding.UTF8.GetBytes(authority.AuthorityPem), p => new IOException(p));

    private static async Task<string> AskAsync(ClusterConfig config)
    {
        using var api = new ApiClient(config, new());
        return (await api.GetVersionAsync(Stop)).GitVersion;
    }
}
