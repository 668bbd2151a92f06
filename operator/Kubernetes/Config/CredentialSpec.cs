using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;

namespace Fleet.Kubernetes;

/// <summary>How a user proves who they are, as configured. Whatever expires or moves is read when it is needed.</summary>
internal sealed record CredentialSpec
{
    public ClientCertificate? Certificate { get; init; }

    /// <summary>Where <see cref="Certificate"/> came from, when it came from files: they may be renewed while we run.</summary>
    public CertificateFiles? CertificateFiles { get; init; }

    public string? Token { get; init; }

    /// <summary>Wins over <see cref="Token"/> as soon as it can be read.</summary>
    public string? TokenFile { get; init; }

    public BasicLogin? Basic { get; init; }

    public ExecSpec? Exec { get; init; }

    /// <summary>The Impersonate-* headers.</summary>
    public ImmutableArray<KeyValuePair<string, string>> Impersonation { get; init; } = [];
}

/// <summary>A certificate with its private key, and what lies between it and its root.</summary>
internal sealed record ClientCertificate(X509Certificate2 Leaf, X509Certificate2Collection Intermediates);

internal sealed record CertificateFiles(string Certificate, string Key);

internal sealed record BasicLogin(string User, string Password);

/// <summary>A credential plugin (client.authentication.k8s.io).</summary>
internal sealed record ExecSpec
{
    public required string ApiVersion { get; init; }

    public required string Command { get; init; }

    public ImmutableArray<string> Args { get; init; } = [];

    public ImmutableArray<KeyValuePair<string, string>> Env { get; init; } = [];

    public string? InstallHint { get; init; }

    public ExecInteraction Interaction { get; init; } = ExecInteraction.IfAvailable;

    /// <summary>The <c>spec.cluster</c> the plugin is told, when it asked for it (provideClusterInfo).</summary>
    public JsonObject? Cluster { get; init; }

    /// <summary>The file and field that configure it, for messages.</summary>
    public required string Origin { get; init; }
}

/// <summary>Whether a plugin may talk to the user.</summary>
internal enum ExecInteraction
{
    Never,
    IfAvailable,
    Always,
}
