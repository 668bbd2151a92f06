using System.Collections.Immutable;

namespace Fleet.Cli;

/// <summary>Why an app is not Ready, and the one thing to do next.</summary>
/// <param name="Reason">A condition's reason, or one of <see cref="Causes"/>; conditions.md knows them all.</param>
/// <param name="Subject">Where: a service, an object, the operator.</param>
/// <param name="Cause">What is wrong, in a sentence.</param>
/// <param name="Next">What to do: a command to type, or a field to change and to what.</param>
internal sealed record Finding(string Reason, string Subject, string Cause, string Next)
{
    /// <summary>What shows it: what pods, events and nodes say.</summary>
    internal ImmutableArray<string> Because { get; init; } = [];

    /// <summary>Services that wait, the last one for the subject.</summary>
    internal ImmutableArray<string> Waiting { get; init; } = [];

    /// <summary>Whether it may end by itself: what fails for good comes before it.</summary>
    internal bool MayPass { get; init; }
}

/// <summary>Causes that no condition tells, since no operator is there to write it, or since it cannot see them.</summary>
internal static class Causes
{
    /// <summary>The API server does not know MicroserviceApps.</summary>
    internal const string CrdNotInstalled = "CrdNotInstalled";

    /// <summary>Whoever asks may not read the apps.</summary>
    internal const string NotPermitted = "NotPermitted";

    /// <summary>No operator is there, or the one that was has stopped.</summary>
    internal const string OperatorNotRunning = "OperatorNotRunning";

    /// <summary>An operator runs and has not looked at the newest spec.</summary>
    internal const string NotObserved = "NotObserved";

    /// <summary>Another version of the CRD wrote the app.</summary>
    internal const string Unreadable = "Unreadable";

    /// <summary>The app is on its way out.</summary>
    internal const string BeingDeleted = "BeingDeleted";

    /// <summary>A node is not ready, or short of memory, disk or process ids.</summary>
    internal const string NodePressure = "NodePressure";

    /// <summary>A volume cannot be mounted.</summary>
    internal const string VolumeNotMounted = "VolumeNotMounted";

    /// <summary>An admission webhook refuses objects, or does not answer.</summary>
    internal const string WebhookInTheWay = "WebhookInTheWay";

    /// <summary>All of them.</summary>
    internal static readonly ImmutableArray<string> All =
        [CrdNotInstalled, NotPermitted, OperatorNotRunning, NotObserved, Unreadable, BeingDeleted, NodePressure, VolumeNotMounted, WebhookInTheWay];
}
