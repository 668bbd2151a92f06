using Fleet.Rpc;
using Fleet.ServiceTests.Rpc.Echoes;

namespace Fleet.ServiceTests.Rpc;

/// <summary>The echo service's methods as a caller knows them.</summary>
internal static class Echo
{
    public static RpcMethod<EchoRequest, EchoReply> Once { get; } = Method("Once");

    public static RpcMethod<EchoRequest, EchoReply> Many { get; } = Method("Many");

    public static RpcMethod<EchoRequest, EchoReply> Gather { get; } = Method("Gather");

    public static RpcMethod<EchoRequest, EchoReply> Chat { get; } = Method("Chat");

    private static RpcMethod<EchoRequest, EchoReply> Method(string name) =>
        RpcMethod.Of<EchoRequest, EchoReply>(EchoReflection.Descriptor.Services[0].FindMethodByName(name));
}
