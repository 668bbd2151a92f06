using Fleet.Apps;
using Fleet.Kubernetes;
using Xunit;

namespace Fleet.Unit.Planning;

/// <summary>A row is a template, what is laid over it, and what comes out; in YAML.</summary>
public class StrategicMergeTests
{
    [Theory]
    // objects merge, values are replaced
    [InlineData("{ a: 1, b: { c: 2 } }", "{ b: { d: 3 } }", "{ a: 1, b: { c: 2, d: 3 } }")]
    [InlineData("{ a: 1 }", "{ a: x }", "{ a: x }")]
    [InlineData("{ a: { b: 1 } }", "{ a: 7 }", "{ a: 7 }")]
    [InlineData("{ a: 7 }", "{ a: { b: 1 } }", "{ a: { b: 1 } }")]
    [InlineData("{ a: 1 }", "{}", "{ a: 1 }")]
    // null removes
    [InlineData("{ a: 1, b: 2 }", "{ a: null }", "{ b: 2 }")]
    [InlineData("{ b: 2 }", "{ a: null }", "{ b: 2 }")]
    [InlineData("{ a: { b: 1, c: 2 } }", "{ a: { b: null } }", "{ a: { c: 2 } }")]
    [InlineData("{}", "{ a: { b: null, c: 1 } }", "{ a: { c: 1 } }")]
    // lists with a merge key
    [InlineData("{ containers: [{ name: a, image: x }] }", "{ containers: [{ name: a, tty: true }] }", "{ containers: [{ name: a, image: x, tty: true }] }")]
    [InlineData("{ containers: [{ name: a }] }", "{ containers: [{ name: b }, { name: c }] }", "{ containers: [{ name: a }, { name: b }, { name: c }] }")]
    [InlineData("{ containers: [{ name: a }, { name: b }] }", "{ containers: [{ name: b, x: 1 }, { name: a, x: 2 }] }", "{ containers: [{ name: a, x: 2 }, { name: b, x: 1 }] }")]
    [InlineData("{ containers: [{ name: a }] }", "{ containers: [] }", "{ containers: [{ name: a }] }")]
    [InlineData("{ env: [{ name: A, value: x }] }", "{ env: [{ name: A, value: null, valueFrom: { fieldRef: { fieldPath: p } } }] }", "{ env: [{ name: A, valueFrom: { fieldRef: { fieldPath: p } } }] }")]
    [InlineData("{ ports: [{ containerPort: 80, name: main }] }", "{ ports: [{ containerPort: 80, hostPort: 8080 }] }", "{ ports: [{ containerPort: 80, name: main, hostPort: 8080 }] }")]
    [InlineData("{ volumeMounts: [{ mountPath: /data, name: v }] }", "{ volumeMounts: [{ mountPath: /data, name: w }] }", "{ volumeMounts: [{ mountPath: /data, name: w }] }")]
    [InlineData("{}", "{ initContainers: [{ name: i }] }", "{ initContainers: [{ name: i }] }")]
    // lists without one are replaced
    [InlineData("{ args: [a, b] }", "{ args: [c] }", "{ args: [c] }")]
    [InlineData("{ args: [a] }", "{ args: [] }", "{ args: [] }")]
    [InlineData("{ tolerations: [{ key: a }] }", "{ tolerations: [{ key: b }] }", "{ tolerations: [{ key: b }] }")]
    // of several handlers the later one counts
    [InlineData("{ preStop: { sleep: { seconds: 5 } } }", "{ preStop: { exec: { command: [a] } } }", "{ preStop: { exec: { command: [a] } } }")]
    [InlineData("{ livenessProbe: { httpGet: { port: 1, path: / }, periodSeconds: 2 } }", "{ livenessProbe: { tcpSocket: { port: 2 } } }", "{ livenessProbe: { periodSeconds: 2, tcpSocket: { port: 2 } } }")]
    [InlineData("{ livenessProbe: { httpGet: { port: 1, path: / } } }", "{ livenessProbe: { httpGet: { port: 2 }, periodSeconds: 3 } }", "{ livenessProbe: { httpGet: { port: 2, path: / }, periodSeconds: 3 } }")]
    [InlineData("{ livenessProbe: { httpGet: { port: 1 } } }", "{ livenessProbe: { exec: null, periodSeconds: 3 } }", "{ livenessProbe: { httpGet: { port: 1 }, periodSeconds: 3 } }")]
    // directives
    [InlineData("{ containers: [{ name: a }, { name: b }] }", "{ containers: [{ name: a, $patch: delete }] }", "{ containers: [{ name: b }] }")]
    [InlineData("{ containers: [{ name: a }] }", "{ containers: [{ name: z, $patch: delete }] }", "{ containers: [{ name: a }] }")]
    [InlineData("{ volumes: [{ name: a }, { name: b }] }", "{ volumes: [{ $patch: replace }, { name: c }] }", "{ volumes: [{ name: c }] }")]
    [InlineData("{ volumes: [{ name: a, emptyDir: {} }] }", "{ volumes: [{ name: a, $patch: replace, secret: { secretName: s } }] }", "{ volumes: [{ name: a, secret: { secretName: s } }] }")]
    [InlineData("{ a: { b: 1 } }", "{ a: { $patch: replace, c: 2 } }", "{ a: { c: 2 } }")]
    [InlineData("{ a: { b: 1 }, c: 2 }", "{ a: { $patch: delete } }", "{ c: 2 }")]
    [InlineData("{ a: { b: 1 } }", "{ a: { $patch: merge, c: 2 } }", "{ a: { b: 1, c: 2 } }")]
    [InlineData("{ a: { b: 1 } }", "{ $setElementOrder/containers: [{ name: a }], a: { b: 2 } }", "{ a: { b: 2 } }")]
    public void A_patch_is_laid_over_a_template(string template, string patch, string merged)
    {
        var (original, overlay) = (Yaml.ParseOne(template).AsObject(), Yaml.ParseOne(patch).AsObject());
        Assert.Equal(Yaml.Write(Yaml.ParseOne(merged)), Yaml.Write(StrategicMerge.Apply(original, overlay)));
        Assert.Equal((Yaml.Write(Yaml.ParseOne(template)), Yaml.Write(Yaml.ParseOne(patch))), (Yaml.Write(original), Yaml.Write(overlay))); // neither was changed
    }
}
