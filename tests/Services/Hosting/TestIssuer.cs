using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Fleet.ServiceTests.Hosting;

/// <summary>An issuer of tokens that does what a test wants: rotates its keys, goes away, signs what is false.</summary>
public sealed class TestIssuer : IAsyncDisposable
{
    public const string Audience = "shop";

    private readonly WebApplication _app;
    private readonly List<JsonWebKey> _published = [];
    private ECDsaSecurityKey _signer;
    private int _fetches;

    private TestIssuer(WebApplication app)
    {
        _app = app;
        _signer = Rotate();
    }

    /// <summary>The issuer's name and address.</summary>
    public string Address { get; private set; } = "";

    /// <summary>How often the keys were asked for.</summary>
    public int Fetches => Volatile.Read(ref _fetches);

    /// <summary>While it is away it answers 503.</summary>
    public bool IsAway { get; set; }

    /// <summary>What a service is given to trust this issuer.</summary>
    public string[] Arguments => [$"--AUTH:ISSUER={Address}", $"--AUTH:JWKSURI={Address}/.well-known/jwks.json", $"--AUTH:AUDIENCE={Audience}"];

    public static async Task<TestIssuer> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        var app = builder.Build();
        var issuer = new TestIssuer(app);
        app.MapGet("/.well-known/jwks.json", issuer.AnswerKeysAsync);
        app.MapGet("/.well-known/openid-configuration", (RequestDelegate)(context => context.Response.WriteAsync($$"""{"jwks_uri":"{{issuer.Address}}/.well-known/jwks.json"}""")));
        await app.StartAsync();
        issuer.Address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return issuer;
    }

    /// <summary>Signs with a new key from now on; the old ones stay published.</summary>
    public ECDsaSecurityKey Rotate()
    {
        var key = NewKey();
        var published = JsonWebKeyConverter.ConvertFromECDsaSecurityKey(new ECDsaSecurityKey(ECDsa.Create(key.ECDsa.ExportParameters(includePrivateParameters: false))) { KeyId = key.KeyId });
        lock (_published)
            _published.Add(published);
        return _signer = key;
    }

    /// <summary>Signs with a new key, and publishes no other from now on.</summary>
    public void Withdraw()
    {
        lock (_published)
            _published.Clear();
        Rotate();
    }

    /// <summary>A token that any service with <see cref="Arguments"/> takes, unless the test says otherwise.</summary>
    public string Token(
        string subject = "usr-1",
        string scope = "",
        string? audience = Audience,
        string? issuer = null,
        DateTimeOffset? expires = null,
        DateTimeOffset? notBefore = null,
        ECDsaSecurityKey? signer = null)
    {
        var claims = new Dictionary<string, object> { ["sub"] = subject, ["scope"] = scope, ["jti"] = Guid.NewGuid().ToString() };
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = issuer ?? Address,
            Audience = audience,
            Expires = (expires ?? DateTimeOffset.UtcNow.AddMinutes(10)).UtcDateTime,
            NotBefore = notBefore?.UtcDateTime,
            Claims = claims,
            TokenType = "at+jwt",
            SigningCredentials = new SigningCredentials(signer ?? _signer, SecurityAlgorithms.EcdsaSha256),
        });
    }

    /// <summary>A key that nobody knows.</summary>
    public static ECDsaSecurityKey NewKey() => new(ECDsa.Create(ECCurve.NamedCurves.nistP256)) { KeyId = Guid.NewGuid().ToString("N") };

    /// <summary>A stranger's key under the name of ours.</summary>
    public ECDsaSecurityKey ForgedKey() => new(ECDsa.Create(ECCurve.NamedCurves.nistP256)) { KeyId = _signer.KeyId };

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private Task AnswerKeysAsync(HttpContext context)
    {
        Interlocked.Increment(ref _fetches);
        if (IsAway)
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return Task.CompletedTask;
        }

        string keys;
        lock (_published)
            keys = JsonSerializer.Serialize(new { keys = _published.Select(k => new { kty = k.Kty, crv = k.Crv, x = k.X, y = k.Y, kid = k.KeyId, use = "sig", alg = "ES256" }) });
        return context.Response.WriteAsync(keys);
    }
}
