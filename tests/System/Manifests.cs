using System.Text.Json.Nodes;
using Fleet.Kubernetes;
using Fleet.Testing;

namespace Fleet.SystemTests;

/// <summary>Objects that several tests apply.</summary>
internal static class Manifests
{
    /// <summary>A Deployment with one container.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="replicas">How many pods.</param>
    /// <param name="image">Their image.</param>
    /// <param name="state">How they fare on the stand-in node (see <see cref="PodBehaviour"/>); null leaves it to the test's rules.</param>
    /// <param name="nodeSelector">The name of the one node they may run on.</param>
    public static string Deployment(string name, int replicas = 1, string image = "example/web:1", string? state = null, string? nodeSelector = null)
    {
        var pod = new JsonObject { ["containers"] = new JsonArray(new JsonObject { ["name"] = "web", ["image"] = image }) };
        if (nodeSelector is not null)
            pod["nodeSelector"] = new JsonObject { ["kubernetes.io/hostname"] = nodeSelector };
        var metadata = new JsonObject { ["labels"] = new JsonObject { ["app"] = name } };
        if (state is not null)
            metadata["annotations"] = new JsonObject { [PodBehaviour.Annotation] = state };
        return Yaml.Write(new JsonObject
        {
            ["apiVersion"] = "apps/v1",
            ["kind"] = "Deployment",
            ["metadata"] = new JsonObject { ["name"] = name },
            ["spec"] = new JsonObject
            {
                ["replicas"] = replicas,
                ["selector"] = new JsonObject { ["matchLabels"] = new JsonObject { ["app"] = name } },
                ["template"] = new JsonObject
                {
                    ["metadata"] = metadata,
                    ["spec"] = pod,
                },
            },
        });
    }
}
