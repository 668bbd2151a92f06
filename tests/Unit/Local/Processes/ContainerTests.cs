using System.Text.Json;
using Fleet.Local.Processes;
using Xunit;

namespace Fleet.Unit.Local.Processes;

public class ContainerTests
{
    private static readonly Dictionary<ConfigSource, Dictionary<string, byte[]>> Objects = new()
    {
        [new(false, "map")] = new() { ["a"] = "1"u8.ToArray(), ["b"] = "2"u8.ToArray(), ["x=y"] = "3"u8.ToArray() },
        [new(true, "secret")] = new() { ["password"] = "hush"u8.ToArray() },
    };

    [Theory]
    [InlineData("$(A)-$(B)", "1-2")]
    [InlineData("$(NONE) $A $", "$(NONE) $A $")]
    [InlineData("$$(A) $$$(A)", "$(A) $1")]
    [InlineData("$(A", "$(A")]
    public void Variables_are_expanded_as_Kubernetes_does(string text, string expected) =>
        Assert.Equal(expected, Expansion.Expand(text, new Dictionary<string, string> { ["A"] = "1", ["B"] = "2" }));

    [Theory]
    [InlineData("a  b\tc", "a|b|c")]
    [InlineData("sh -c 'echo \"$X\" | wc'", "sh|-c|echo \"$X\" | wc")]
    [InlineData("a \"b \\\" c\" d\\ e ''", "a|b \" c|d e|")]
    [InlineData("", "")]
    public void A_line_is_split_into_words_as_by_a_shell(string line, string expected) => Assert.Equal(expected, string.Join('|', ShellWords.Split(line)!));

    [Fact]
    public void A_quote_without_end_is_no_line() => Assert.Null(ShellWords.Split("sh -c 'echo"));

    [Fact]
    public void The_environment_is_made_in_the_order_and_with_the_precedence_of_a_kubelet()
    {
        var pod = Pod(
            """
            { "name": "main",
              "envFrom": [ { "prefix": "P_", "configMapRef": { "name": "map" } }, { "secretRef": { "name": "none", "optional": true } } ],
              "env": [ { "name": "P_a", "value": "over" }, { "name": "REF", "value": "$(P_a)$(P_b)$(LATER)" }, { "name": "LATER", "value": "x" },
                       { "name": "PASSWORD", "valueFrom": { "secretKeyRef": { "name": "secret", "key": "password" } } },
                       { "name": "MAYBE", "valueFrom": { "configMapKeyRef": { "name": "map", "key": "none", "optional": true } } },
                       { "name": "WHERE", "valueFrom": { "fieldRef": { "fieldPath": "metadata.labels['app']" } } },
                       { "name": "IP", "valueFrom": { "fieldRef": { "fieldPath": "status.podIP" } } },
                       { "name": "MIB", "valueFrom": { "resourceFieldRef": { "resource": "limits.memory", "divisor": "1Mi" } } } ],
              "resources": { "limits": { "memory": "200M" } } }
            """);
        var environment = ContainerEnvironment.Resolve(pod.Spec.Containers[0], Facts(pod), Find);
        Assert.Equal(
            ["IP=127.9.128.1", "LATER=x", "MIB=191", "PASSWORD=hush", "P_a=over", "P_b=2", "REF=over2$(LATER)", "WHERE=shop"],
            environment.Select(e => $"{e.Key}={e.Value}").Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("""{ "envFrom": [ { "configMapRef": { "name": "none" } } ] }""", "configmap \"none\" not found")]
    [InlineData("""{ "env": [ { "name": "A", "valueFrom": { "secretKeyRef": { "name": "none", "key": "k" } } } ] }""", "secret \"none\" not found")]
    [InlineData("""{ "env": [ { "name": "A", "valueFrom": { "secretKeyRef": { "name": "secret", "key": "k" } } } ] }""", "couldn't find key k in Secret demo/secret")]
    [InlineData("""{ "env": [ { "name": "A", "valueFrom": { "configMapKeyRef": { "name": "map", "key": "k" } } } ] }""", "couldn't find key k in ConfigMap demo/map")]
    public void What_is_missing_is_said_in_the_words_of_a_kubelet(string container, string message)
    {
        var pod = Pod(container);
        Assert.Equal(message, Assert.Throws<ConfigErrorException>(() => ContainerEnvironment.Resolve(pod.Spec.Containers[0], Facts(pod), Find)).Message);
    }

    [Theory]
    [InlineData("registry/fleet-auth:1", "{}", "", "auth:")]
    [InlineData("fleet-gateway@sha256:aa", """{ "args": ["x"] }""", "", "gateway:x")]
    [InlineData("registry/my-fleet-auth:1", "{}", "", "NoLocalProgram")]
    [InlineData("registry/fleet-auth-proxy:1", "{}", "", "NoLocalProgram")]
    [InlineData("any:1", """{ "command": ["a"], "args": ["b"] }""", "", "a b")]
    [InlineData("any:1", """{ "command": ["a"], "args": ["b"] }""", "x 'y z'", "x y z b")]
    [InlineData("any:1", "{}", "x 'y", "InvalidCommand")]
    public void A_command_is_the_annotations_the_containers_or_the_images(string image, string container, string annotation, string expected)
    {
        var pod = Pod(container, image, annotation.Length > 0 ? new() { [ContainerCommand.Annotation] = annotation } : []);
        var command = ContainerCommand.For(pod, pod.Spec.Containers[0], new BuiltPrograms());
        Assert.Equal(expected, command switch
        {
            ContainerCommand.Run run => string.Join(' ', run.Words),
            ContainerCommand.RunProgram program => $"{program.Program.Name}:{string.Join(' ', program.Args)}",
            ContainerCommand.None none => none.Reason,
            _ => "",
        });
    }

    [Fact]
    public void Restarts_wait_as_a_kubelet_has_them_wait()
    {
        var backOff = new RestartBackOff();
        Assert.Equal([0, 10, 20, 40, 80, 160, 300, 300], Enumerable.Range(0, 8).Select(_ => (int)backOff.After(TimeSpan.FromSeconds(1)).TotalSeconds));
        Assert.Equal(TimeSpan.Zero, backOff.After(TimeSpan.FromMinutes(10)));
        Assert.Equal(TimeSpan.FromSeconds(10), backOff.After(TimeSpan.FromSeconds(1)));
    }

    internal static LocalPod Pod(string container, string image = "any:1", Dictionary<string, string>? annotations = null)
    {
        var parsed = JsonSerializer.Deserialize($$"""{ "spec": { "containers": [ {{container}} ] } }""", NodeJson.Default.LocalPod)!;
        return parsed with
        {
            Metadata = new() { Name = "pod", Namespace = "demo", Uid = "uid", Labels = new Dictionary<string, string> { ["app"] = "shop" }, Annotations = annotations },
            Spec = parsed.Spec with { Containers = [parsed.Spec.Containers[0] with { Image = image, Name = "main" }] },
        };
    }

    internal static PodFacts Facts(LocalPod pod) => new(pod, "127.9.128.1", "local", "127.9.255.254");

    internal static IReadOnlyDictionary<string, byte[]>? Find(ConfigSource source) => Objects.GetValueOrDefault(source);

    /// <summary>The bundled images, built in a folder of the tests' own.</summary>
    private sealed class BuiltPrograms : IPrograms
    {
        public LocalProgram? Find(string image) =>
            new CheckoutPrograms("/checkout").Find(image) is { } found ? found with { Folder = AppContext.BaseDirectory, Assembly = "Fleet.Unit.dll" } : null;
    }
}
