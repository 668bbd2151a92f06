using System.CommandLine;
using System.Text.RegularExpressions;
using Fleet.Controller;
using Fleet.Kubernetes;
using Fleet.Runtime;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace Fleet.Cli;

/// <summary><c>fleet run</c>: the operator itself, until it is stopped.</summary>
internal static partial class RunCommand
{
    private static readonly Option<string> WatchNamespace = Setting.Of<string>(
        "--watch-namespace", "The namespace whose apps are run, or several, separated by commas. Default: all", null, "NAMESPACE[,...]", NamespacesProblem);

    private static readonly Option<string> LeaseNamespace = Setting.Of<string>(
        "--lease-namespace", "The namespace of the lease fleet-operator. Default: the pod's own, else the kubeconfig's", null, "NAMESPACE");

    private static readonly Option<bool> LeaderElect = Setting.Of("--leader-elect", "Whether to work only while holding the lease. Default: true", true, "true|false");

    private static readonly Option<int> Workers = Setting.Of("--workers", "How many apps are worked on at once", 8, "NUMBER", Setting.Between(1, 256));

    private static readonly Option<int> HealthPort = Setting.Of("--health-port", "The port of /healthz/live, /healthz/ready and /metrics; 0 takes a free one", 8081, "PORT", Setting.Between(0, 65535));

    private static readonly Option<string> Format = Setting.Of(
        "--log-format", "What a log line looks like: text (for people) or json. Default: text on a terminal, else json", null, "text|json", Setting.OneOf("text", "json"));

    private static readonly Option<string> Level = Setting.Of(
        "--log-level", "The least level that is logged: trace, debug, info, warning, error", "info", "LEVEL", Setting.OneOf("trace", "debug", "info", "warning", "error"));

    internal static Command Create() => new FleetCommand("run", "Runs the operator, in a pod or against a kubeconfig, until SIGINT or SIGTERM. Logs go to stderr.")
    {
        Examples =
        [
            ("fleet run", "all namespaces of the current context, holding the lease"),
            ("fleet run --watch-namespace demo --leader-elect=false", "one namespace, alone"),
            ("fleet run --watch-namespace demo,shops --secrets=false", "two namespaces, and no Secret of theirs is read"),
            ("FLEET_LOG_FORMAT=json FLEET_WORKERS=16 fleet run", "every option can be set by its variable"),
        ],
        Ends =
        [
            (ExitCodes.Ok, "stopped by a signal; the lease was released"),
            (ExitCodes.No, "the lease was lost: start it again"),
            (ExitCodes.Usage, "the command line, the kubeconfig or the port cannot be used"),
        ],
        Options =
        {
            ClusterOptions.Kubeconfig, ClusterOptions.Context, WatchNamespace, LeaseNamespace, LeaderElect, PlanningOptions.Secrets, Workers, HealthPort,
            PlanningOptions.Registry, PlanningOptions.Tag, PlanningOptions.GatewayRbac, Format, Level,
            WebhookOptions.Webhook, WebhookOptions.Port, WebhookOptions.Service, WebhookOptions.Url, WebhookOptions.Configuration, WebhookOptions.FailurePolicy, WebhookOptions.Validity,
        },
        Body = RunAsync,
    };

    private static async Task<int> RunAsync(Call call, CancellationToken stop)
    {
        var cluster = call.LoadCluster();
        using var logs = LogSetup.Create(FormatOf(call), LevelOf(call.Get(Level)));
        var logger = logs.CreateLogger("Fleet.Operator");
        var scope = Namespaces(call.Get(WatchNamespace)) switch { [] => "all namespaces", [var one] => $"namespace {one}", var several => $"namespaces {string.Join(", ", several)}" };
        Log.Starts(logger, PlanningOptions.Version, cluster.Server, cluster.Source, scope);
        try
        {
            if (await new OperatorHost(cluster, OptionsOf(call, cluster), call.Time, logs).RunAsync(stop))
            {
                Log.Stopped(logger);
                return ExitCodes.Ok;
            }
        }
        catch (IOException e) when (e.InnerException is AddressInUseException)
        {
            throw CommandException.Usage(
                call.Get(WebhookOptions.Webhook) && e.Message.Contains($":{call.Get(WebhookOptions.Port)}", StringComparison.Ordinal)
                    ? $"--webhook-port {call.Get(WebhookOptions.Port)} is taken by another process: choose another one"
                    : $"--health-port {call.Get(HealthPort)} is taken by another process: choose another one, or 0 for a free one",
                e);
        }

        Log.Lost(logger);
        return ExitCodes.No;
    }

    private static OperatorOptions OptionsOf(Call call, ClusterConfig cluster) => new()
    {
        Settings = PlanningOptions.Settings(call),
        WatchNamespaces = Namespaces(call.Get(WatchNamespace)),
        Secrets = call.Get(PlanningOptions.Secrets),
        LeaderElect = call.Get(LeaderElect),
        LeaseNamespace = call.Get(LeaseNamespace) ?? cluster.Namespace,
        // A pod's name comes back with a restarted container; the lease must tell its processes apart.
        Identity = $"{Environment.MachineName}_{Guid.NewGuid():N}",
        Workers = call.Get(Workers),
        HealthPort = call.Get(HealthPort),
        Admission = WebhookOptions.Of(call, call.Get(LeaseNamespace) ?? cluster.Namespace),
    };

    private static string[] Namespaces(string? list) => list is null ? [] : [.. list.Split(',', StringSplitOptions.TrimEntries).Distinct(StringComparer.Ordinal)];

    private static string? NamespacesProblem(string list) =>
        Namespaces(list).FirstOrDefault(ns => !Namespace().IsMatch(ns)) is { } wrong ? $"\"{wrong}\" is no namespace" : null;

    [GeneratedRegex("^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex Namespace();

    private static LogFormat FormatOf(Call call) =>
        call.Get(Format) switch { "text" => LogFormat.Text, "json" => LogFormat.Json, _ => Console.IsErrorRedirected ? LogFormat.Json : LogFormat.Text };

    private static LogLevel LevelOf(string? name) => name switch
    {
        "trace" => LogLevel.Trace, "debug" => LogLevel.Debug, "warning" => LogLevel.Warning, "error" => LogLevel.Error, _ => LogLevel.Information,
    };

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "Fleet Operator {Version} starts: {Server} ({Source}), {Scope}")]
        public static partial void Starts(ILogger logger, string version, Uri server, string source, string scope);

        [LoggerMessage(Level = LogLevel.Information, Message = "Fleet Operator has stopped")]
        public static partial void Stopped(ILogger logger);

        [LoggerMessage(Level = LogLevel.Error, Message = "The lease was lost, so another operator may be at work: this process ends, to be started again")]
        public static partial void Lost(ILogger logger);
    }
}
