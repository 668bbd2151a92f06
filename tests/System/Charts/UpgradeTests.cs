using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.SystemTests.Local;
using Fleet.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Fleet.SystemTests.Charts;

/// <summary>
/// The operator is upgraded below a gateway that is in use: the app <c>front</c> runs as processes on a local node, fifty others on the stand-in.
/// </summary>
[Collection(Disturbing.Name)]
[Trait("Needs", "RealControlPlane")]
public class UpgradeTests(ITestOutputHelper output) : InstalledTest(output)
{
    private const int Count = 50;
    private const int Clients = 4;

    [Fact]
    public async Task A_rolling_upgrade_fails_no_request_and_restarts_no_pod_that_need_not()
    {
        if (!Helm.IsThere)
            return;
        try
        {
            // :: Step 1 - the previous version, fifty apps, and one that people use.
            await HelmAsync("install", await PreviousAsync());
            var replicas = await RunAllAsync([]);
            await using var node = await RunningNode.StartAsync(Cluster, Namespace, Path.Combine(Home, "node"), Output);
            await using var webhook = await AdmissionWebhook.StartAsync(Cluster, Namespace, mutating: true, ["/pods"], ToLocalNode);
            await Kubectl.ApplyAsync(Front);
            await Kubectl.RunAsync(["create", "--filename", "-"], Apps(Count), TimeSpan.FromMinutes(2));
            await AllReadyAsync(Count + 1);
            var before = await PodsOfAppsAsync();
            Assert.Equal(Count + 4, before.Count);

            await using var traffic = new Traffic(new Uri($"http://{node.Node.Proxies.Of(Namespace, "front-gateway", 80)}/web/"));
            await traffic.AnsweredAsync(100);

            // :: Step 2 - the operator rolls, and no pod of any app does.
            await HelmAsync("upgrade", Chart.Operator);
            replicas = await RunAllAsync(replicas);
            await AllReadyAsync(Count + 1);
            await traffic.AnsweredAsync(100);
            Assert.Equal(before, await PodsOfAppsAsync());

            // :: Step 3 - it rolls again and brings another gateway: that one rolls as well, below the same requests.
            await HelmAsync("upgrade", Chart.Operator, "--set", "bundled.tag=next");
            replicas = await RunAllAsync(replicas);
            await Eventually.True(async () =>
                ((string)(await Kubectl.GetJsonAsync("deployment/front-gateway"))["spec"]!["template"]!["spec"]!["containers"]![0]!["image"]!).EndsWith(":next", StringComparison.Ordinal));
            await Kubectl.RunAsync(["rollout", "status", "deployment/front-gateway", "--timeout", "120s"], timeout: TimeSpan.FromSeconds(130));
            await AllReadyAsync(Count + 1);
            await traffic.AnsweredAsync(100);
            var after = await Eventually.That(PodsOfAppsAsync, pods => pods.Count == before.Count); // the old gateways take leave of their clients first
            Assert.DoesNotContain(after.Keys, name => IsGateway(name) && before.ContainsKey(name));
            Assert.Equal(before.Where(p => !IsGateway(p.Key)), after.Where(p => !IsGateway(p.Key)));

            await traffic.DisposeAsync();
            Output.WriteLine($"{traffic.Answered} requests answered");
            Assert.Empty(traffic.Failures);
            await StopAsync(replicas);
        }
        finally
        {
            await InstallCrdAsync();
        }

        static bool IsGateway(string pod) => pod.StartsWith("front-gateway-", StringComparison.Ordinal);
    }

    private static string Front => $$"""
        apiVersion: fleet.microservices.dev/v1
        kind: MicroserviceApp
        metadata: { name: front }
        spec:
          services:
          - name: web
            port: 80
            targetPort: 8080
            protocol: HTTP
            image: "example/web:1"
            replicas: 2
            command: [{{OperatorProcess.DotNet}}, {{RunningNode.Workload}}, serve]
            route: { auth: None }
          gateway: { port: 80, replicas: 2 }
        """;

    // The scheduler would give the pods to the stand-in.
    private AdmissionAnswer ToLocalNode(AdmissionQuestion question) =>
        (string?)question.Object?["metadata"]?["labels"]?[Keys.App] != "front" || question.Operation != "CREATE"
            ? AdmissionAnswer.Allow
            : AdmissionAnswer.Change(new JsonArray(new JsonObject { ["op"] = "add", ["path"] = "/spec/nodeName", ["value"] = RunningNode.NameIn(Namespace) }));

    // Every pod of an app, with how often its container was restarted.
    private async Task<SortedDictionary<string, int>> PodsOfAppsAsync()
    {
        var pods = (await Kubectl.GetJsonAsync("pods", "--selector", Keys.App))["items"]!.AsArray();
        return new(pods.ToDictionary(p => $"{p!["metadata"]!["name"]} {p["metadata"]!["uid"]}", p => (int)p!["status"]!["containerStatuses"]![0]!["restartCount"]!), StringComparer.Ordinal);
    }

    // People at work: some on a connection that they keep, one on a new connection for each request. Disposing ends it.
    private sealed class Traffic : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly ConcurrentQueue<string> _failures = new();
        private readonly Uri _place;
        private readonly Task _work;
        private int _answered;

        public Traffic(Uri place)
        {
            _place = place;
            _work = Task.WhenAll(Enumerable.Range(0, Clients).Select(i => Task.Run(() => AskAsync(keeps: i > 0))));
        }

        public int Answered => Volatile.Read(ref _answered);

        public IEnumerable<string> Failures => _failures;

        // So many more.
        public Task AnsweredAsync(int more)
        {
            var wanted = Answered + more;
            return Eventually.True(() => Answered >= wanted, seen: () => string.Join('\n', _failures.Take(5)));
        }

        public async ValueTask DisposeAsync()
        {
            if (_stop.IsCancellationRequested)
                return;
            await _stop.CancelAsync();
            await _work;
            _stop.Dispose();
        }

        private async Task AskAsync(bool keeps)
        {
            using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(20) };
            http.DefaultRequestHeaders.ConnectionClose = !keeps;
            while (!_stop.IsCancellationRequested)
            {
                try
                {
                    using var answer = await http.GetAsync(_place);
                    var text = await answer.Content.ReadAsStringAsync();
                    if (answer.IsSuccessStatusCode && text.StartsWith("front-web-", StringComparison.Ordinal))
                        Interlocked.Increment(ref _answered);
                    else
                        _failures.Enqueue($"{DateTimeOffset.UtcNow:O} {answer.StatusCode} {text}");
                }
                catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
                {
                    _failures.Enqueue($"{DateTimeOffset.UtcNow:O} {e}");
                }

                await Task.Delay(TimeSpan.FromMilliseconds(20)); // the machine's two cores have other work as well
            }
        }
    }
}
