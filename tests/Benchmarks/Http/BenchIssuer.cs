using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Fleet.Benchmarks.Http;

/// <summary>Issues access tokens as Auth does, ES256, and serves its key.</summary>
internal sealed class BenchIssuer : IAsyncDisposable
{
    private const string Audience = "bench";

    private readonly WebApplication _app;
    private readonly Uri _address;
    private readonly ECDsaSecurityKey _key = new(ECDsa.Create(ECCurve.NamedCurves.nistP256)) { KeyId = "bench" };

    private BenchIssuer(WebApplication app, Uri address) => (_app, _address) = (app, address);

    /// <summary>What a service is told of it.</summary>
    public IReadOnlyDictionary<string, string?> Environment => new Dictionary<string, string?>
    {
        ["AUTH__ISSUER"] = _address.AbsoluteUri, ["AUTH__JWKSURI"] = new Uri(_address, "jwks.json").AbsoluteUri, ["AUTH__AUDIENCE"] = Audience,
    };

    /// <summary>Serves its key from now on.</summary>
    /// <param name="address">Where.</param>
    public static async Task<BenchIssuer> StartAsync(Uri address)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseUrls(address.AbsoluteUri);
        var app = builder.Build();
        var issuer = new BenchIssuer(app, address);
        var key = JsonWebKeyConverter.ConvertFromECDsaSecurityKey(new(ECDsa.Create(issuer._key.ECDsa.ExportParameters(includePrivateParameters: false))) { KeyId = issuer._key.KeyId });
        var keys = JsonSerializer.Serialize(new { keys = new[] { new { kty = key.Kty, crv = key.Crv, x = key.X, y = key.Y, kid = key.KeyId, use = "sig", alg = SecurityAlgorithms.EcdsaSha256 } } });
        app.Run(context => context.Response.WriteAsync(keys));
        await app.StartAsync();
        return issuer;
    }

    /// <summary>The header of one who has a token for an hour.</summary>
    public string AuthorizationOf(string subject) => "authorization: Bearer " + new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
    {
        Issuer = _address.AbsoluteUri,
        Audience = Audience,
        Expires = DateTime.UtcNow.AddHours(1),
        Claims = new Dictionary<string, object> { ["sub"] = subject, ["scope"] = "", ["jti"] = Guid.NewGuid().ToString() },
        TokenType = "at+jwt",
        SigningCredentials = new(_key, SecurityAlgorithms.EcdsaSha256),
    });

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
