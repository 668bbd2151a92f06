using Fleet.Testing;
using Xunit;

namespace Fleet.ServiceTests.Gateway;

/// <summary>gRPC by TLS through the gateway, as clients see it that this project did not write.</summary>
[Trait("Needs", "Backends")]
public sealed class ForeignTlsTests
{
    [Theory]
    [InlineData("tls.cjs")]
    [InlineData("tls.py")]
    public async Task They_call_and_stream_and_believe_no_stranger(string script)
    {
        using var authority = new TestAuthority();
        using var secret = new MountedSecret();
        secret.Write(authority.Issue());
        await using var shop = await ShopServer.StartAsync();
        await using var gateway = await TestGateway.StartAsync(
            RoutesFiles.Of(ShopServer.Path, shop.Address, RoutesFiles.Grpc), null, $"--TLS_DIRECTORY={secret.Folder}", "--TLS_PORT=0");
        var root = Path.Combine(secret.Folder, "root.pem");
        await File.WriteAllTextAsync(root, authority.Root.ExportCertificatePem());
        string[] call = [RepositoryRoot.Combine("tests", "Services", "Gateway", "clients", script), $"127.0.0.1:{gateway.TlsAddress.Port}", root];
        var result = await (script.EndsWith(".py", StringComparison.Ordinal) ? BackendScripts.PythonAsync(call[0], call[1..]) : BackendScripts.NodeAsync(call[0], call[1..]));
        Assert.Equal(["unary", "bidirectional", "unbelieving"], result.Succeeded().Out.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }
}
