using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Kubernetes;

namespace Fleet.Apps;

/// <summary>An object that is to exist, and for whom.</summary>
/// <param name="Object">The object in full, its fingerprint included.</param>
/// <param name="Service">The service it belongs to; the gateway is one.</param>
public sealed record PlannedObject(KubeObject Object, string Service)
{
    /// <summary>The ConfigMaps and Secrets that its pods read.</summary>
    public ImmutableArray<ConfigReference> References { get; init; } = [];

    /// <summary>Why it is held back, or null.</summary>
    public Refusal? Held { get; init; }

    /// <summary>
    /// Of a Deployment whose number of pods somebody else sets: with how many it begins. Its <c>spec.replicas</c> is no part of the object then, so that it is
    /// neither compared nor applied; null when it is.
    /// </summary>
    public int? FirstReplicas { get; init; }

    /// <summary>What is sent to create it.</summary>
    public KubeObject ToCreate
    {
        get
        {
            if (FirstReplicas is null)
                return Object;
            var complete = Object.ToJsonObject();
            complete["spec"]!["replicas"] = FirstReplicas;
            return KubeObject.From(Object.Resource, complete);
        }
    }

    /// <summary>The fingerprint of all its fields.</summary>
    public string Fingerprint => Object.Metadata.Annotation(Keys.Applied)!;

    internal static PlannedObject Of(Resource resource, string service, JsonObject built)
    {
        // The fingerprint covers everything but itself; owners are left out, because a plan made offline has none.
        var metadata = (JsonObject)built["metadata"]!;
        metadata.Remove("ownerReferences", out var owners);
        var hash = Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(built, KubeJson.Default.JsonObject)))[..16];
        if (metadata["annotations"] is not JsonObject annotations)
            metadata["annotations"] = annotations = [];
        annotations[Keys.Applied] = hash;
        if (owners is not null)
            metadata["ownerReferences"] = owners;
        return new(KubeObject.From(resource, built), service);
    }
}

/// <summary>Why an object is not as it should be, in the words of the contract.</summary>
/// <param name="Reason">One CamelCase word, <c>NameConflict</c> for instance.</param>
/// <param name="Message">What is wrong and what to do.</param>
public sealed record Refusal(string Reason, string Message);
