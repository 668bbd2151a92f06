using System.Globalization;

namespace Fleet.Testing;

/// <summary>
/// How a pod on the stand-in node fares. A pod's annotation <c>stand-in.fleet/state</c> names one of them; tests that cannot or will not write it
/// use <see cref="StandInNode.Behave"/>.
/// <para>Unschedulable is not among them: such a pod never comes to a node. A nodeSelector that no node matches makes one, and the real scheduler says so.</para>
/// </summary>
public abstract record PodBehaviour
{
    /// <summary>The annotation that names a behaviour: <c>Running</c>, <c>NotReady</c>, ..., <c>Slow:250</c> (milliseconds).</summary>
    public const string Annotation = "stand-in.fleet/state";

    /// <summary>All containers run and are ready.</summary>
    public sealed record Running : PodBehaviour;

    /// <summary>The containers are being created, for as long as this lasts.</summary>
    public sealed record Creating : PodBehaviour;

    /// <summary>The containers run, and their readiness probes fail.</summary>
    public sealed record NotReady : PodBehaviour;

    /// <summary>The images cannot be pulled.</summary>
    public sealed record ImagePullBackOff : PodBehaviour;

    /// <summary>The containers end again and again.</summary>
    /// <param name="ExitCode">With this exit code; 137 is what the kernel's memory limit leaves.</param>
    /// <param name="Reason"><c>Error</c>, <c>OOMKilled</c> or <c>Completed</c>.</param>
    public sealed record CrashLoopBackOff(int ExitCode = 1, string Reason = "Error") : PodBehaviour;

    /// <summary>What the containers need is missing: a Secret or ConfigMap.</summary>
    /// <param name="Message">What the kubelet says.</param>
    public sealed record CreateContainerConfigError(string Message = "secret \"missing\" not found") : PodBehaviour;

    /// <summary>The images run as root, which the pods forbid.</summary>
    public sealed record RunsAsRoot : PodBehaviour;

    /// <summary>The containers take their time to be created, then run.</summary>
    /// <param name="Delay">How long.</param>
    public sealed record Slow(TimeSpan Delay) : PodBehaviour;

    /// <summary>Reads the annotation's value; null when it names no behaviour.</summary>
    public static PodBehaviour? TryParse(string text) => text.Split(':', 2) switch
    {
        ["Running"] => new Running(),
        ["Creating"] => new Creating(),
        ["NotReady"] => new NotReady(),
        ["ImagePullBackOff"] => new ImagePullBackOff(),
        ["CrashLoopBackOff"] => new CrashLoopBackOff(),
        ["CrashLoopBackOff", "137"] => new CrashLoopBackOff(137, "OOMKilled"),
        ["CrashLoopBackOff", var code] when int.TryParse(code, CultureInfo.InvariantCulture, out var number) => new CrashLoopBackOff(number),
        ["CreateContainerConfigError"] => new CreateContainerConfigError(),
        ["CreateContainerConfigError", var message] => new CreateContainerConfigError(message),
        ["RunsAsRoot"] => new RunsAsRoot(),
        ["Slow", var milliseconds] when int.TryParse(milliseconds, CultureInfo.InvariantCulture, out var number) => new Slow(TimeSpan.FromMilliseconds(number)),
        _ => null,
    };
}
