using Fleet.Rpc.Health;
using Fleet.ServiceTests.Rpc.Echoes;
using Fleet.Testing;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Xunit;

namespace Fleet.ServiceTests.Rpc;

/// <summary>The server as clients see it that this project did not write.</summary>
[Trait("Needs", "Backends")]
public sealed class ForeignClientTests : IAsyncLifetime
{
    private static readonly string Here = RepositoryRoot.Combine("tests", "Services", "Rpc");
    private EchoServer _server = null!;

    public async Task InitializeAsync() => _server = await EchoServer.StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task Grpc_js_makes_every_kind_of_call()
    {
        var result = (await BackendScripts.NodeAsync(
            Path.Combine(Here, "clients", "echo.cjs"), $"127.0.0.1:{_server.Port}", Here, RepositoryRoot.Combine("services", "Rpc", "Protos"))).Succeeded();
        Assert.Equal(
            ["unary", "serverStreaming", "clientStreaming", "bidirectional", "errors", "tooLarge", "deadline", "cancellation", "metadata", "gzip", "health", "reflection"],
            result.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        await LeftAsync();
    }

    [Fact]
    public async Task Grpcio_makes_every_kind_of_call()
    {
        var types = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(types, Types().ToByteArray());
            var result = (await BackendScripts.PythonAsync(Path.Combine(Here, "clients", "echo.py"), $"127.0.0.1:{_server.Port}", types)).Succeeded();
            Assert.Equal(
                ["unary", "server_streaming", "client_streaming", "bidirectional", "errors", "too_large", "deadline", "cancellation", "metadata", "gzip", "health", "reflection"],
                result.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        }
        finally
        {
            File.Delete(types);
        }

        await LeftAsync();
    }

    // One handler was left at its deadline, the other by a cancelled caller.
    private async Task LeftAsync() => Assert.Equal(["", "left"], new[] { await _server.LeftAsync(), await _server.LeftAsync() }.Order());

    private static FileDescriptorSet Types() => new()
    {
        File =
        {
            EchoReflection.Descriptor.ToProto(),
            HealthReflection.Descriptor.ToProto(),
            Fleet.Rpc.Reflection.ReflectionReflection.Descriptor.ToProto(),
            Fleet.Rpc.Reflection.Alpha.ReflectionReflection.Descriptor.ToProto(),
        },
    };
}
