using System.CommandLine;
using System.Reflection;
using Fleet.Apps;

namespace Fleet.Cli;

/// <summary>The settings of the operator that its plans depend on: whoever plans for it says the same.</summary>
internal static class PlanningOptions
{
    internal static readonly Option<string> Registry = Setting.Of(
        "--bundled-registry", "The registry and path of the bundled images", OperatorSettings.DefaultRegistry, "REGISTRY",
        value => value.Trim('/') == value && value.Length > 0 && !value.Any(char.IsWhiteSpace) ? null : $"\"{value}\" is no registry and path without a slash at the end");

    internal static readonly Option<string> Tag = Setting.Of(
        "--bundled-tag", "The tag of the bundled images", Version, "TAG",
        value => value.Length > 0 && value.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_') ? null : $"\"{value}\" is no image tag");

    internal static readonly Option<bool> GatewayRbac = Setting.Of(
        "--gateway-rbac", "Whether Roles may be made, by which gateways watch their routes. Without, routes reach them by the mounted file only. Default: true", true, "true|false");

    internal static readonly Option<bool> Secrets = Setting.Of(
        "--secrets", "Whether Secrets may be read. Without, a change of one restarts nothing, and a missing one is told by the pods. Default: true", true, "true|false");

    /// <summary>This program's version.</summary>
    internal static string Version => typeof(PlanningOptions).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    internal static OperatorSettings Settings(Call call) => new(call.Get(Registry)!, call.Get(Tag)!) { GatewayRbac = call.Get(GatewayRbac) };
}
