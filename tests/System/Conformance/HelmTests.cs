using Fleet.Testing;
using Xunit;

namespace Fleet.SystemTests.Conformance;

/// <summary>What helm does with a chart that has a bit of everything.</summary>
public sealed class HelmTests : ConformanceTest
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fleet-chart-");

    /// <inheritdoc/>
    public override async Task DisposeAsync()
    {
        _folder.Delete(recursive: true);
        await base.DisposeAsync();
    }

    [Fact]
    public async Task A_chart_is_installed_upgraded_rolled_back_and_uninstalled()
    {
        if (!Helm.IsThere)
            return;
        var helm = new Helm(Cluster.AdminKubeconfig, Namespace);
        var chart = Chart();
        Assert.Contains("STATUS: deployed", await helm.RunAsync(_folder.FullName, "install", "rel", chart, "--wait", "--timeout", "90s"), StringComparison.Ordinal);
        Assert.Equal("red", (await Kubectl.GetJsonAsync("cm/rel-settings")).Text("data.color"));
        Assert.Equal("Opaque", (await Kubectl.GetJsonAsync("secret/rel-secret")).Text("type"));
        Assert.Equal("Helm", (await Kubectl.GetJsonAsync("deploy/rel-web"))["metadata"]!["labels"]!["app.kubernetes.io/managed-by"]!.ToString());
        Assert.NotNull((await Kubectl.GetJsonAsync("svc/rel-web")).Text("spec.clusterIP"));

        await helm.RunAsync(_folder.FullName, "upgrade", "rel", chart, "--set", "color=blue,second=false", "--wait", "--timeout", "90s");
        Assert.Equal("blue", (await Kubectl.GetJsonAsync("cm/rel-settings")).Text("data.color"));
        Assert.NotEqual(0, (await Kubectl.TryAsync(["get", "cm/rel-second"])).ExitCode);

        await helm.RunAsync(_folder.FullName, "rollback", "rel", "1", "--wait", "--timeout", "90s");
        Assert.Equal("red", (await Kubectl.GetJsonAsync("cm/rel-settings")).Text("data.color"));
        await Kubectl.RunAsync("get cm/rel-second");
        Assert.Contains("3", await helm.RunAsync(_folder.FullName, "history", "rel"), StringComparison.Ordinal);

        await helm.RunAsync(_folder.FullName, "uninstall", "rel", "--wait", "--timeout", "90s");
        Assert.DoesNotContain("rel", await helm.RunAsync(_folder.FullName, "list", "-q"), StringComparison.Ordinal);
        foreach (var gone in (string[])["cm/rel-settings", "secret/rel-secret", "svc/rel-web", "deploy/rel-web"])
            Assert.NotEqual(0, (await Kubectl.TryAsync(["get", gone])).ExitCode);
    }

    private string Chart()
    {
        var chart = _folder.CreateSubdirectory("chart");
        var templates = chart.CreateSubdirectory("templates");
        File.WriteAllText(Path.Combine(chart.FullName, "Chart.yaml"), "apiVersion: v2\nname: chart\nversion: 1.0.0\n");
        File.WriteAllText(Path.Combine(chart.FullName, "values.yaml"), "color: red\nsecond: true\n");
        File.WriteAllText(Path.Combine(templates.FullName, "all.yaml"), """
            apiVersion: v1
            kind: ConfigMap
            metadata: { name: "{{ .Release.Name }}-settings" }
            data: { color: "{{ .Values.color }}" }
            ---
            {{ if .Values.second }}
            apiVersion: v1
            kind: ConfigMap
            metadata: { name: "{{ .Release.Name }}-second" }
            {{ end }}
            ---
            apiVersion: v1
            kind: Secret
            metadata: { name: "{{ .Release.Name }}-secret" }
            stringData: { password: "{{ .Values.color }}-secret" }
            ---
            apiVersion: v1
            kind: Service
            metadata: { name: "{{ .Release.Name }}-web" }
            spec: { selector: { app: web }, ports: [{ port: 80, protocol: TCP }] }
            ---
            apiVersion: apps/v1
            kind: Deployment
            metadata: { name: "{{ .Release.Name }}-web", labels: { color: "{{ .Values.color }}" } }
            spec:
              replicas: 0
              selector: { matchLabels: { app: web } }
              template:
                metadata: { labels: { app: web } }
                spec: { containers: [{ name: web, image: "example/web:1", env: [{ name: COLOR, value: "{{ .Values.color }}" }] }] }
            """);
        return chart.FullName;
    }
}
