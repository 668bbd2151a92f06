using System.Text.Json;
using Fleet.Apps;
using Fleet.Cli;
using Fleet.Kubernetes;

namespace Fleet.Unit.Cli;

/// <summary>Apps as the command line program meets them.</summary>
internal static class Examples
{
    internal static readonly OperatorSettings Settings = new("registry.example.com/fleet", "1.2.3");

    /// <summary>The documented table.</summary>
    internal const string Shop = """
        apiVersion: fleet.microservices.dev/v1
        kind: MicroserviceApp
        metadata: { name: shop }
        spec:
          services:
          - { name: auth, port: 8001, protocol: HTTP/REST }
          - { name: users, port: 8002, protocol: HTTP/REST }
          - { name: orders, port: 8003, protocol: gRPC }
          gateway: { port: 80 }
        """;

    /// <summary>An app with a status, as the API server would send it.</summary>
    internal static MicroserviceApp WithStatus(string status, long generation = 7)
    {
        var document = Yaml.ParseOne(Shop);
        document["metadata"]!["namespace"] = "demo";
        document["metadata"]!["generation"] = generation;
        document["status"] = Yaml.ParseOne(status);
        return document.Deserialize(AppsJson.Default.MicroserviceApp)!;
    }

    /// <summary>A page as it looks where there are no colours.</summary>
    internal static string Plain(IEnumerable<Line> page) => string.Concat(page.Select(line => $"{line}\n"));
}
