using System.Text.Json;
using System.Text.Json.Nodes;

namespace Fleet.Testing;

/// <summary>The real kubectl: a current one where it could be had, else the one of the cluster's version.</summary>
public sealed class Kubectl
{
    private readonly string[] _common;

    /// <summary>kubectl with a kubeconfig.</summary>
    /// <param name="kubeconfig">Its path.</param>
    /// <param name="cache">Where it keeps what it learns of the server.</param>
    /// <param name="ns">The namespace it works in when a command names none.</param>
    public Kubectl(string kubeconfig, string cache, string? ns)
    {
        Kubeconfig = kubeconfig;
        // What it remembers of a server is kept by address, and a test's address may have been another server's yesterday.
        _common = ["--kubeconfig", kubeconfig, "--cache-dir", cache, .. ns is null ? Array.Empty<string>() : ["--namespace", ns]];
    }

    /// <summary>The program itself, for tests that call it in another way.</summary>
    public static string Program => ClusterTools.Kubectl;

    /// <summary>Whose permissions it has.</summary>
    public string Kubeconfig { get; }

    /// <summary>Runs it and returns how it ended.</summary>
    /// <param name="arguments">One by one, the command first.</param>
    /// <param name="input">Its standard input.</param>
    /// <param name="timeout">After which it is killed; two minutes when null.</param>
    /// <param name="environment">Variables it reads, KUBE_EDITOR for instance.</param>
    /// <param name="stop">Kills it.</param>
    public Task<CommandResult> TryAsync(
        IEnumerable<string> arguments, string? input = null, TimeSpan? timeout = null, IReadOnlyDictionary<string, string?>? environment = null, CancellationToken stop = default) =>
        Command.RunAsync(ClusterTools.Kubectl, [.. _common, .. arguments], input, environment, timeout, stop);

    /// <summary>Starts it and does not wait for its end, which comes with the disposing at the latest.</summary>
    /// <param name="arguments">One by one, the command first.</param>
    /// <param name="onLine">Gets every line it writes.</param>
    public ServerProcess Start(IEnumerable<string> arguments, Action<string> onLine) =>
        ServerProcess.Start(ClusterTools.Kubectl, [.. _common, .. arguments], new Dictionary<string, string?>(), onLine);

    /// <summary>Runs it and returns what it wrote.</summary>
    /// <param name="arguments">One by one, the command first.</param>
    /// <param name="input">Its standard input.</param>
    /// <param name="timeout">After which it is killed; two minutes when null.</param>
    /// <param name="stop">Kills it.</param>
    /// <exception cref="CommandFailedException">It failed; the message has what it wrote.</exception>
    public async Task<string> RunAsync(IEnumerable<string> arguments, string? input = null, TimeSpan? timeout = null, CancellationToken stop = default) =>
        (await TryAsync(arguments, input, timeout, stop: stop)).Succeeded().Out;

    /// <summary>Runs it with arguments that hold no spaces, written as at a prompt.</summary>
    /// <exception cref="CommandFailedException">It failed; the message has what it wrote.</exception>
    public Task<string> RunAsync(string line) => RunAsync(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    /// <summary><c>kubectl apply -f -</c>.</summary>
    /// <param name="yaml">One or more documents.</param>
    /// <param name="validate">False for a CRD with rules on a server that does not know them: they are dropped.</param>
    /// <exception cref="CommandFailedException">It failed; the message has what it wrote.</exception>
    public Task<string> ApplyAsync(string yaml, bool validate = true) =>
        RunAsync(["apply", "--filename", "-", .. validate ? Array.Empty<string>() : ["--validate=false"]], yaml);

    /// <summary><c>kubectl get ... -o json</c>.</summary>
    /// <exception cref="CommandFailedException">It failed, for one because there is no such object.</exception>
    public async Task<JsonNode> GetJsonAsync(params string[] what)
    {
        var text = await RunAsync(["get", .. what, "--output", "json"]);
        return JsonNode.Parse(text) ?? throw new JsonException("null in place of an object");
    }
}
