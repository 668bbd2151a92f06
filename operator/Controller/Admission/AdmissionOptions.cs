namespace Fleet.Controller;

/// <summary>How apps are judged before they are stored.</summary>
public sealed record AdmissionOptions
{
    /// <summary>Where reviews are answered, by TLS.</summary>
    public int Port { get; init; } = 9443;

    /// <summary>The namespace of the Service and of the Secret with the certificate.</summary>
    public required string Namespace { get; init; }

    /// <summary>The Service by which the API server reaches this; its port is 443.</summary>
    public string Service { get; init; } = "fleet-operator-webhook";

    /// <summary>The address by which the API server reaches this, in place of the Service: for an operator outside of the cluster.</summary>
    public Uri? Url { get; init; }

    /// <summary>The name of the ValidatingWebhookConfiguration.</summary>
    public string Configuration { get; init; } = "fleet-operator";

    /// <summary>Whether apps are refused while nobody answers. Else they are stored, and the operator says in their status what is wrong.</summary>
    public bool Fail { get; init; }

    /// <summary>How long a certificate is valid. It is renewed when a third of that is left.</summary>
    public TimeSpan Validity { get; init; } = TimeSpan.FromHours(480);

    /// <summary>The host that the certificate is for.</summary>
    internal string Host => Url?.IdnHost ?? $"{Service}.{Namespace}.svc";
}
