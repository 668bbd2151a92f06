using System.Globalization;
using System.Text.Json.Nodes;
using Fleet.Kubernetes;
using Fleet.Local.Controllers;

namespace Fleet.Unit.Local.Controllers;

/// <summary>Deployments, ReplicaSets and pods as a server would have them.</summary>
internal static class Workloads
{
    public static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    public static DeploymentState Deployment(int replicas, string spec = "{}", string status = "{}", string image = "web:1", string annotations = "{}", string? deleted = null)
    {
        var json = Yaml.ParseOne($$"""
            metadata: { name: web, namespace: demo, uid: u-web, generation: 3, annotations: {{annotations}} }
            spec:
              replicas: {{replicas}}
              selector: { matchLabels: { app: web } }
              progressDeadlineSeconds: 600
              strategy: { type: RollingUpdate, rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } }
              template: { metadata: { labels: { app: web } }, spec: { containers: [{ name: web, image: '{{image}}' }] } }
            status: {{status}}
            """).AsObject();
        foreach (var (field, value) in Yaml.ParseOne(spec).AsObject())
            json["spec"]![field] = value?.DeepClone();
        if (deleted is not null)
            json["metadata"]!["deletionTimestamp"] = deleted;
        return new(KubeObject.From(Resources.Deployments, json));
    }

    /// <param name="name">Its name.</param>
    /// <param name="replicas">How many pods it is to have.</param>
    /// <param name="available">How many are ready; as many as wanted when left out.</param>
    /// <param name="image">Of its template.</param>
    /// <param name="age">How many minutes old it is.</param>
    /// <param name="pods">How many it has; as many as wanted when left out.</param>
    /// <param name="annotations">Its notes.</param>
    /// <param name="conditions">Of its status.</param>
    public static ReplicaSetState Set(
        string name, int replicas, int? available = null, string image = "web:1", int age = 10, int? pods = null, string annotations = "{}", string conditions = "[]")
    {
        var created = Now.AddMinutes(-age).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        return new(KubeObject.From(Resources.ReplicaSets, Yaml.ParseOne($$"""
            metadata:
              name: {{name}}
              namespace: demo
              uid: u-{{name}}
              generation: 1
              resourceVersion: '7'
              creationTimestamp: '{{created}}'
              annotations: {{annotations}}
              ownerReferences: [{ apiVersion: apps/v1, kind: Deployment, name: web, uid: u-web, controller: true }]
            spec:
              replicas: {{replicas}}
              template: { metadata: { labels: { app: web, pod-template-hash: {{name}} } }, spec: { containers: [{ name: web, image: '{{image}}' }] } }
            status: { observedGeneration: 1, replicas: {{pods ?? replicas}}, readyReplicas: {{available ?? replicas}}, availableReplicas: {{available ?? replicas}}, conditions: {{conditions}} }
            """).AsObject()));
    }

    public static PodState Pod(string name, string phase = "Running", bool ready = true, string? node = "n1", string more = "{}", int readyFor = 60, string ip = "198.18.0.9")
    {
        var since = Now.AddSeconds(-readyFor).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        var json = Yaml.ParseOne($$"""
            metadata: { name: {{name}}, namespace: demo, uid: u-{{name}}, labels: { app: web }, creationTimestamp: '2026-01-02T03:00:00Z' }
            spec: { containers: [{ name: web, image: 'web:1', ports: [{ name: http, containerPort: 8080 }] }] }
            status: { phase: {{phase}}, podIP: {{ip}}, conditions: [{ type: Ready, status: '{{(ready ? "True" : "False")}}', lastTransitionTime: '{{since}}' }] }
            """).AsObject();
        if (node is not null)
            json["spec"]!["nodeName"] = node;
        foreach (var (field, value) in Yaml.ParseOne(more).AsObject())
            json["metadata"]![field] = value?.DeepClone();
        return new(KubeObject.From(Resources.Pods, json));
    }

    public static JsonNode? Condition(this JsonObject status, string type) => status["conditions"]?.AsArray().FirstOrDefault(c => (string?)c!["type"] == type);
}
