using Fleet.Apps;
using Fleet.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Fleet.SystemTests;

/// <summary>Kubernetes' own autoscaler on an app, by metrics that the test serves.</summary>
[Trait("Needs", "RealControlPlane")]
[Trait("Needs", "CurrentKubernetes")]
public class AutoscalerTests(ITestOutputHelper output) : AppTest(output)
{
    private const string Web = """
        apiVersion: fleet.microservices.dev/v1
        kind: MicroserviceApp
        metadata: { name: shop }
        spec:
          services:
          - { name: web, port: 80, protocol: HTTP, image: "example/web:1", resources: { requests: { cpu: 100m } }, autoscaling: { minReplicas: 2, maxReplicas: 5, cpuUtilization: 50 } }
        """;

    [Fact]
    public async Task It_sets_the_number_of_pods_and_the_operator_writes_nothing_but_what_it_sees()
    {
        await using var metrics = await PodMetricsServer.StartAsync(Cluster, Namespace);
        metrics.MilliCpu = 50;
        await StartOperatorAsync();
        Assert.Equal(2, Row(await ReadyShopAsync(Web), "web").Replicas.Desired);

        // Twice what it shall be is twice the pods.
        var start = await Cluster.AuditLog.NowAsync();
        metrics.MilliCpu = 100;
        var app = await AppWhere(s => s.Services[0] is { State: ServicePhase.Active, Replicas: { Desired: 4 or 5, Ready: 4 or 5 } }, timeout: TimeSpan.FromMinutes(2));
        Assert.Null(app.Status!.Drift);
        Assert.All(await WritesSinceAsync(start), w => Assert.Equal("status", w.ObjectRef!.Subresource));
        var scaler = (await Cluster.AuditLog.SinceAsync(start)).First(e => e.ObjectRef is { Resource: "deployments", Subresource: "scale" } && e.ObjectRef.Namespace == Namespace && e.IsRealWrite);
        Assert.EndsWith("horizontal-pod-autoscaler", scaler.User.Username, StringComparison.Ordinal);
    }
}
