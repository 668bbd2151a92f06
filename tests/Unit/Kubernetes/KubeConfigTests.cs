using System.Text;
using System.Text.Json.Nodes;
using Fleet.Kubernetes;
using Xunit;

namespace Fleet.Unit.Kubernetes;

/// <summary>Kubeconfigs: what they mean, and what is said about those that mean nothing.</summary>
public sealed class KubeConfigTests : IDisposable
{
    private const string Good = """
        apiVersion: v1
        kind: Config
        current-context: shop
        contexts:
        - name: shop
          context: {cluster: kind, user: ann, namespace: demo}
        - name: other
          context: {cluster: kind, user: bob}
        - name: nobody
          context: {cluster: kind}
        clusters:
        - name: kind
          cluster: {server: "https://10.0.0.1:6443/k8s/c1"}
        users:
        - name: ann
          user: {token: t-ann}
        - name: bob
          user: {tokenFile: secrets/bob, as: carol, as-groups: [x, z], as-user-extra: {scopes.example/a: [view]}}
        """;

    private static readonly TestCertificates Authority = new();
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_current_context_is_used()
    {
        var config = Load(Good);
        Assert.Equal(("https://10.0.0.1:6443/k8s/c1", "demo", false), (config.Server.AbsoluteUri, config.Namespace, config.Insecure));
        Assert.Equal("t-ann", config.Credentials.Token);
        Assert.Equal($"context shop of {_folder.Path("config")}", config.Source);
        Assert.Empty(config.CertificateAuthorities);
    }

    [Fact]
    public void Another_context_may_be_named()
    {
        var config = Load(Good, "other");
        Assert.Equal(("default", _folder.Path("secrets/bob")), (config.Namespace, config.Credentials.TokenFile));
        Assert.Equal(
            ["Impersonate-User: carol", "Impersonate-Group: x", "Impersonate-Group: z", "Impersonate-Extra-scopes.example%2Fa: view"],
            config.Credentials.Impersonation.Select(h => $"{h.Key}: {h.Value}"));
    }

    [Fact]
    public void A_context_without_a_user_asks_anonymously() => Assert.Equal(new CredentialSpec(), Load(Good, "nobody").Credentials);

    [Fact]
    public void Certificates_come_as_data_or_as_files_beside_the_kubeconfig()
    {
        var (certificate, key) = Authority.Issue("ann");
        _folder.Write("pki/ca.crt", Authority.AuthorityPem + "\n" + new TestCertificates("second").AuthorityPem);
        _folder.Write("pki/ann.crt", certificate + "\n" + Authority.AuthorityPem);
        _folder.Write("pki/ann.key", "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" + key); // as openssl ecparam writes it
        var files = Load(One("certificate-authority: pki/ca.crt", "client-certificate: pki/ann.crt, client-key: pki/ann.key"));
        Assert.Equal(["CN=test authority", "CN=second"], files.CertificateAuthorities.Select(c => c.Subject));
        Assert.Equal("O=fleet, CN=ann", files.Credentials.Certificate!.Leaf.Subject);
        Assert.True(files.Credentials.Certificate.Leaf.HasPrivateKey);
        Assert.Equal("CN=test authority", Assert.Single(files.Credentials.Certificate.Intermediates).Subject);
        Assert.Equal(_folder.Path("pki/ann.key"), files.Credentials.CertificateFiles!.Key);

        var data = Load(One($"certificate-authority-data: {Base64(Authority.AuthorityPem)}, certificate-authority: /data/wins", $"client-certificate-data: {Base64(certificate)}, client-key-data: {Base64(key)}"));
        Assert.Equal("CN=test authority", Assert.Single(data.CertificateAuthorities).Subject);
        Assert.Equal("O=fleet, CN=ann", data.Credentials.Certificate!.Leaf.Subject);
        Assert.Null(data.Credentials.CertificateFiles);
    }

    [Fact]
    public void The_rest_of_a_cluster()
    {
        var config = Load(One("insecure-skip-tls-verify: true, tls-server-name: kubernetes, proxy-url: 'socks5://u:p@proxy:1080', disable-compression: true", "username: ann, password: 'p:w'"));
        Assert.True(config.Insecure && config.DisableCompression);
        Assert.Equal(("kubernetes", "socks5://u:p@proxy:1080/"), (config.TlsServerName, config.Proxy!.AbsoluteUri));
        Assert.Equal(new BasicLogin("ann", "p:w"), config.Credentials.Basic);
    }

    [Fact]
    public void A_plugin_is_taken_over_with_what_it_wants_to_know()
    {
        var config = Load(One(
            $"certificate-authority-data: {Base64(Authority.AuthorityPem)}, extensions: [{{name: other, extension: 1}}, {{name: client.authentication.k8s.io/exec, extension: {{audience: x}}}}]",
            "exec: {apiVersion: client.authentication.k8s.io/v1, command: ./bin/login, args: [a, '1'], env: [{name: A, value: b}], interactiveMode: Never, provideClusterInfo: true, installHint: 'get it'}"));
        var exec = config.Credentials.Exec!;
        Assert.Equal((_folder.Path("bin/login"), "a 1", "get it", ExecInteraction.Never), (exec.Command, string.Join(' ', exec.Args), exec.InstallHint, exec.Interaction));
        Assert.Equal(KeyValuePair.Create("A", "b"), Assert.Single(exec.Env));
        var expected = new JsonObject { ["server"] = "https://h:1", ["certificate-authority-data"] = Base64(Authority.AuthorityPem), ["config"] = new JsonObject { ["audience"] = "x" } };
        Assert.True(JsonNode.DeepEquals(expected, exec.Cluster), exec.Cluster!.ToJsonString());
    }

    [Fact]
    public void A_plugin_by_name_is_left_to_the_path_and_v1beta1_need_not_say_whether_it_talks()
    {
        var exec = Load(One("", "exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: login}")).Credentials.Exec!;
        Assert.Equal(("login", ExecInteraction.IfAvailable, null), (exec.Command, exec.Interaction, exec.Cluster));
    }

    [Fact]
    public void Several_files_are_one_and_the_first_to_say_something_wins()
    {
        var first = _folder.Write("a/one", """
            contexts: [{name: shop, context: {cluster: kind, user: ann}}]
            users: [{name: ann, user: {tokenFile: mine}}]
            """);
        var second = _folder.Write("b/two", """
            current-context: shop
            contexts: [{name: shop, context: {cluster: elsewhere, user: ann, namespace: lost}}]
            users: [{name: ann, user: {token: lost}}]
            clusters: [{name: kind, cluster: {server: "https://h:1"}}]
            """);
        var third = _folder.Write("c/three", "current-context: lost\n");
        var empty = _folder.Write("c/empty", "");
        var config = Loader($"{_folder.Path("absent")}:{first}::{empty}:{second}:{third}").Load(null, null);
        Assert.Equal(("https://h:1/", "default", _folder.Path("a/mine"), null), (config.Server.AbsoluteUri, config.Namespace, config.Credentials.TokenFile, config.Credentials.Token));
    }

    [Fact]
    public void Without_KUBECONFIG_the_home_directory_is_looked_into()
    {
        _folder.Write(".kube/config", Good);
        Assert.Equal("t-ann", Loader(null).Load(null, null).Credentials.Token);
    }

    [Fact]
    public void A_pod_has_an_account_of_its_own()
    {
        ServiceAccount();
        var config = Loader(null, "10.96.0.1", "443").Load(null, null);
        Assert.Equal(("https://10.96.0.1/", "shop", _folder.Path("account/token")), (config.Server.AbsoluteUri, config.Namespace, config.Credentials.TokenFile));
        Assert.Equal("CN=test authority", Assert.Single(config.CertificateAuthorities).Subject);
        Assert.Equal("https://[fd00::1]:6443/", Loader(null, "fd00::1", "6443").Load(null, null).Server.AbsoluteUri);
    }

    [Fact]
    public void A_kubeconfig_beats_the_pod_unless_it_says_nothing()
    {
        ServiceAccount();
        Assert.Equal("10.0.0.1", Loader(_folder.Write("k", Good), "10.96.0.1").Load(null, null).Server.Host);
        Assert.Equal("10.96.0.1", Loader(_folder.Write("k", "apiVersion: v1\nkind: Config\n"), "10.96.0.1").Load(null, null).Server.Host);
    }

    [Fact]
    public void A_pod_without_a_token_is_told_how_to_get_one()
    {
        var e = Assert.Throws<ConfigException>(() => Loader(null, "10.96.0.1").Load(null, null));
        Assert.Contains(_folder.Path("account/token"), e.Message, StringComparison.Ordinal);
        Assert.Contains("automountServiceAccountToken", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "KUBECONFIG is not set", "--kubeconfig")]
    [InlineData("/nowhere/config", "KUBECONFIG is /nowhere/config", "--kubeconfig")]
    public void Nothing_at_all_says_where_it_was_looked_for(string? variable, params string[] parts) => AssertSays(() => Loader(variable).Load(null, null), parts);

    [Theory]
    [InlineData("a: }", "line 1, column 4")]
    [InlineData("- a\n- b\n", "is it the right file?")]
    [InlineData("a: 1\n---\nb: 1\n", "one document", "remove")]
    [InlineData("contexts: {}\n", "contexts must be a list but is a mapping")]
    [InlineData("contexts: [7]\n", "contexts[0] must be a mapping but is a number")]
    [InlineData("contexts: [{context: {}}]\n", "contexts[0].name is missing", "give the entry a name")]
    [InlineData("users: [{name: a}, {name: a}]\n", "users[1].name is \"a\" for the second time", "remove")]
    [InlineData("contexts: [{name: b, context: {}}, {name: a, context: {}}]\n", "current-context is not set", "--context", "defined: a, b")]
    [InlineData("current-context: x\ncontexts: [{name: a, context: {}}]\n", "current-context is \"x\"", "use-context", "defined: a")]
    [InlineData("current-context: 7\ncontexts: [{name: a, context: {}}]\n", "current-context must be text but is a number", "put it in quotes")]
    [InlineData("current-context: a\ncontexts: [{name: a}]\n", "contexts[a].context.cluster is missing", "name one")]
    [InlineData("current-context: a\ncontexts: [{name: a, context: {cluster: c}}]\n", "contexts[a].context.cluster is \"c\"", "none is defined")]
    [InlineData("current-context: a\ncontexts: [{name: a, context: {cluster: c, user: u}}]\nclusters: [{name: c, cluster: {server: 'https://h'}}]\n", "contexts[a].context.user is \"u\"", "none is defined")]
    public void A_broken_file_is_named_with_the_field_and_the_fix(string text, params string[] parts) => AssertSays(() => Load(text), ["config", .. parts]);

    [Theory]
    [InlineData("server: ''", "", "clusters[c].cluster.server is missing", "https://HOST:PORT")]
    [InlineData("server: '10.0.0.1:6443'", "", "clusters[c].cluster.server is \"10.0.0.1:6443\"", "https://HOST:PORT")]
    [InlineData("server: 'ftp://h'", "", "clusters[c].cluster.server is \"ftp://h\"", "https://HOST:PORT")]
    [InlineData("proxy-url: 'proxy:80'", "", "clusters[c].cluster.proxy-url", "socks5://HOST:PORT")]
    [InlineData("certificate-authority: absent.crt", "", "clusters[c].cluster.certificate-authority names", "absent.crt", "Check the path")]
    [InlineData("certificate-authority-data: '%%%'", "", "clusters[c].cluster.certificate-authority-data is not base64", "base64 -w0")]
    [InlineData("certificate-authority-data: aGVsbG8=", "", "certificate-authority-data holds no certificate", "BEGIN CERTIFICATE")]
    [InlineData("certificate-authority-data: CA, insecure-skip-tls-verify: true", "", "insecure-skip-tls-verify is true although", "remove")]
    [InlineData("insecure-skip-tls-verify: 'yes'", "", "insecure-skip-tls-verify must be true or false but is text")]
    [InlineData("", "token: 12345", "users[u].user.token must be text but is a number", "quotes")]
    [InlineData("", "client-certificate-data: CA", "users[u].user.client-key is missing", "both or none")]
    [InlineData("", "client-key-data: CA", "users[u].user.client-certificate is missing", "both or none")]
    [InlineData("", "client-certificate-data: CA, client-key-data: aGVsbG8=", "users[u].user.client-key-data does not fit the certificate")]
    [InlineData("", "client-certificate-data: CA, client-key-data: ENCRYPTED", "users[u].user.client-key-data is encrypted", "openssl pkey")]
    [InlineData("", "client-certificate: absent.crt, client-key: absent.key", "users[u].user.client-certificate names", "absent.crt")]
    [InlineData("", "token: a, username: b", "users[u].user.token stands beside a username", "remove")]
    [InlineData("", "auth-provider: {name: gcp}", "users[u].user.auth-provider (gcp)", "exec plugin")]
    [InlineData("", "as-groups: [a]", "users[u].user.as is missing", "name the user")]
    [InlineData("", "exec: {command: a}", "users[u].user.exec.apiVersion is missing", "client.authentication.k8s.io/v1")]
    [InlineData("", "exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: a}", "users[u].user.exec.apiVersion is client.authentication.k8s.io/v1alpha1", "use client.authentication.k8s.io/v1")]
    [InlineData("", "exec: {apiVersion: client.authentication.k8s.io/v1}", "users[u].user.exec.command is missing")]
    [InlineData("", "exec: {apiVersion: client.authentication.k8s.io/v1, command: a}", "users[u].user.exec.interactiveMode is missing", "IfAvailable")]
    [InlineData("", "exec: {apiVersion: client.authentication.k8s.io/v1, command: a, interactiveMode: Never, args: [1]}", "users[u].user.exec.args[0] must be text but is a number")]
    [InlineData("", "exec: {apiVersion: client.authentication.k8s.io/v1, command: a, interactiveMode: Never, env: [{value: x}]}", "users[u].user.exec.env[0].name is missing")]
    public void A_bad_field_is_named_with_the_fix(string cluster, string user, params string[] parts)
    {
        var pem = Base64(Authority.AuthorityPem);
        var encrypted = Base64("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAA==\n-----END ENCRYPTED PRIVATE KEY-----\n");
        AssertSays(() => Load(One(cluster.Replace(" CA", $" {pem}", StringComparison.Ordinal), user.Replace(" CA", $" {pem}", StringComparison.Ordinal).Replace(" ENCRYPTED", $" {encrypted}", StringComparison.Ordinal))), [_folder.Path("config"), .. parts]);
    }

    [Fact]
    public void An_absent_file_is_named() => AssertSays(() => ClusterConfig.Load(_folder.Path("absent")), _folder.Path("absent"), "cannot be read", "Check the path");

    [Fact]
    public void An_unknown_context_is_named_with_those_there_are() => AssertSays(() => Load(Good, "typo"), "contexts has no \"typo\"", "defined: nobody, other, shop");

    private static void AssertSays(Action load, params string[] parts)
    {
        var e = Assert.Throws<ConfigException>(load);
        Assert.All(parts, part => Assert.Contains(part, e.Message, StringComparison.Ordinal));
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static string One(string cluster, string user)
    {
        var server = cluster.Contains("server:", StringComparison.Ordinal) ? "" : "server: 'https://h:1', ";
        return $$"""
            current-context: x
            contexts: [ {name: x, context: {cluster: c, user: u} } ]
            clusters: [ {name: c, cluster: { {{server}}{{cluster}} } } ]
            users: [ {name: u, user: { {{user}} } } ]
            """;
    }

    private ClusterConfig Load(string text, string? context = null) => ClusterConfig.Load(_folder.Write("config", text), context);

    private ConfigLoader Loader(string? kubeconfig, string? host = null, string? port = null) => new()
    {
        Home = _folder.Root,
        ServiceAccountDirectory = _folder.Path("account"),
        Environment = name => name switch { "KUBECONFIG" => kubeconfig, "KUBERNETES_SERVICE_HOST" => host, "KUBERNETES_SERVICE_PORT" => port, _ => null },
    };

    private void ServiceAccount()
    {
        _folder.Write("account/token", "t");
        _folder.Write("account/namespace", "shop\n");
        _folder.Write("account/ca.crt", Authority.AuthorityPem);
    }
}
