using System.Net;
using Fleet.Hosting;

namespace Fleet.Gateway;

/// <summary>What the environment says of TLS.</summary>
/// <param name="Directory">Where <c>tls.crt</c> and <c>tls.key</c> are mounted.</param>
/// <param name="Port">Where TLS is served; 0 lets the system choose.</param>
/// <param name="Redirect">Whether the cleartext port only says where TLS is.</param>
/// <param name="PublicPort">The port that clients know, of the Service or load balancer in front.</param>
internal sealed record TlsSettings(string Directory, int Port, bool Redirect, int PublicPort)
{
    private const string DirectoryVariable = "TLS_DIRECTORY";
    private const string PortVariable = "TLS_PORT";
    private const string RedirectVariable = "TLS_REDIRECT";

    /// <summary>Null when there is no TLS here.</summary>
    /// <exception cref="ConfigurationException">A variable holds what it cannot hold.</exception>
    public static TlsSettings? Read(ServiceEnvironment environment)
    {
        var redirect = Flag(environment, RedirectVariable);
        if (environment.Text(DirectoryVariable) is not { } directory)
        {
            return redirect
                ? throw new ConfigurationException(RedirectVariable, $"is true while {DirectoryVariable} is not set", "clients would be sent where nobody listens; set both or none")
                : null;
        }

        var port = environment.Number(PortVariable, 8443, 0, IPEndPoint.MaxPort);
        if (port != 0 && (port == environment.Port || port == environment.ManagementPort))
            throw new ConfigurationException(PortVariable, $"is {port}, and so is {(port == environment.Port ? "PORT" : "MANAGEMENT_PORT")}", "give TLS a port of its own");
        return new(Path.GetFullPath(directory), port, redirect, environment.Number("TLS_PUBLIC_PORT", 443, 1, IPEndPoint.MaxPort));
    }

    private static bool Flag(ServiceEnvironment environment, string variable) => environment.Text(variable) switch
    {
        null => false,
        var text when bool.TryParse(text, out var flag) => flag,
        var text => throw new ConfigurationException(variable, $"is '{text}'", "set it to true or false"),
    };
}
