using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Testing;

namespace Fleet.ServiceTests;

/// <summary>
/// The documented table as four processes on this machine: what the operator's planner says the pods are given, with each Service's host name replaced by a loopback
/// address of its own. So both halves are held to the contract: the operator that writes environment and routes, and the programs that read them.
/// </summary>
public sealed class Shop : IAsyncDisposable
{
    private static readonly OperatorSettings Settings = new(OperatorSettings.DefaultRegistry, "test");
    private static readonly string[] Order = ["auth", "users", "orders", "gateway"];

    private readonly string _directory = Directory.CreateTempSubdirectory("fleet-shop-").FullName;
    private readonly Dictionary<string, ServiceProgram> _programs = new(StringComparer.Ordinal);
    private readonly string _network = $"127.{Random.Shared.Next(16, 250)}.{Random.Shared.Next(0, 250)}";

    private Shop()
    {
    }

    /// <summary>The gateway's address, where everything is reached.</summary>
    public Uri Gateway => new($"http://{Address("gateway")}:{EffectiveGateway.ContainerPort}/");

    /// <summary>The file that the gateway reads its routes from.</summary>
    public string RoutesFile => Path.Combine(_directory, RoutesConfig.FileName);

    /// <summary>One of the programs.</summary>
    public ServiceProgram this[string name] => _programs[name];

    /// <summary>Starts all four, as the operator would: who depends on others after them.</summary>
    /// <param name="change">Changes the manifest before it is planned.</param>
    /// <param name="environment">More variables by service, as a manifest's <c>env</c> would set them; the connection strings for instance.</param>
    public static async Task<Shop> StartAsync(Action<JsonNode>? change = null, Func<string, IEnumerable<(string Name, string Value)>>? environment = null)
    {
        var shop = new Shop();
        try
        {
            await shop.StartProgramsAsync(change, environment);
            return shop;
        }
        catch
        {
            await shop.DisposeAsync();
            throw;
        }
    }

    /// <summary>The loopback address that stands for a Service.</summary>
    public string Address(string service) => $"{_network}.{Array.IndexOf(Order, service) + 1}";

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var program in _programs.Values)
            await program.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private async Task StartProgramsAsync(Action<JsonNode>? change, Func<string, IEnumerable<(string Name, string Value)>>? environment)
    {
        var document = Yaml.ParseOne(await File.ReadAllTextAsync(RepositoryRoot.Combine("crds", "examples", "shop.yaml")));
        change?.Invoke(document);
        var plan = Planner.Plan(document.Deserialize(AppsJson.Default.MicroserviceApp)!, Observed.Nothing, Settings);
        if (!plan.Problems.IsEmpty)
            throw new InvalidOperationException(string.Join('\n', plan.Problems));
        await File.WriteAllTextAsync(RoutesFile, OnThisMachine(RoutesConfig.Render(plan.Effective!)));
        foreach (var service in Order)
        {
            var container = plan.Desired.Single(d => d.Service == service && d.Object.Resource.Kind == "Deployment").Object.ToJsonObject()["spec"]!["template"]!["spec"]!["containers"]![0]!;
            var variables = container["env"]!.AsArray().ToDictionary(v => (string)v!["name"]!, v => (string?)OnThisMachine((string)v!["value"]!), StringComparer.Ordinal);
            var data = Directory.CreateDirectory(Path.Combine(_directory, service)).FullName;
            (variables["LISTEN_ADDRESS"], variables["DATA_DIR"]) = (Address(service), data);
            if (service == "gateway")
            {
                variables["ROUTES_FILE"] = RoutesFile;
                variables.Remove("ROUTES_CONFIGMAP"); // there is no API server
            }

            foreach (var (name, value) in environment?.Invoke(service) ?? [])
                variables[name] = value;
            _programs[service] = new(service, variables);
            await _programs[service].StartAsync();
        }
    }

    private string OnThisMachine(string text) => Order.Aggregate(text, (t, service) => t.Replace(Names.Host("shop", service, "default"), Address(service), StringComparison.Ordinal));
}
