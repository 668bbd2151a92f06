using System.Collections.Immutable;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Fleet.Apps;
using Fleet.Kubernetes;

namespace Fleet.Cli;

/// <summary>An Event with its times and count in one form: those written through core/v1 have them in other fields than those of events.k8s.io/v1.</summary>
/// <param name="Source">The Event.</param>
/// <param name="Last">When it was last seen; the oldest time there is when the Event tells none.</param>
/// <param name="Count">How often it was seen.</param>
internal sealed partial record AppEvent(KubeObject Source, DateTimeOffset Last, int Count)
{
    // The letters of which Kubernetes makes the ends of generated names (apimachinery, util/rand): no vowels, no digits that look like letters.
    private const string Generated = "[bcdfghjklmnpqrstvwxz2456789]";

    /// <summary>Whether somebody should look at it.</summary>
    internal bool IsWarning => Source.Json.Text("type") == "Warning";

    /// <summary>Why, in one CamelCase word.</summary>
    internal string Reason => Source.Json.Text("reason") ?? "";

    /// <summary>The kind of the object it is about.</summary>
    internal string Kind => Source.Json.Text("regarding", "kind") ?? "";

    /// <summary>The name of the object it is about.</summary>
    internal string Name => Source.Json.Text("regarding", "name") ?? "";

    /// <summary>The UID of the object it is about.</summary>
    internal string? Uid => Source.Json.Text("regarding", "uid");

    /// <summary>What happened, for people.</summary>
    internal string Note => Source.Json.Text("note") ?? "";

    /// <summary>The Event for programs; in a list the server names neither version nor kind of its items.</summary>
    internal JsonObject Document
    {
        get
        {
            var document = Source.ToJsonObject();
            document.Remove("apiVersion");
            document.Remove("kind");
            document.Insert(0, "apiVersion", Source.Resource.ApiVersion);
            document.Insert(1, "kind", Source.Resource.Kind);
            return document;
        }
    }

    /// <summary>Reads an Event of events.k8s.io/v1.</summary>
    internal static AppEvent Of(KubeObject source)
    {
        var json = source.Json;
        var last = json.Time("series", "lastObservedTime") ?? json.Time("deprecatedLastTimestamp") ?? json.Time("eventTime") ?? source.Metadata.CreationTimestamp;
        return new(source, last ?? DateTimeOffset.MinValue, Math.Max(1, json.Number("series", "count") ?? json.Number("deprecatedCount") ?? 1));
    }

    /// <summary>
    /// Whether it is about an app or something that belongs to it: by UID what is there now, by name what was there before. Names of ReplicaSets and Pods are
    /// known by the Deployment's, with the ends that Kubernetes gives them.
    /// </summary>
    /// <param name="app">The app.</param>
    /// <param name="owned">What it owns, directly or not.</param>
    internal bool IsAbout(MicroserviceApp app, ImmutableArray<KubeObject> owned)
    {
        if (Kind == MicroserviceApp.Resource.Kind)
            return Name == app.Metadata.Name;
        if (owned.Any(o => o.Metadata.Uid == Uid || (o.Resource.Kind == Kind && o.Metadata.Name == Name)))
            return true;
        var services = (app.Spec.Services ?? []).Select(s => s.Name).Append(Names.Gateway)
            .Concat(app.Status?.Services.Select(s => s.Name) ?? []).Distinct(StringComparer.Ordinal).Select(s => Names.Child(app.Metadata.Name, s));
        return Kind switch
        {
            "ReplicaSet" => services.Any(s => Name.StartsWith(s, StringComparison.Ordinal) && OfReplicaSet().IsMatch(Name.AsSpan(s.Length))),
            "Pod" => services.Any(s => Name.StartsWith(s, StringComparison.Ordinal) && OfPod().IsMatch(Name.AsSpan(s.Length))),
            "ConfigMap" => Name == Names.Routes(app.Metadata.Name),
            _ => services.Contains(Name, StringComparer.Ordinal),
        };
    }

    [GeneratedRegex($"^-{Generated}{{4,10}}$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex OfReplicaSet();

    [GeneratedRegex($"^-{Generated}{{4,10}}-{Generated}{{5}}$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex OfPod();
}
