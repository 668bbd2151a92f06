using Fleet.Rpc;
using Fleet.Rpc.Health;
using Fleet.Rpc.Reflection;
using Fleet.ServiceTests.Rpc.Echoes;
using Google.Protobuf.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Xunit;
using static Fleet.Rpc.Health.HealthCheckResponse.Types;
using ServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace Fleet.ServiceTests.Rpc;

/// <summary>Health, reflection, and what a server refuses to start with.</summary>
public class BuiltInServiceTests : IAsyncLifetime
{
    private static readonly ServiceDescriptor HealthDescriptor = HealthReflection.Descriptor.Services[0];
    private EchoServer _server = null!;
    private RpcChannel _channel = null!;

    public async Task InitializeAsync()
    {
        _server = await EchoServer.StartAsync();
        _channel = _server.Channel();
    }

    public async Task DisposeAsync()
    {
        _channel.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Check_tells_the_state_now()
    {
        var check = RpcMethod.Of<HealthCheckRequest, HealthCheckResponse>(HealthDescriptor.FindMethodByName("Check"));
        Assert.Equal(ServingStatus.Serving, (await _channel.UnaryAsync(check, new())).Message.Status);
        _server.Health.Set("", false);
        Assert.Equal(ServingStatus.NotServing, (await _channel.UnaryAsync(check, new())).Message.Status);
        var e = await Assert.ThrowsAsync<RpcException>(() => _channel.UnaryAsync(check, new() { Service = "nobody" }));
        Assert.Equal(RpcStatusCode.NotFound, e.Status.Code);
    }

    [Fact]
    public async Task Watch_tells_each_change()
    {
        var watch = RpcMethod.Of<HealthCheckRequest, HealthCheckResponse>(HealthDescriptor.FindMethodByName("Watch"));
        await using var states = await _channel.ServerStreamingAsync(watch, new() { Service = "later" });
        Assert.Equal(ServingStatus.ServiceUnknown, (await states.ReadAsync())!.Status);
        _server.Health.Set("later", true);
        Assert.Equal(ServingStatus.Serving, (await states.ReadAsync())!.Status);
        _server.Health.Set("later", true);
        _server.Health.Set("later", false);
        Assert.Equal(ServingStatus.NotServing, (await states.ReadAsync())!.Status);
    }

    [Theory]
    [InlineData("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo")]
    [InlineData("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo")]
    public async Task Reflection_answers_one_question_after_the_other(string path)
    {
        var method = new RpcMethod<ServerReflectionRequest, ServerReflectionResponse>(
            path, RpcCodec.Of<ServerReflectionRequest>(), RpcCodec.Of<ServerReflectionResponse>());
        await using var call = _channel.Duplex(method);

        var services = await AskAsync(new() { ListServices = "" });
        Assert.Equal(
            ["fleet.test.v1.Echo", "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"],
            services.ListServicesResponse.Service.Select(s => s.Name));

        foreach (var symbol in new[] { "fleet.test.v1.Echo", "fleet.test.v1.Echo.Once", "fleet.test.v1.EchoRequest", "fleet.test.v1.EchoRequest.count" })
            Assert.Equal([EchoReflection.Descriptor.SerializedData], (await AskAsync(new() { FileContainingSymbol = symbol })).FileDescriptorResponse.FileDescriptorProto);

        var alpha = await AskAsync(new() { FileByFilename = "grpc/reflection/v1alpha/reflection.proto" });
        // Files come with what they import: the answer is enough to build descriptors.
        Assert.Equal(2, FileDescriptor.BuildFromByteStrings(alpha.FileDescriptorResponse.FileDescriptorProto.Reverse()).Count);

        Assert.Equal((int)RpcStatusCode.NotFound, (await AskAsync(new() { FileContainingSymbol = "no.Such" })).ErrorResponse.ErrorCode);
        Assert.Empty((await AskAsync(new() { AllExtensionNumbersOfType = "fleet.test.v1.EchoRequest" })).AllExtensionNumbersResponse.ExtensionNumber);
        Assert.Equal((int)RpcStatusCode.InvalidArgument, (await AskAsync(new())).ErrorResponse.ErrorCode);

        async Task<ServerReflectionResponse> AskAsync(ServerReflectionRequest question)
        {
            await call.WriteAsync(question);
            var answer = (await (await call.Responses).ReadAsync())!;
            Assert.Equal(question, answer.OriginalRequest);
            return answer;
        }
    }

    [Fact]
    public void A_method_without_a_handler_refuses_to_start_and_is_named()
    {
        var service = new RpcService(EchoReflection.Descriptor.Services[0]).Unary<EchoRequest, EchoReply>("Once", (_, _) => Task.FromResult(new EchoReply()));
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.Services.AddRoutingCore();
        var e = Assert.Throws<InvalidOperationException>(() => RpcServer.Map(builder.Build(), [service]));
        Assert.Contains("fleet.test.v1.Echo.Many, fleet.test.v1.Echo.Gather, fleet.test.v1.Echo.Chat", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_handler_of_another_kind_or_type_than_the_proto_file_says_is_refused()
    {
        var service = new RpcService(EchoReflection.Descriptor.Services[0]);
        Assert.Throws<InvalidOperationException>(() => service.Unary<EchoRequest, EchoReply>("Many", (_, _) => Task.FromResult(new EchoReply())));
        Assert.Throws<InvalidOperationException>(() => service.Unary<EchoReply, EchoReply>("Once", (_, _) => Task.FromResult(new EchoReply())));
        Assert.Throws<InvalidOperationException>(() => service.Unary<EchoRequest, EchoReply>("None", (_, _) => Task.FromResult(new EchoReply())));
    }
}
