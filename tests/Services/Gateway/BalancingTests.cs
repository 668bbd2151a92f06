using System.Net;
using System.Net.Sockets;
using Fleet.Gateway;
using Fleet.Rpc;
using Fleet.ServiceTests.Gateway.Rich;
using Fleet.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;
using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Model;

namespace Fleet.ServiceTests.Gateway;

/// <summary>A headless name with several addresses behind it, pods that come and go, and a name server that fails.</summary>
public sealed class BalancingTests : IAsyncLifetime
{
    private const string Name = "shop-orders.demo.svc";

    private readonly List<ShopServer> _pods = [];
    private volatile IPAddress[] _addresses = [];
    private volatile bool _dnsIsAway;
    private TestGateway _gateway = null!;
    private int _port;

    public async Task InitializeAsync()
    {
        using (var free = new TcpListener(IPAddress.Parse("127.0.0.11"), 0))
        {
            free.Start();
            _port = ((IPEndPoint)free.LocalEndpoint).Port;
        }

        for (var i = 1; i <= 3; i++)
            _pods.Add(await ShopServer.StartAsync(address: $"127.0.0.1{i}", port: _port));
        _addresses = [.. Enumerable.Range(1, 3).Select(i => IPAddress.Parse($"127.0.0.1{i}"))];
        _gateway = await TestGateway.StartAsync(
            RoutesFiles.Of(ShopServer.Path, new Uri($"http://{Name}:{_port}"), RoutesFiles.Grpc, (RoutesParser.BalancingKey, RoutesParser.PerRequest), (RoutePolicy.RetriesKey, "2")),
            services => services.AddSingleton<AddressLookup>((host, _) =>
                _dnsIsAway ? Task.FromException<IPAddress[]>(new SocketException((int)SocketError.TryAgain))
                : host == Name ? Task.FromResult(_addresses)
                : throw new SocketException((int)SocketError.HostNotFound)));
    }

    public async Task DisposeAsync()
    {
        await _gateway.DisposeAsync();
        foreach (var pod in _pods)
            await pod.DisposeAsync();
    }

    [Fact]
    public async Task Each_request_of_one_connection_goes_its_own_way()
    {
        using var channel = Channel();
        await Task.WhenAll(Enumerable.Range(0, 300).Select(_ => GetAsync(channel)));
        Assert.All(_pods, pod => Assert.InRange(pod.Calls, 40, 200));
    }

    [Fact]
    public async Task A_pod_that_dies_costs_no_request_and_one_that_comes_is_used()
    {
        using var channel = Channel();
        await GetAsync(channel);
        await _pods[0].DisposeAsync();
        await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => GetAsync(channel))); // retried elsewhere where it has to be
        _pods.Add(await ShopServer.StartAsync(address: "127.0.0.14", port: _port));
        _addresses = [.. _addresses.Skip(1), IPAddress.Parse("127.0.0.14")];
        await Eventually.True(async () =>
        {
            await GetAsync(channel);
            return _pods[3].Calls > 0;
        });
    }

    [Fact]
    public async Task While_the_name_server_is_away_or_knows_nothing_the_known_addresses_stay()
    {
        using var channel = Channel();
        await GetAsync(channel);
        _dnsIsAway = true;
        _gateway.Get<HeadlessResolver>().LookAgain();
        await GetAsync(channel);
        (_dnsIsAway, _addresses) = (false, []);
        _gateway.Get<HeadlessResolver>().LookAgain();
        await GetAsync(channel);
    }

    [Fact]
    public async Task A_pod_that_says_it_does_not_serve_is_avoided_until_it_does()
    {
        _pods[0].Health.Set("", false);
        // What is told of the pods one after the other is made a list of those to choose from after that.
        await Eventually.True(() => Available().Count() == 2);
        Assert.DoesNotContain(Destination(0).DestinationId, Available().Select(d => d.DestinationId));
        Assert.Equal((DestinationHealth.Unhealthy, DestinationHealth.Healthy), (Destination(0).Health.Active, Destination(1).Health.Active));
        var calls = _pods[0].Calls;
        using var channel = Channel();
        for (var i = 0; i < 50; i++)
            await GetAsync(channel);
        Assert.Equal(calls, _pods[0].Calls);
        _pods[0].Health.Set("", true);
        await Eventually.True(() => Destination(0).Health.Active == DestinationHealth.Healthy);
    }

    [Fact]
    public async Task When_no_pod_says_it_serves_all_are_tried()
    {
        foreach (var pod in _pods)
            pod.Health.Set("", false);
        await Eventually.True(() => Enumerable.Range(0, 3).All(i => Destination(i).Health.Active == DestinationHealth.Unhealthy));
        using var channel = Channel();
        await GetAsync(channel);
    }

    [Fact]
    public async Task A_server_without_a_health_service_is_healthy()
    {
        await using var plain = await Upstream.StartAsync(
            context =>
            {
                context.Response.ContentType = "application/grpc";
                context.Response.Headers["grpc-status"] = "12";
                return Task.CompletedTask;
            },
            HttpProtocols.Http2);
        await _gateway.ReplaceAsync(RoutesFiles.Of("/a.B", plain.Address, RoutesFiles.Grpc));
        await Eventually.True(() => State("a.B").Destinations.Values.Single().Health.Active == DestinationHealth.Healthy);
        Assert.Contains("/grpc.health.v1.Health/Check", plain.Paths);
    }

    [Fact]
    public async Task Clusters_that_ask_for_one_name_at_once_all_get_its_addresses()
    {
        var found = new TaskCompletionSource<IPAddress[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var resolver = new HeadlessResolver((_, _) => found.Task, TimeProvider.System, NullLogger<HeadlessResolver>.Instance);
        var destinations = new Dictionary<string, DestinationConfig>
        {
            ["d"] = new() { Address = "http://one-name.demo.svc:1", Metadata = new Dictionary<string, string> { [RoutesParser.BalancingKey] = RoutesParser.PerRequest } },
        };
        var asked = Enumerable.Range(0, 2).Select(_ => resolver.ResolveDestinationsAsync(destinations, default).AsTask()).ToList();
        found.SetResult([IPAddress.Parse("127.0.0.11")]);
        foreach (var resolved in await Task.WhenAll(asked))
            Assert.Equal(["d/127.0.0.11"], resolved.Destinations.Keys);
    }

    private RpcChannel Channel() => new(_gateway.Address.GetLeftPart(UriPartial.Authority), new RpcChannelOptions { Attempts = 1 });

    private static Task<RpcReply<Answer>> GetAsync(RpcChannel channel) =>
        channel.UnaryAsync(RpcMethod.Of<Ask, Answer>(RichReflection.Descriptor.Services[0].FindMethodByName("Get")), new Ask());

    private ClusterState State(string cluster) => _gateway.Get<IProxyStateLookup>().TryGetCluster(cluster, out var state) ? state : throw new KeyNotFoundException(cluster);

    private IEnumerable<DestinationState> Available() => State(ShopServer.Path.Trim('/')).DestinationsState.AvailableDestinations;

    private DestinationState Destination(int pod) => State(ShopServer.Path.Trim('/')).Destinations.Values.Single(d => d.DestinationId.EndsWith($"127.0.0.1{pod + 1}", StringComparison.Ordinal));
}
