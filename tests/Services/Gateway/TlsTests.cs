using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Fleet.Gateway;
using Fleet.Hosting;
using Fleet.ServiceTests.Gateway.Rich;
using Fleet.Testing;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Fleet.ServiceTests.Gateway;

/// <summary>TLS at the public port: real handshakes, certificates that are replaced while it serves, and what becomes of clear text.</summary>
public sealed class TlsTests : IAsyncLifetime
{
    private readonly TestAuthority _authority = new();
    private readonly MountedSecret _secret = new();
    private Upstream _backend = null!;
    private TestGateway? _gateway;

    private TestGateway Gateway => _gateway!;

    public async Task InitializeAsync() => _backend = await Upstream.StartAsync(context => context.Response.WriteAsync(context.Request.Protocol));

    public async Task DisposeAsync()
    {
        if (_gateway is not null)
            await _gateway.DisposeAsync();
        await _backend.DisposeAsync();
        _secret.Dispose();
        _authority.Dispose();
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Both_protocols_are_served_by_ALPN_with_the_whole_chain(string version)
    {
        await StartAsync();
        using var client = Client(Version.Parse(version));
        var answer = await client.GetAsync("/x");
        Assert.Equal((HttpStatusCode.OK, Version.Parse(version)), (answer.StatusCode, answer.Version));
        Assert.False(answer.Headers.Contains("Strict-Transport-Security"));
        Assert.True(_backend.Headers.TryDequeue(out var sent));
        Assert.Equal("https", sent["X-Forwarded-Proto"]);
        Assert.EndsWith(";proto=https", sent["Forwarded"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Clear_text_is_served_as_well_and_its_backends_are_told_http()
    {
        await StartAsync();
        Assert.Equal("HTTP/1.1", await Gateway.Http.GetStringAsync("/x"));
        Assert.True(_backend.Headers.TryDequeue(out var sent));
        Assert.Equal("http", sent["X-Forwarded-Proto"]);
    }

    [Theory]
    [InlineData(SslProtocols.Tls12, "")]
    [InlineData(SslProtocols.Tls12, "http/1.1")]
    [InlineData(SslProtocols.Tls12, "h2,http/1.1")]
    [InlineData(SslProtocols.Tls13, "")]
    [InlineData(SslProtocols.Tls13, "h2")]
    public async Task The_protocol_is_the_servers_choice_of_what_the_client_offers(SslProtocols protocol, string offered)
    {
        await StartAsync();
        await using var client = await HandshakeAsync(protocol, offered);
        Assert.Equal(protocol, client.SslProtocol);
        Assert.Equal(offered.Split(',')[0], client.NegotiatedApplicationProtocol.ToString());
        if (offered.StartsWith("h2", StringComparison.Ordinal))
            return;
        await client.WriteAsync("GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"u8.ToArray());
        using var reader = new StreamReader(client);
        Assert.StartsWith("HTTP/1.1 200", await reader.ReadToEndAsync(), StringComparison.Ordinal);
    }

    /// <summary>A hello as it is on the wire: TLS libraries refuse to speak 1.1 themselves. The second row shows that nothing else is wrong with it.</summary>
    [Theory]
    [InlineData(2, 21, 70)] // an alert: protocol_version (RFC 5246, section 7.2)
    [InlineData(3, 22, 2)] // a handshake message: the server's hello
    public async Task TLS_1_1_is_refused(byte minor, int recordType, int content)
    {
        await StartAsync();
        using var client = await RawClient.ConnectAsync(Gateway.TlsAddress.Port);
        await client.SendAsync(ClientHello(minor));
        var answer = await client.ReadAsync(t => t.Length >= 7);
        Assert.Equal(recordType, answer[0]);
        Assert.Equal(content, recordType == 21 ? answer[6] : answer[5]);
    }

    [Fact]
    public async Task HTTP2_has_the_same_limits_as_in_clear_text()
    {
        await StartAsync();
        await using var tls = await HandshakeAsync(SslProtocols.Tls13, "h2");
        using var tcp = new TcpClient();
        await tcp.ConnectAsync("127.0.0.1", Gateway.Port);
        var (told, toldInClear) = (await SettingsAsync(tls), await SettingsAsync(tcp.GetStream()));
        Assert.Contains((3, 100), told); // SETTINGS_MAX_CONCURRENT_STREAMS
        Assert.Equal(toldInClear, told);
    }

    [Fact]
    public async Task Grpc_GrpcWeb_and_Connect_come_by_TLS_too()
    {
        await using var shop = await ShopServer.StartAsync();
        await StartAsync(RoutesFiles.Of(ShopServer.Path, shop.Address, RoutesFiles.Grpc));
        using var client = Client(HttpVersion.Version20);
        var ask = GrpcFrames.Frame(new Ask { What = "tea", Count = 1 }.ToByteArray());

        var grpc = await SendAsync(client, "Get", ask, "application/grpc");
        var message = await grpc.Content.ReadAsByteArrayAsync();
        Assert.Equal(new Answer { Text = "got tea", Number = 1 }, Answer.Parser.ParseFrom(message.AsSpan(5)));
        Assert.Equal(["0"], grpc.TrailingHeaders.GetValues("grpc-status"));

        var web = await SendAsync(client, "Get", ask, "application/grpc-web+proto");
        Assert.Contains("grpc-status: 0", Encoding.ASCII.GetString(await web.Content.ReadAsByteArrayAsync()), StringComparison.Ordinal);

        var connect = await SendAsync(client, "Get", """{"what": "tea", "count": 1}"""u8.ToArray(), "application/json");
        Assert.Equal("""{"text":"got tea","number":"1"}""", await connect.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_new_certificate_is_taken_without_a_failed_request()
    {
        await StartAsync();
        using var kept = Client(HttpVersion.Version20);
        using var stop = new CancellationTokenSource();
        var (fresh, open) = (0, 0);
        Task[] load =
        [
            .. Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
            {
                while (!stop.IsCancellationRequested)
                {
                    using var client = Client(HttpVersion.Version11); // a handshake each
                    Assert.Equal("HTTP/1.1", await client.GetStringAsync("/x"));
                    Interlocked.Increment(ref fresh);
                }
            })),
            Task.Run(async () =>
            {
                while (!stop.IsCancellationRequested)
                {
                    Assert.Equal("HTTP/1.1", await kept.GetStringAsync("/x"));
                    Interlocked.Increment(ref open);
                }
            }),
        ];
        await using var before = await HandshakeAsync(SslProtocols.Tls13, "http/1.1");
        for (var i = 0; i < 10; i++)
        {
            var next = i % 2 == 0 ? _authority.IssueRsa(2048) : _authority.Issue();
            _secret.Write(next);
            await Eventually.True(async () => Serial(await SeenAsync()) == next.Serial);
            var (soFar, openSoFar) = (Volatile.Read(ref fresh), Volatile.Read(ref open));
            await Eventually.True(() => (Volatile.Read(ref fresh) > soFar && Volatile.Read(ref open) > openSoFar) || load.Any(l => l.IsCompleted));
        }

        await stop.CancelAsync();
        await Task.WhenAll(load);
        await before.WriteAsync("GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"u8.ToArray());
        using var reader = new StreamReader(before);
        Assert.StartsWith("HTTP/1.1 200", await reader.ReadToEndAsync(), StringComparison.Ordinal);
        Assert.Contains("fleet_gateway_tls_reloads_total{result=\"ok\"} 11", await MetricsAsync(), StringComparison.Ordinal);
    }

    public static TheoryData<string> BrokenPairs => ["another key", "no certificate", "no key", "half a certificate", "a certificate without its key", "short key", "encrypted key"];

    [Theory, MemberData(nameof(BrokenPairs))]
    public async Task What_cannot_be_served_leaves_the_last_good_one_and_shows(string fault)
    {
        var good = await StartAsync();
        var other = _authority.Issue();
        switch (fault)
        {
            case "another key":
                _secret.Write(other.Certificates, _authority.Issue().Key);
                break;
            case "no certificate":
                _secret.Write("nothing of the kind", other.Key);
                break;
            case "no key":
                _secret.Write(other.Certificates, null);
                break;
            case "half a certificate":
                _secret.Write(other.Certificates[..(other.Certificates.Length / 4)], other.Key);
                break;
            case "a certificate without its key":
                _secret.Write(other.Certificates, "");
                break;
            case "short key":
                _secret.Write(_authority.IssueRsa(1024)); // well formed, but no TLS library takes it
                break;
            case "encrypted key":
                using (var key = System.Security.Cryptography.ECDsa.Create())
                {
                    _secret.Write(other.Certificates, key.ExportEncryptedPkcs8PrivateKeyPem(
                        "secret", new(System.Security.Cryptography.PbeEncryptionAlgorithm.Aes128Cbc, System.Security.Cryptography.HashAlgorithmName.SHA256, 1)));
                }

                break;
        }

        var ready = await Eventually.That(ReadinessAsync, r => r.Lines.Contains("tls: ready, warning: the last good certificate is served", StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.OK, ready.Status);
        Assert.DoesNotContain("PRIVATE KEY", ready.Lines, StringComparison.Ordinal);
        Assert.Contains("fleet_gateway_tls_reloads_total{result=\"refused\"} 1", await MetricsAsync(), StringComparison.Ordinal);
        Assert.Equal(good.Serial, Serial(await SeenAsync()));

        _secret.Write(other);
        await Eventually.True(async () => Serial(await SeenAsync()) == other.Serial);
        Assert.Contains("tls: ready\n", (await ReadinessAsync()).Lines, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_plain_files_may_be_written_one_after_the_other()
    {
        var (first, second) = (_authority.Issue(), _authority.Issue());
        var folder = Directory.CreateDirectory(Path.Combine(_secret.Folder, "plain")).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "tls.crt"), first.Certificates);
        await File.WriteAllTextAsync(Path.Combine(folder, "tls.key"), first.Key);
        _gateway = await TestGateway.StartAsync(RoutesFiles.Of("/", _backend.Address), null, $"--TLS_DIRECTORY={folder}", "--TLS_PORT=0");
        await File.WriteAllTextAsync(Path.Combine(folder, "tls.crt"), second.Certificates);
        await Eventually.True(async () => (await ReadinessAsync()).Lines.Contains("tls.key is no key", StringComparison.Ordinal));
        Assert.Equal(first.Serial, Serial(await SeenAsync()));
        await File.WriteAllTextAsync(Path.Combine(folder, "tls.key"), second.Key);
        await Eventually.True(async () => Serial(await SeenAsync()) == second.Serial);
    }

    [Fact]
    public async Task Without_a_certificate_it_is_not_ready_and_waits()
    {
        _gateway = await TestGateway.StartAsync(RoutesFiles.Of("/", _backend.Address), null, [.. Settings()]);
        var (status, lines) = await ReadinessAsync();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Contains("tls: not ready: no certificate yet. tls.crt and tls.key in", lines, StringComparison.Ordinal);
        Assert.Equal("HTTP/1.1", await Gateway.Http.GetStringAsync("/x"));
        using (var client = Client(HttpVersion.Version11))
            await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync("/x"));
        Assert.DoesNotContain("\nfleet_gateway_tls_certificate_not_after", await MetricsAsync(), StringComparison.Ordinal);

        var pair = _authority.Issue();
        _secret.Write(pair);
        await Eventually.True(async () => (await ReadinessAsync()).Status == HttpStatusCode.OK);
        using (var client = Client(HttpVersion.Version11))
            Assert.Equal("HTTP/1.1", await client.GetStringAsync("/x"));
        var seconds = new DateTimeOffset(pair.NotAfter.ToUniversalTime()).ToUnixTimeSeconds();
        Assert.Contains($"fleet_gateway_tls_certificate_not_after_seconds {seconds}\n", await MetricsAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_that_has_ended_is_served_with_a_warning()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var pair = _authority.Issue();
        _secret.Write(pair);
        _gateway = await TestGateway.StartAsync(RoutesFiles.Of("/", _backend.Address), services => services.AddSingleton<TimeProvider>(time), [.. Settings()]);
        Assert.Contains("tls: ready\n", (await ReadinessAsync()).Lines, StringComparison.Ordinal);
        time.Advance(TimeSpan.FromDays(100));
        var (status, lines) = await ReadinessAsync();
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains($"tls: ready, warning: the certificate ended at {pair.NotAfter.ToUniversalTime():u}", lines, StringComparison.Ordinal);
        Assert.Equal(pair.Serial, Serial(await SeenAsync()));
    }

    [Theory]
    [InlineData("GET /a/b?c=d HTTP/1.1\r\nHost: shop.example.com\r\n\r\n", 308, "https://shop.example.com/a/b?c=d")]
    [InlineData("GET /a%252Fb%2F%C3%A9?x=%20 HTTP/1.1\r\nHost: shop.example.com:80\r\n\r\n", 308, "https://shop.example.com/a%252Fb%2F%C3%A9?x=%20")]
    [InlineData("POST / HTTP/1.1\r\nHost: 10.1.2.3:8080\r\nContent-Length: 2\r\n\r\nab", 308, "https://10.1.2.3/")]
    [InlineData("GET / HTTP/1.1\r\nHost: [2001:db8::1]:8080\r\n\r\n", 308, "https://[2001:db8::1]/")]
    [InlineData("GET //evil.example.com/x HTTP/1.1\r\nHost: shop.example.com\r\n\r\n", 308, "https://shop.example.com//evil.example.com/x")]
    [InlineData("GET http://shop.example.com/x?y HTTP/1.1\r\nHost: shop.example.com\r\n\r\n", 308, "https://shop.example.com/x?y")]
    [InlineData("GET / HTTP/1.1\r\nHost: shop.example.com\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil.example.com\r\n\r\n", 308, "https://shop.example.com/")]
    [InlineData("GET http://evil.example.com/x HTTP/1.1\r\nHost: shop.example.com\r\n\r\n", 400, null)]
    [InlineData("GET / HTTP/1.1\r\n\r\n", 400, null)]
    [InlineData("GET / HTTP/1.1\r\nHost: \r\n\r\n", 400, null)]
    [InlineData("GET / HTTP/1.0\r\n\r\n", 400, null)]
    [InlineData("GET / HTTP/1.1\r\nHost: a@evil.example.com\r\n\r\n", 400, null)]
    [InlineData("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, null)]
    [InlineData("GET / HTTP/1.1\r\nHost: a..b\r\n\r\n", 400, null)]
    [InlineData("GET / HTTP/1.1\r\nHost: shop.example.com:x\r\n\r\n", 400, null)]
    [InlineData("OPTIONS * HTTP/1.1\r\nHost: shop.example.com\r\n\r\n", 400, null)]
    [InlineData("GET / HTTP/1.1\r\nHost: shop.example.com\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400, null)]
    public async Task Clear_text_is_sent_to_TLS(string request, int status, string? location)
    {
        await StartAsync(settings: "--TLS_REDIRECT=true");
        using var client = await RawClient.ConnectAsync(Gateway.Port);
        await client.SendAsync(request);
        var answer = await client.ReadAsync(t => t.Contains("\r\n\r\n", StringComparison.Ordinal));
        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
        var locations = answer.Split("\r\n").Where(l => l.StartsWith("Location: ", StringComparison.Ordinal)).Select(l => l["Location: ".Length..]);
        Assert.Equal(location is null ? [] : [location], locations);
        Assert.Equal(0, _backend.Calls);
    }

    [Fact]
    public async Task The_port_that_clients_know_is_in_the_redirect_and_TLS_itself_is_served()
    {
        await StartAsync(settings: ["--TLS_REDIRECT=true", "--TLS_PUBLIC_PORT=9443"]);
        foreach (var client in (HttpClient[])[Gateway.Http, Gateway.Http2])
        {
            var answer = await client.GetAsync("/x?y=z");
            Assert.Equal(HttpStatusCode.PermanentRedirect, answer.StatusCode);
            Assert.Equal("https://127.0.0.1:9443/x?y=z", answer.Headers.Location!.OriginalString);
        }

        using var tls = Client(HttpVersion.Version20);
        Assert.Equal(HttpStatusCode.OK, (await tls.GetAsync("/x")).StatusCode);
    }

    [Theory]
    [InlineData("TLS_PORT", "--TLS_DIRECTORY=/x", "--TLS_PORT=https")]
    [InlineData("TLS_PORT", "--TLS_DIRECTORY=/x", "--TLS_PORT=8081", "--MANAGEMENT_PORT=8081")]
    [InlineData("TLS_PUBLIC_PORT", "--TLS_DIRECTORY=/x", "--TLS_PUBLIC_PORT=0")]
    [InlineData("TLS_REDIRECT", "--TLS_DIRECTORY=/x", "--TLS_REDIRECT=yes")]
    [InlineData("TLS_REDIRECT", "--TLS_REDIRECT=true")]
    public void What_it_cannot_start_with_names_the_variable(string variable, params string[] settings) =>
        Assert.Equal(variable, Assert.Throws<ConfigurationException>(() => GatewayApp.Build(["--ROUTES_FILE=/none", .. settings])).Variable);

    private IEnumerable<string> Settings(params string[] more) => [$"--TLS_DIRECTORY={_secret.Folder}", "--TLS_PORT=0", .. more];

    private async Task<PemPair> StartAsync(JsonObject? routes = null, params string[] settings)
    {
        var pair = _authority.Issue();
        _secret.Write(pair);
        _gateway = await TestGateway.StartAsync(routes ?? RoutesFiles.Of("/", _backend.Address), null, [.. Settings(settings)]);
        return pair;
    }

    /// <summary>A client that believes the root and checks the name; the intermediate certificate must come from the server.</summary>
    private HttpClient Client(Version version) => new(new SocketsHttpHandler { AllowAutoRedirect = false, SslOptions = Believing() })
    {
        BaseAddress = Gateway.TlsAddress,
        DefaultRequestVersion = version,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    private SslClientAuthenticationOptions Believing() => new()
    {
        TargetHost = "localhost",
        CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, CustomTrustStore = { _authority.Root }, RevocationMode = X509RevocationMode.NoCheck },
    };

    private async Task<SslStream> HandshakeAsync(SslProtocols protocol, string offered)
    {
        var tcp = new TcpClient();
        await tcp.ConnectAsync("127.0.0.1", Gateway.TlsAddress.Port);
        var tls = new SslStream(tcp.GetStream());
        var options = Believing();
        options.EnabledSslProtocols = protocol;
        if (offered.Length > 0)
            options.ApplicationProtocols = [.. offered.Split(',').Select(o => new SslApplicationProtocol(o))];
        await tls.AuthenticateAsClientAsync(options);
        return tls;
    }

    private async Task<X509Certificate> SeenAsync()
    {
        await using var client = await HandshakeAsync(SslProtocols.Tls13, "http/1.1");
        return client.RemoteCertificate!;
    }

    private static string Serial(X509Certificate certificate) => certificate.GetSerialNumberString();

    private async Task<(HttpStatusCode Status, string Lines)> ReadinessAsync()
    {
        var answer = await Gateway.Management.GetAsync("/healthz/ready");
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    private Task<string> MetricsAsync() => Gateway.Management.GetStringAsync("/metrics");

    private static Task<HttpResponseMessage> SendAsync(HttpClient client, string method, byte[] body, string contentType)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"{ShopServer.Path}/{method}")
        {
            Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue(contentType) } },
            Version = client.DefaultRequestVersion,
            VersionPolicy = client.DefaultVersionPolicy,
        };
        return client.SendAsync(request);
    }

    /// <summary>What the server's first frame says (RFC 9113, section 6.5).</summary>
    private static async Task<List<(int Setting, int Value)>> SettingsAsync(Stream stream)
    {
        await stream.WriteAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray().Concat(new byte[] { 0, 0, 0, 4, 0, 0, 0, 0, 0 }).ToArray());
        var head = new byte[9];
        await stream.ReadExactlyAsync(head);
        Assert.Equal(4, head[3]);
        var settings = new byte[(head[1] << 8) | head[2]];
        await stream.ReadExactlyAsync(settings);
        return [.. settings.Chunk(6).Select(s => ((s[0] << 8) | s[1], (s[2] << 24) | (s[3] << 16) | (s[4] << 8) | s[5]))];
    }

    /// <summary>RFC 5246, section 7.4.1.2, with suites that go with an ECDSA certificate in 1.1 and 1.2.</summary>
    private static byte[] ClientHello(byte minor)
    {
        byte[] extensions =
        [
            0, 10, 0, 4, 0, 2, 0, 23, // supported_groups: secp256r1
            0, 11, 0, 2, 1, 0, // ec_point_formats: uncompressed
            0, 13, 0, 4, 0, 2, 4, 3, // signature_algorithms: ecdsa_secp256r1_sha256
        ];
        byte[] body =
        [
            3, minor, .. new byte[32], 0, // version, random, no session
            0, 4, 0xC0, 0x2B, 0xC0, 0x09, // ECDHE_ECDSA with AES_128_GCM_SHA256 and AES_128_CBC_SHA
            1, 0, // no compression
            0, (byte)extensions.Length, .. extensions,
        ];
        byte[] handshake = [1, 0, 0, (byte)body.Length, .. body];
        return [22, 3, 1, 0, (byte)handshake.Length, .. handshake];
    }
}
