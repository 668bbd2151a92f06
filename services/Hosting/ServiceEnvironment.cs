using System.Globalization;
using System.Net;
using Microsoft.Extensions.Configuration;

namespace Fleet.Hosting;

/// <summary>What the operator tells a container, read once at start. A double underscore in a variable's name is a colon in the configuration's key.</summary>
public sealed class ServiceEnvironment
{
    private readonly IConfiguration _configuration;

    /// <summary>Reads the environment.</summary>
    /// <exception cref="ConfigurationException">A variable holds what it cannot hold.</exception>
    public ServiceEnvironment(IConfiguration configuration, ServiceDefaults defaults)
    {
        _configuration = configuration;
        App = Text("FLEET_APP") ?? "fleet";
        Service = Text("FLEET_SERVICE") ?? defaults.Name;
        Namespace = Text("FLEET_NAMESPACE") ?? "default";
        Port = PortNumber("PORT", defaults.Port);
        ManagementPort = PortNumber("MANAGEMENT_PORT", 8081);
        if (Port == ManagementPort && Port != 0)
            throw new ConfigurationException("MANAGEMENT_PORT", $"is {Port}, and so is PORT", "give health and metrics a port of their own");
        ListenAddress = Text("LISTEN_ADDRESS") is { } listen ? Address(listen) : null;
        DataDirectory = Text("DATA_DIR") ?? "/data";
        DrainDelay = TimeSpan.FromSeconds(Number("DRAIN_DELAY_SECONDS", 0, 0, 15));
        Issuer = Text("AUTH__ISSUER");
        JwksUri = AbsoluteUri("AUTH__JWKSURI");
        Audiences = List("AUTH__AUDIENCE");
        if (Issuer is not null && Audiences.Count == 0)
            throw new ConfigurationException("AUTH__AUDIENCE", "is not set while AUTH__ISSUER is", "name the audience that tokens must be meant for, for instance the app");
        TokenAlgorithms = List("AUTH__ALGORITHMS") is { Count: > 0 } algorithms ? algorithms : Asymmetric;
        if (TokenAlgorithms.FirstOrDefault(a => !Asymmetric.Contains(a)) is { } unknown)
            throw new ConfigurationException("AUTH__ALGORITHMS", $"names {unknown}", $"choose from {string.Join(", ", Asymmetric)}");
    }

    /// <summary>Signatures that are checked with a public key (RFC 7518, section 3.1). A shared secret would let each service forge tokens.</summary>
    private static readonly string[] Asymmetric = ["ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];

    /// <summary>The app that the service is part of.</summary>
    public string App { get; }

    /// <summary>The service's name within the app.</summary>
    public string Service { get; }

    /// <summary>The namespace of the app.</summary>
    public string Namespace { get; }

    /// <summary>Where the service serves; 0 lets the system choose.</summary>
    public int Port { get; }

    /// <summary>Where health and metrics are served; 0 lets the system choose.</summary>
    public int ManagementPort { get; }

    /// <summary>The address that both ports are opened on; null is every address of the machine.</summary>
    public IPAddress? ListenAddress { get; }

    /// <summary>Where files are kept when no database is given.</summary>
    public string DataDirectory { get; }

    /// <summary>
    /// How long after SIGTERM the service takes new connections as ever, since those who route to it have not heard of its end yet. None where whoever sends the signal
    /// has waited already: Kubernetes does from 1.30 on, by a preStop sleep.
    /// </summary>
    public TimeSpan DrainDelay { get; }

    /// <summary>Who issues the tokens; null when the app has no issuer, then nobody is asked who he is.</summary>
    public string? Issuer { get; }

    /// <summary>Where the issuer's keys are; null asks the issuer's discovery document (OpenID Connect Discovery 1.0, section 4).</summary>
    public Uri? JwksUri { get; }

    /// <summary>A token must be meant for one of these.</summary>
    public IReadOnlyList<string> Audiences { get; }

    /// <summary>The signature algorithms that a token may have: all that are checked with a public key, unless <c>AUTH__ALGORITHMS</c> names some. A key has a kind, so none is mistaken for another.</summary>
    public IReadOnlyList<string> TokenAlgorithms { get; }

    /// <summary>The address of another service of the app, or null when this service was not given it.</summary>
    /// <param name="name">The service's name: <c>users</c>.</param>
    /// <exception cref="ConfigurationException">The variable holds no absolute URL.</exception>
    public Uri? Peer(string name) => AbsoluteUri($"SERVICES__{name.ToUpperInvariant().Replace('-', '_')}__URL");

    /// <summary>A variable's value, or null when it is not set or blank.</summary>
    /// <param name="variable">The name as it is in the environment: <c>AUTH__ISSUER</c>.</param>
    public string? Text(string variable) => _configuration[Key(variable)] is { } value && !string.IsNullOrWhiteSpace(value) ? value.Trim() : null;

    /// <summary>A comma separated variable's values; empty when it is not set.</summary>
    public IReadOnlyList<string> List(string variable) =>
        Text(variable)?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];

    /// <summary>A variable's value as a whole number.</summary>
    /// <exception cref="ConfigurationException">It is no number, or out of the range.</exception>
    public int Number(string variable, int otherwise, int least, int most)
    {
        if (Text(variable) is not { } text)
            return otherwise;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw new ConfigurationException(variable, $"is '{text}'", $"set it to a number from {least} to {most}, or leave it out for {otherwise}");
    }

    /// <summary>A variable's value as one of some words; the first when it is not set.</summary>
    /// <exception cref="ConfigurationException">It is none of them.</exception>
    public string OneOf(string variable, params string[] words) => Text(variable) is not { } text ? words[0]
        : words.Contains(text, StringComparer.Ordinal) ? text
        : throw new ConfigurationException(variable, $"is '{text}'", $"choose from {string.Join(", ", words)}");

    private static string Key(string variable) => variable.Replace("__", ConfigurationPath.KeyDelimiter, StringComparison.Ordinal);

    private static IPAddress Address(string text) => IPAddress.TryParse(text, out var address)
        ? address
        : throw new ConfigurationException("LISTEN_ADDRESS", $"is '{text}'", "set it to an IP address of this machine, or leave it out for all of them");

    private int PortNumber(string variable, int otherwise) => Number(variable, otherwise, 0, IPEndPoint.MaxPort);

    private Uri? AbsoluteUri(string variable)
    {
        if (Text(variable) is not { } text)
            return null;
        // A path is an absolute URI to .NET on Unix, of the scheme "file".
        return Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" or "dns"
            ? uri
            : throw new ConfigurationException(variable, $"is '{text}'", "set it to a URL such as http://shop-users.demo.svc:8002");
    }
}
