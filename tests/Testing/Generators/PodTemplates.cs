using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Testing;

/// <summary>Overlays that a pod takes, laid over that of a service.</summary>
internal static class PodTemplates
{
    private static readonly string[] Overlays =
    [
        "{}",
        "spec: {}",
        "metadata: { labels: { tier: front, team: null }, annotations: { a.example/b: c } }",
        "spec: { terminationGracePeriodSeconds: 5, nodeSelector: { disk: ssd }, priority: null, hostNetwork: false }",
        "spec: { tolerations: [{ key: a, operator: Exists, effect: NoSchedule }], hostAliases: [{ ip: 127.0.0.1, hostnames: [a.local] }] }",
        "spec: { securityContext: { runAsUser: 1000, fsGroup: 1000, runAsNonRoot: null } }",
        "spec: { securityContext: { $patch: replace, runAsNonRoot: false } }",
        "spec: { affinity: null, topologySpreadConstraints: [{ $patch: replace }, { maxSkew: 2, topologyKey: zone, whenUnsatisfiable: DoNotSchedule, labelSelector: { matchLabels: { a: b } } }] }",
        "spec: { affinity: { $patch: delete } }",
        "spec: { containers: [{ name: MAIN, tty: true, workingDir: /srv }, { name: side, image: 'side:1', env: [{ name: A, value: b }] }] }",
        "spec: { initContainers: [{ name: first, image: 'first:1', command: [sh, -c, 'true'] }] }",
        "spec: { containers: [{ name: MAIN, readinessProbe: { exec: { command: [ok] } }, livenessProbe: { httpGet: { port: main, path: /live } }, lifecycle: null }] }",
        "spec: { containers: [{ name: MAIN, readinessProbe: null, startupProbe: { $patch: delete }, resources: { requests: { cpu: 0 } } }] }",
        "spec: { volumes: [{ name: extra, projected: { sources: [{ secret: { name: s, items: [{ key: k, path: p }] } }] } }], containers: [{ name: MAIN, volumeMounts: [{ name: extra, mountPath: /extra }] }] }",
        "spec: { containers: [{ name: MAIN, env: [{ name: PORT, value: '1' }, { name: FLEET_APP, $patch: delete }], envFrom: [{ secretRef: { name: s, optional: true } }] }] }",
        "spec: { containers: [{ name: side, $patch: delete }, { name: MAIN, securityContext: { capabilities: { add: [NET_BIND_SERVICE] } } }] }",
        "spec: { shareProcessNamespace: true, enableServiceLinks: false, dnsPolicy: None, dnsConfig: { nameservers: [10.0.0.10], options: [{ name: ndots, value: '2' }] } }",
    ];

    /// <summary>One of them.</summary>
    /// <param name="dice">Which.</param>
    /// <param name="service">The name of the main container.</param>
    internal static JsonNode Draw(Dice dice, string service) => Yaml.ParseOne(dice.One(Overlays).Replace("MAIN", $"'{service}'", StringComparison.Ordinal));
}
