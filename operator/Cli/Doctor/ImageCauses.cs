using System.Collections.Immutable;
using Fleet.Apps;
using Fleet.Kubernetes;

namespace Fleet.Cli;

/// <summary>Why an image cannot be pulled.</summary>
internal static class ImageCauses
{
    private const string DockerHub = "docker.io";
    private static readonly string[] Refused = ["unauthorized", "denied", "authentication required", "no basic auth", "401", "403"];
    private static readonly string[] Absent = ["not found", "manifest unknown", "404"];
    private static readonly string[] Unreached = ["no such host", "connection refused", "i/o timeout", "deadline exceeded", "x509", "no route to host", "server misbehaving"];

    /// <summary>Tells refused credentials, a name that does not exist and a registry that is not reached apart, by the kubelet's words.</summary>
    internal static Finding Of(Facts facts, Finding general)
    {
        var (service, path) = (general.Subject, Facts.PathOf(general.Subject));
        var image = facts.Services.FirstOrDefault(s => s.Name == service)?.Image ?? "its image";
        var registry = RegistryOf(image);
        var pod = facts.PodsOf(service).FirstOrDefault(p => !PodState.Of(p).IsReady);
        ImmutableArray<string> secrets = pod is null ? [] : [.. pod.Json.Each("spec", "imagePullSecrets").Select(s => s.Text("name")).OfType<string>()];
        if (facts.Secrets is { } there && secrets.FirstOrDefault(s => !there.Contains(s)) is { } missing)
        {
            return general with
            {
                Next = ObjectCauses.PullSecret(facts, missing, registry), Because = [$"the image pull secret Secret/{missing} does not exist", .. general.Because],
            };
        }

        var words = $"{general.Cause} {string.Join(' ', general.Because)} {Waiting(pod)}";
        if (Says(words, Unreached))
            return general with { Next = $"let the nodes reach {registry}: the name, the firewall and the certificate; then the kubelet tries again by itself" };
        if (Says(words, Refused))
        {
            return general with
            {
                Next = secrets.IsEmpty
                    ? $"{ObjectCauses.PullSecret(facts, "registry", registry)}, then set spec.defaults.imagePullSecrets: [{{name: registry}}]"
                    : $"put credentials that may pull {image} into Secret/{secrets[0]}: {facts.Kubectl} delete secret {secrets[0]} && {ObjectCauses.PullSecret(facts, secrets[0], registry)}",
            };
        }

        // The bundled images are a setting of the operator, and not published for everybody.
        var bundled = service == Names.Gateway ? facts.App.Spec.Gateway?.Image is null : facts.SpecOf(service)?.Image is null;
        if (bundled)
        {
            return general with
            {
                Next = $"push the bundled images where the operator looks for them: {facts.Program} images --registry {Folder(image)}; or set {path}.image; a private registry needs spec.defaults.imagePullSecrets",
            };
        }

        return general with
        {
            Next = Says(words, Absent)
                ? $"set {path}.image to a name and tag that exist; now it is {image}"
                : $"try it where a registry is reached: docker pull {image}; then correct {path}.image, or for a private registry spec.defaults.imagePullSecrets",
        };
    }

    /// <summary>The registry of an image's name, as the container runtimes read it: the part before the first slash where it looks like a host.</summary>
    internal static string RegistryOf(string image) =>
        image.Split('/', 2) is [var host, _] && (host.Contains('.', StringComparison.Ordinal) || host.Contains(':', StringComparison.Ordinal) || host == "localhost") ? host : DockerHub;

    private static string Folder(string image) => image.LastIndexOf('/') is > 0 and var end ? image[..end] : image;

    private static string? Waiting(KubeObject? pod) =>
        pod?.Json.Each("status", "containerStatuses").Select(c => c.Text("state", "waiting", "message")).FirstOrDefault(m => m is not null);

    private static bool Says(string text, string[] words) => words.Any(w => text.Contains(w, StringComparison.OrdinalIgnoreCase));
}
