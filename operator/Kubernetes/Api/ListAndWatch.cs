namespace Fleet.Kubernetes;

/// <summary>What a list or a watch covers.</summary>
/// <param name="Namespace">One namespace; null means all of them.</param>
/// <param name="LabelSelector">In the API's syntax, <c>app=shop,tier!=test</c> for instance.</param>
/// <param name="FieldSelector">In the API's syntax, <c>metadata.name=shop</c> for instance.</param>
public sealed record ListScope(string? Namespace = null, string? LabelSelector = null, string? FieldSelector = null);

/// <summary>One page of a list.</summary>
/// <param name="Items">The objects, in the server's order.</param>
/// <param name="ResourceVersion">The version of the whole list, the same on every page: where a watch starts.</param>
/// <param name="IsLast">Whether no page follows.</param>
public sealed record ListPage<T>(IReadOnlyList<T> Items, string ResourceVersion, bool IsLast);

/// <summary>What a watch event says.</summary>
public enum WatchEventType
{
    /// <summary>The object appeared (or came into the selector's view).</summary>
    Added,

    /// <summary>The object changed.</summary>
    Modified,

    /// <summary>The object is gone (or left the selector's view); its last state comes along.</summary>
    Deleted,

    /// <summary>Nothing happened up to this version: a watch may resume from here.</summary>
    Bookmark,
}

/// <summary>One event of a watch.</summary>
/// <param name="Type">What happened.</param>
/// <param name="Object">The object; null for a bookmark.</param>
/// <param name="ResourceVersion">The version to resume from once this event is taken in.</param>
public readonly record struct WatchEvent<T>(WatchEventType Type, T? Object, string ResourceVersion)
    where T : class;

/// <summary>How an object is deleted.</summary>
/// <param name="Uid">Delete this very object only: a namesake made meanwhile is answered 409.</param>
/// <param name="ResourceVersion">Delete this very version only.</param>
/// <param name="Propagation"><c>Background</c>, <c>Foreground</c> or <c>Orphan</c> (metav1.DeletionPropagation).</param>
/// <param name="GracePeriodSeconds">How long a pod may take to end; 0 takes it away at once, which is for nodes alone. Null leaves it to the object.</param>
public sealed record DeleteOptions(string? Uid = null, string? ResourceVersion = null, string Propagation = "Background", int? GracePeriodSeconds = null);
