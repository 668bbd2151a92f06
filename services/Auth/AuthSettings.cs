using Fleet.Hosting;

namespace Fleet.Auth;

/// <summary>What Auth reads of its environment, and the lifetimes that follow from it.</summary>
internal sealed class AuthSettings
{
    public AuthSettings(ServiceEnvironment environment)
    {
        Issuer = environment.Issuer
            ?? throw new ConfigurationException("AUTH__ISSUER", "is not set", "set it to the URL that the other services reach this one under, such as http://shop-auth.demo.svc:8001");
        Audiences = environment.Audiences;
        JwksUri = environment.JwksUri ?? new Uri($"{Issuer.TrimEnd('/')}/.well-known/jwks.json");
        OperatorEmails = environment.List("AUTH__OPERATOREMAILS").Select(Email).ToHashSet();
        KeyRotation = TimeSpan.FromDays(environment.Number("AUTH__KEYROTATIONDAYS", otherwise: 30, least: 1, most: 365));
    }

    /// <summary>The <c>iss</c> of every token.</summary>
    public string Issuer { get; }

    /// <summary>The <c>aud</c> of every token.</summary>
    public IReadOnlyList<string> Audiences { get; }

    /// <summary>Where the public keys are.</summary>
    public Uri JwksUri { get; }

    /// <summary>
    /// Whose logins may see and change everybody's data. Nothing here proves that an address belongs to whoever registers it: register these before the
    /// service can be reached from outside.
    /// </summary>
    public IReadOnlySet<EmailAddress> OperatorEmails { get; }

    /// <summary>How long a key signs before the next one does.</summary>
    public TimeSpan KeyRotation { get; }

    private static EmailAddress Email(string text) => EmailAddress.TryParse(text)
        ?? throw new ConfigurationException("AUTH__OPERATOREMAILS", $"has '{text}'", "list e-mail addresses, separated by commas");
}
