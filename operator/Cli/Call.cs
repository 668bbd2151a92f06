using System.CommandLine;
using Fleet.Kubernetes;

namespace Fleet.Cli;

/// <summary>One run of a command: what was asked, where the answer goes, and which cluster it is about.</summary>
internal sealed class Call(ParseResult parsed)
{
    /// <summary>Where the result goes, and nothing else.</summary>
    internal TextWriter Out => parsed.InvocationConfiguration.Output;

    /// <summary>Where notes and problems go.</summary>
    internal TextWriter Error => parsed.InvocationConfiguration.Error;

    /// <summary>Whether a person looks at the result.</summary>
    internal bool IsTerminal => Out == Console.Out && !Console.IsOutputRedirected;

    /// <summary>The clock.</summary>
    internal TimeProvider Time { get; } = TimeProvider.System;

    /// <summary>The cluster, once it is known: a failure to reach it names it.</summary>
    internal ClusterConfig? Cluster { get; private set; }

    /// <summary>An option's value.</summary>
    internal T? Get<T>(Option<T> option) => parsed.GetValue(option);

    /// <summary>An argument's value.</summary>
    internal T? Get<T>(Argument<T> argument) => parsed.GetValue(argument);

    /// <summary>Reads which cluster is meant.</summary>
    /// <exception cref="ConfigException">The kubeconfig is missing or wrong.</exception>
    internal ClusterConfig LoadCluster() => Cluster ??= ClusterConfig.Load(Get(ClusterOptions.Kubeconfig), Get(ClusterOptions.Context));
}
