using System.Net;
using Fleet.Kubernetes;
using Fleet.Testing;
using Xunit;

namespace Fleet.Unit.Kubernetes;

/// <summary>Tokens that others renew, and plugins that make them.</summary>
public sealed class CredentialsTests : IDisposable
{
    private const string V1 = "client.authentication.k8s.io/v1";
    private static readonly CancellationToken Stop = CancellationToken.None;
    private readonly TestFolder _folder = new();
    private readonly ArmedTime _time = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_token_file_is_read_again_after_a_minute()
    {
        var (server, api) = Client(new() { TokenFile = _folder.Write("token", "one\n") });
        using var disposed = api;
        await api.GetVersionAsync(Stop);
        _folder.Write("token", "two\n");
        await api.GetVersionAsync(Stop);
        _time.Advance(TimeSpan.FromMinutes(1));
        await api.GetVersionAsync(Stop);
        File.Delete(_folder.Path("token"));
        _time.Advance(TimeSpan.FromMinutes(1));
        await api.GetVersionAsync(Stop); // what was read last holds
        Assert.Equal(["Bearer one", "Bearer one", "Bearer two", "Bearer two"], Sent(server));
    }

    [Fact]
    public async Task A_refused_token_is_read_again_at_once()
    {
        var (server, api) = Client(new() { TokenFile = _folder.Write("token", "one") }, r => r.Header("Authorization") == "Bearer two");
        using var disposed = api;
        await Assert.ThrowsAsync<ApiException>(() => api.GetVersionAsync(Stop)); // the same token again would be refused again
        _folder.Write("token", "two");
        await api.GetVersionAsync(Stop);
        Assert.Equal(["Bearer one", "Bearer one", "Bearer two"], Sent(server));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a\r\nX-Evil: 1")]
    public async Task A_token_file_without_a_token_is_an_error_that_names_it(string? content)
    {
        if (content is not null)
            _folder.Write("token", content);
        var (server, api) = Client(new() { TokenFile = _folder.Path("token") });
        using var disposed = api;
        var e = await Assert.ThrowsAsync<HttpRequestException>(() => api.GetVersionAsync(Stop));
        Assert.Equal(HttpRequestError.UserAuthenticationError, e.HttpRequestError);
        Assert.Contains(_folder.Path("token"), e.Message, StringComparison.Ordinal);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task A_token_file_falls_back_to_the_token_beside_it()
    {
        var (server, api) = Client(new() { Token = "fixed", TokenFile = _folder.Path("absent") });
        using var disposed = api;
        await api.GetVersionAsync(Stop);
        Assert.Equal(["Bearer fixed"], Sent(server));
    }

    [Fact]
    public async Task A_login_is_sent_as_such()
    {
        var (server, api) = Client(new() { Basic = new("ann", "pw") });
        using var disposed = api;
        await api.GetVersionAsync(Stop);
        Assert.Equal(["Basic YW5uOnB3"], Sent(server));
    }

    [Fact]
    public async Task A_plugin_runs_once_until_its_token_expires()
    {
        var expires = _time.GetUtcNow().AddMinutes(10).ToString("O");
        var (server, api) = Client(new() { Exec = Counting($$"""\"token\":\"t$n\",\"expirationTimestamp\":\"{{expires}}\" """) });
        using var disposed = api;
        await Task.WhenAll(api.GetVersionAsync(Stop), api.GetVersionAsync(Stop), api.GetVersionAsync(Stop));
        _time.Advance(TimeSpan.FromMinutes(10));
        await api.GetVersionAsync(Stop);
        Assert.Equal(["Bearer t1", "Bearer t1", "Bearer t1", "Bearer t2"], Sent(server));
    }

    [Fact]
    public async Task A_refused_token_has_the_plugin_run_again_but_not_for_every_request()
    {
        var (server, api) = Client(new() { Exec = Counting("""\"token\":\"t$n\" """) }, r => r.Header("Authorization") == "Bearer t2");
        using var disposed = api;
        await Assert.ThrowsAsync<ApiException>(() => api.GetVersionAsync(Stop)); // it ran just now
        _time.Advance(TimeSpan.FromSeconds(10));
        await api.GetVersionAsync(Stop);
        Assert.Equal(["Bearer t1", "Bearer t1", "Bearer t2"], Sent(server));
    }

    [Fact]
    public async Task A_plugin_is_told_what_it_asked_for_and_given_its_environment()
    {
        var script = _folder.Script("login", $$"""
            printf '%s' "$KUBERNETES_EXEC_INFO" > {{_folder.Path("info")}}
            echo '{"kind":"ExecCredential","apiVersion":"{{V1}}","status":{"token":"'"$1-$FLAVOUR"'"} }'
            """);
        var exec = new ExecSpec
        {
            ApiVersion = V1, Command = script, Args = ["arg"], Env = [new("FLAVOUR", "sweet")], Interaction = ExecInteraction.Never, Cluster = new() { ["server"] = "https://h" }, Origin = "here",
        };
        var (server, api) = Client(new() { Exec = exec });
        using var disposed = api;
        await api.GetVersionAsync(Stop);
        Assert.Equal(["Bearer arg-sweet"], Sent(server));
        Assert.Equal($$$"""{"apiVersion":"{{{V1}}}","kind":"ExecCredential","spec":{"interactive":false,"cluster":{"server":"https://h"} } }""".Replace(" ", "", StringComparison.Ordinal), await File.ReadAllTextAsync(_folder.Path("info")));
    }

    [Fact]
    public async Task A_plugin_may_give_a_certificate()
    {
        var (certificate, key) = new TestCertificates().Issue("ann");
        _folder.Write("answer", new System.Text.Json.Nodes.JsonObject
        {
            ["kind"] = "ExecCredential", ["apiVersion"] = V1, ["status"] = new System.Text.Json.Nodes.JsonObject { ["clientCertificateData"] = certificate, ["clientKeyData"] = key },
        }.ToJsonString());
        using var credentials = new Credentials(new() { Exec = Spec(_folder.Script("login", $"cat {_folder.Path("answer")}")) }, _time);
        var credential = await credentials.GetAsync(Stop);
        Assert.Null(credential.Authorization);
        Assert.Equal("O=fleet, CN=ann", credential.Certificate!.Leaf.Subject);
    }

    [Theory]
    [InlineData("echo oops; echo details >&2; exit 3", "failed with exit code 3: details")]
    [InlineData("echo hello", "no ExecCredential")]
    [InlineData("echo '{}'", "in place of client.authentication.k8s.io/v1 ExecCredential")]
    [InlineData("""echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1","status":{"token":"a"}}'""", "client.authentication.k8s.io/v1beta1", "set the apiVersion")]
    [InlineData("""echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1"}'""", "without status")]
    [InlineData("""echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{}}'""", "neither a token")]
    [InlineData("""echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"clientCertificateData":"x","clientKeyData":"y"}}'""", "clientCertificateData that holds no certificate")]
    [InlineData("""echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"a","expirationTimestamp":"soon"}}'""", "no ExecCredential")]
    [InlineData("""echo '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"a b"}}'""", "characters that no token has")]
    [InlineData("head -c 2000000 /dev/zero", "more than 1 MiB")]
    public async Task A_plugin_that_fails_says_how(string script, params string[] parts)
    {
        var (server, api) = Client(new() { Exec = Spec(_folder.Script("login", script)) });
        using var disposed = api;
        var e = await Assert.ThrowsAsync<HttpRequestException>(() => api.GetVersionAsync(Stop));
        Assert.Equal(HttpRequestError.UserAuthenticationError, e.HttpRequestError);
        Assert.All([.. parts, "config: users[ann].user.exec", "login"], part => Assert.Contains(part, e.Message, StringComparison.Ordinal));
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task An_absent_plugin_comes_with_the_hint_how_to_get_it()
    {
        var (_, api) = Client(new() { Exec = Spec("no-such-plugin-anywhere") with { InstallHint = "apt install login-plugin" } });
        using var disposed = api;
        var e = await Assert.ThrowsAsync<HttpRequestException>(() => api.GetVersionAsync(Stop));
        Assert.Contains("no-such-plugin-anywhere cannot be run", e.Message, StringComparison.Ordinal);
        Assert.Contains("apt install login-plugin", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_plugin_that_hangs_is_ended()
    {
        var (_, api) = Client(new() { Exec = Spec(_folder.Script("login", $"echo $$ > {_folder.Path("pid")}; exec sleep 1000")) });
        using var disposed = api;
        var call = api.GetVersionAsync(Stop);
        await _time.PassAsync(TimeSpan.FromMinutes(1));
        Assert.Contains("longer than 60 s", (await Assert.ThrowsAsync<HttpRequestException>(() => call)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancelling_ends_the_plugin()
    {
        using var stop = new CancellationTokenSource();
        var (_, api) = Client(new() { Exec = Spec(_folder.Script("login", "exec sleep 1000")) });
        using var disposed = api;
        var call = api.GetVersionAsync(stop.Token);
        await _time.ArmedFor(TimeSpan.FromMinutes(1));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
    }

    private static ExecSpec Spec(string command) => new() { ApiVersion = V1, Command = command, Interaction = ExecInteraction.Never, Origin = "config: users[ann].user.exec" };

    /// <summary>A plugin that counts its runs in $n.</summary>
    private ExecSpec Counting(string status) => Spec(_folder.Script("login", $$$"""
        echo x >> {{{_folder.Path("runs")}}}
        n=$(($(wc -l < {{{_folder.Path("runs")}}})))
        echo "{\"kind\":\"ExecCredential\",\"apiVersion\":\"{{{V1}}}\",\"status\":{ {{{status}}} } }"
        """));

    private (StubServer Server, ApiClient Api) Client(CredentialSpec credentials, Func<StubRequest, bool>? accepts = null)
    {
        var server = new StubServer(r => accepts?.Invoke(r) == false ? StubServer.Refusal(HttpStatusCode.Unauthorized, "Unauthorized") : StubServer.Json("{}"));
        return (server, server.Client(new() { TimeProvider = _time }, new ClusterConfig { Server = StubServer.Address, Credentials = credentials }));
    }

    private static IEnumerable<string?> Sent(StubServer server) => server.Requests.Select(r => r.Header("Authorization"));
}
