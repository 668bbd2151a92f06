using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Reflection;
using System.Text.Json.Nodes;
using Fleet.Kubernetes;
using Fleet.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Fleet.SystemTests;

/// <summary>The bundled gateway as its pod would run it: with the environment, the routes, the token and the rights that the operator gives it.</summary>
[Trait("Needs", "RealControlPlane")]
public class GatewayTests(ITestOutputHelper output) : AppTest(output)
{
    private const string MountedServiceAccount = "/var/run/secrets/kubernetes.io/serviceaccount";

    [Fact]
    public async Task A_changed_route_is_served_within_a_second_though_the_mounted_file_is_old()
    {
        await StartOperatorAsync();
        await ReadyShopAsync();
        var folder = Directory.CreateTempSubdirectory("fleet-gateway-").FullName;
        var log = new ConcurrentQueue<string>();
        await using var gateway = ServerProcess.Start("unshare", ["--mount", "sh", "-c", Mounting, "sh", folder, MountedServiceAccount, OperatorProcess.DotNet, Program], await EnvironmentAsync(folder), log.Enqueue);
        using var http = new HttpClient { BaseAddress = new Uri($"http://{Address}:8080/") };
        await Eventually.True(async () => await StatusAsync(http, "users/x") == HttpStatusCode.Unauthorized, seen: () => string.Join('\n', log.TakeLast(10)));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(http, "people/x"));

        var was = "users";
        await Pace.WithinAsync(
            TimeSpan.FromSeconds(1),
            async round =>
            {
                var prefix = round == 1 ? "people" : $"people{round}";
                await Kubectl.RunAsync("""patch msa shop --type json --patch [{"op":"add","path":"/spec/services/1/route","value":{"pathPrefix":"/PREFIX"}}]""".Replace("PREFIX", prefix, StringComparison.Ordinal));
                await Eventually.True(async () => (await RoutesAsync()).Contains($"/{prefix}/", StringComparison.Ordinal));
                var changed = Stopwatch.GetTimestamp();
                await Eventually.True(async () => await StatusAsync(http, $"{prefix}/x") == HttpStatusCode.Unauthorized, seen: () => string.Join('\n', log.TakeLast(10)));
                var took = Stopwatch.GetElapsedTime(changed);
                Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(http, $"{was}/x"));
                was = prefix;
                return took;
            },
            "from the changed object to the changed route");

        // It may read that one object, and nothing else.
        var pod = Cluster.KubectlAs(await PodKubeconfigAsync(folder), Namespace);
        Assert.Contains("orbidden", (await pod.TryAsync(["get", "configmaps"])).Error, StringComparison.Ordinal);
        Assert.Contains("orbidden", (await pod.TryAsync(["get", "secrets"])).Error, StringComparison.Ordinal);
        await pod.RunAsync("get configmap shop-routes");
        Directory.Delete(folder, recursive: true);
    }

    // The pod's volume is laid over the folder of this machine, for this process alone.
    private static string Mounting => """mkdir -p "$2" && mount --bind "$1" "$2" && exec "$3" "$4" """;

    private static string Address { get; } = $"127.{Random.Shared.Next(16, 250)}.{Random.Shared.Next(0, 250)}.4";

    private static string Program => RepositoryRoot.Combine(
        "services", "Gateway", "bin", typeof(GatewayTests).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration, "net10.0", "Fleet.Gateway.dll");

    private static async Task<HttpStatusCode> StatusAsync(HttpClient http, string path) => (await http.GetAsync(new Uri(path, UriKind.Relative))).StatusCode;

    private async Task<string> RoutesAsync() => (string)(await Kubectl.GetJsonAsync("configmap/shop-routes"))["data"]!["routes.json"]!;

    private async Task<Dictionary<string, string?>> EnvironmentAsync(string folder)
    {
        var deployment = await Kubectl.GetJsonAsync("deployment/shop-gateway");
        var pod = deployment["spec"]!["template"]!["spec"]!;
        var variables = pod["containers"]![0]!["env"]!.AsArray().ToDictionary(v => (string)v!["name"]!, v => (string?)v!["value"], StringComparer.Ordinal);
        var server = new Uri((string)Yaml.ParseOne(await File.ReadAllTextAsync(Cluster.AdminKubeconfig))["clusters"]![0]!["cluster"]!["server"]!);
        (variables["KUBERNETES_SERVICE_HOST"], variables["KUBERNETES_SERVICE_PORT"], variables["LISTEN_ADDRESS"]) = (server.Host, $"{server.Port}", Address);
        variables["ROUTES_FILE"] = Path.Combine(folder, "routes.json");
        await File.WriteAllTextAsync(variables["ROUTES_FILE"]!, await RoutesAsync());

        // A bound token of the pod's ServiceAccount, as the kubelet asks for it.
        var request = new JsonObject { ["apiVersion"] = "authentication.k8s.io/v1", ["kind"] = "TokenRequest", ["spec"] = new JsonObject { ["expirationSeconds"] = 3600 } };
        var answer = await Kubectl.RunAsync(
            ["create", "--raw", $"/api/v1/namespaces/{Namespace}/serviceaccounts/{(string)pod["serviceAccountName"]!}/token", "--filename", "-"], request.ToJsonString());
        await File.WriteAllTextAsync(Path.Combine(folder, "token"), (string)JsonNode.Parse(answer)!["status"]!["token"]!);
        await File.WriteAllTextAsync(Path.Combine(folder, "namespace"), Namespace);
        File.Copy(Path.Combine(Cluster.Directory, "pki", "ca.crt"), Path.Combine(folder, "ca.crt"));
        return variables;
    }

    private async Task<string> PodKubeconfigAsync(string folder)
    {
        var config = Yaml.ParseOne(await File.ReadAllTextAsync(Cluster.AdminKubeconfig));
        config["users"]![0]!["user"] = new JsonObject { ["token"] = await File.ReadAllTextAsync(Path.Combine(folder, "token")) };
        var path = Path.Combine(folder, "kubeconfig");
        await File.WriteAllTextAsync(path, Yaml.Write(config));
        return path;
    }
}
