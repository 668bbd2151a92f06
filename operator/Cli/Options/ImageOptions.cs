using System.CommandLine;
using System.Reflection;
using Fleet.Apps;

namespace Fleet.Cli;

/// <summary>Which images the bundled services and the gateway run. They are settings of the operator: whoever plans for it says the same.</summary>
internal static class ImageOptions
{
    internal static readonly Option<string> Registry = Setting.Of(
        "--bundled-registry", "The registry and path of the bundled images", OperatorSettings.DefaultRegistry, "REGISTRY",
        value => value.Trim('/') == value && value.Length > 0 && !value.Any(char.IsWhiteSpace) ? null : $"\"{value}\" is no registry and path without a slash at the end");

    internal static readonly Option<string> Tag = Setting.Of(
        "--bundled-tag", "The tag of the bundled images", Version, "TAG",
        value => value.Length > 0 && value.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_') ? null : $"\"{value}\" is no image tag");

    /// <summary>This program's version.</summary>
    internal static string Version => typeof(ImageOptions).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;

    internal static OperatorSettings Settings(Call call) => new(call.Get(Registry)!, call.Get(Tag)!);
}
