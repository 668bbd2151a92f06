using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Fleet.Local.Processes;
using Fleet.Testing;
using Xunit;

namespace Fleet.Unit.Local.Processes;

public sealed class ProxyTests : IDisposable
{
    private readonly List<IDisposable> _owned = [];

    [Fact]
    public async Task Connections_take_turns_and_a_dead_place_is_passed_over()
    {
        IPEndPoint[] targets = [Echo("a"), ClosedPlace(), Echo("b")];
        var proxy = Proxy(() => targets);
        var answers = new List<string>();
        for (var i = 0; i < 6; i++)
            answers.Add(await AskAsync(proxy, "x"));
        Assert.Equal(["ax", "bx"], answers.Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_end_of_one_direction_is_passed_on_and_the_other_goes_on()
    {
        var proxy = Proxy(() => [Echo("")]);
        using var client = await ConnectAsync(proxy);
        await using var stream = new NetworkStream(client);
        var sent = new byte[5_000_000];
        Random.Shared.NextBytes(sent);
        // The echo answers while it is sent to; both sides stop when the other does not read.
        var sending = Task.Run(async () =>
        {
            for (var at = 0; at < sent.Length;)
                at += await client.SendAsync(sent.AsMemory(at, Math.Min(100_000, sent.Length - at)));
            client.Shutdown(SocketShutdown.Send);
        });
        using var received = new MemoryStream();
        await stream.CopyToAsync(received);
        await sending;
        Assert.True(received.ToArray().AsSpan().SequenceEqual(sent));
    }

    [Fact]
    public async Task Without_a_place_to_go_a_connection_is_reset()
    {
        var proxy = Proxy(() => []);
        var e = await Assert.ThrowsAsync<SocketException>(async () =>
        {
            using var client = await ConnectAsync(proxy); // the reset may be there before the connecting is done
            await client.SendAsync("x"u8.ToArray());
            Assert.Equal(0, await client.ReceiveAsync(new byte[1]));
            throw new InvalidOperationException("the connection was closed in order");
        });
        Assert.Equal(SocketError.ConnectionReset, e.SocketErrorCode);
    }

    [Fact]
    public async Task A_connection_outlives_the_place_it_went_to_and_the_proxy()
    {
        var targets = new List<IPEndPoint> { Echo("a") };
        var proxy = Proxy(() => [.. targets]);
        using var client = await ConnectAsync(proxy);
        await client.SendAsync("1"u8.ToArray());
        Assert.Equal("a", await ReceiveAsync(client, 1));
        Assert.Equal("1", await ReceiveAsync(client, 1));
        targets.Clear();
        proxy.Dispose();
        await client.SendAsync("2"u8.ToArray());
        Assert.Equal("2", await ReceiveAsync(client, 1));
    }

    [Fact]
    public void A_port_that_is_taken_gives_way_to_the_next_and_says_so()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        var (listener, reason) = PortSearch.Listen(IPAddress.Loopback, port);
        using (listener)
        {
            Assert.NotEqual(port, ((IPEndPoint)listener.LocalEndPoint!).Port);
            Assert.Equal($"port {port} is taken", reason);
        }
    }

    [Fact]
    public async Task A_name_keeps_its_address_from_before_its_Service_comes_until_after_it_is_gone()
    {
        using var addresses = LoopbackRange.Claim();
        var endpoints = new EndpointBook();
        using var proxies = new ServiceProxies(addresses, endpoints);
        var place = proxies.PlaceOf("demo", "web", 8080);
        Assert.Null(proxies.Of("demo", "web", 8080));
        Assert.Equal(8080, place.Port);

        var changes = 0;
        proxies.Changed += () => changes++;
        var cluster = $"127.{addresses.Number}.0.9";
        proxies.Set(new("demo", "web"), Service("web", cluster, 8080));
        Assert.Equal(place.Host, proxies.Of("demo", "web", 8080)!.Address.ToString());
        Assert.Equal(1, changes);
        proxies.Set(new("demo", "web"), Service("web", cluster, 8080));
        Assert.Equal(1, changes);

        endpoints.Set(new(ContainerTests.Pod("{}"), IPAddress.Loopback, new(ImmutableDictionary<int, int>.Empty.Add(80, Echo("pod ").Port)), IsReady: true));
        Assert.Equal("pod x", await AskAsync(IPEndPoint.Parse($"{place.Host}:8080"), "x"));
        Assert.Equal("pod x", await AskAsync(IPEndPoint.Parse($"{cluster}:8080"), "x"));

        proxies.Set(new("demo", "web"), null);
        Assert.Null(proxies.Of("demo", "web", 8080));
        Assert.Equal(place, proxies.PlaceOf("demo", "web", 8080));
        proxies.Set(new("demo", "other"), Service("other", cluster.Replace(".0.9", ".0.10", StringComparison.Ordinal), 1234));
        Assert.Equal($"127.{addresses.Number}.0.10:1234", proxies.Of("demo", "other", 1234)!.ToString());
    }

    [Fact]
    public void A_wanted_port_is_at_127_0_0_1_or_at_the_next_one()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        using var addresses = LoopbackRange.Claim();
        using var proxies = new ServiceProxies(addresses, new(), new Dictionary<ServicePortName, int> { [new("demo", "web", 80)] = port });
        proxies.Set(new("demo", "web"), Service("web", "None", 80));
        Assert.Equal("127.0.0.1", proxies.Of("demo", "web", 80)!.Address.ToString());
        Assert.Equal($"port {port} is taken", proxies.ReasonOf("demo", "web", 80));
    }

    [Fact]
    public void Only_ready_pods_that_the_selector_names_are_connected_to_unless_the_Service_wants_all()
    {
        var book = new EndpointBook();
        var pod = ContainerTests.Pod("""{ "ports": [ { "name": "http", "containerPort": 8080 } ] }""");
        book.Set(new(pod, IPAddress.Parse("127.9.128.1"), PodPorts.Same, IsReady: false));
        var service = Service("web", "None", 80);
        Assert.Empty(book.Of(service, new() { Port = 80, TargetPort = new("http") }));
        var all = service with { Spec = service.Spec with { PublishNotReadyAddresses = true } };
        Assert.Equal("127.9.128.1:8080", Assert.Single(book.Of(all, new() { Port = 80, TargetPort = new("http") })).ToString());
        Assert.Equal("127.9.128.1:80", Assert.Single(book.Of(all, new() { Port = 80 })).ToString());
        Assert.Empty(book.Of(all, new() { Port = 80, TargetPort = new("none") }));
        Assert.Empty(book.Of(all with { Spec = all.Spec with { Selector = new Dictionary<string, string> { ["app"] = "other" } } }, new() { Port = 80 }));
        book.Remove("uid");
        Assert.Empty(book.Of(all, new() { Port = 80 }));
    }

    [Fact]
    public void Addresses_are_of_the_second_half_and_come_again_late()
    {
        using var range = LoopbackRange.Of(9);
        var first = range.Take();
        Assert.Equal("127.9.128.1", first.ToString());
        range.Return(first);
        Assert.Equal("127.9.128.2", range.Take().ToString());
        Assert.True(LoopbackRange.Single().IsSingle);
        using var one = LoopbackRange.Claim();
        using var other = LoopbackRange.Claim();
        Assert.NotEqual(one.Number, other.Number);
    }

    public void Dispose() => _owned.ForEach(o => o.Dispose());

    private static LocalService Service(string name, string clusterIp, int port) => new()
    {
        Metadata = new() { Name = name, Namespace = "demo" },
        Spec = new() { ClusterIP = clusterIp, Selector = new Dictionary<string, string> { ["app"] = "shop" }, Ports = [new() { Port = port, TargetPort = 80 }] },
    };

    private TcpProxy Proxy(Func<IReadOnlyList<IPEndPoint>> targets)
    {
        var proxy = new TcpProxy(PortSearch.Listen(IPAddress.Loopback, 0).Listener, targets);
        _owned.Add(proxy);
        return proxy;
    }

    /// <summary>A server that says its name and then whatever it is told.</summary>
    private IPEndPoint Echo(string name)
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        _owned.Add(listener);
        _ = Task.Run(async () =>
        {
            while (true)
            {
                var client = await listener.AcceptTcpClientAsync();
                _ = Task.Run(async () =>
                {
                    using (client)
                    {
                        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(name));
                        await client.GetStream().CopyToAsync(client.GetStream());
                    }
                });
            }
        });
        return (IPEndPoint)listener.LocalEndpoint;
    }

    /// <summary>Bound and not listened at, so that connections are refused and nobody else can listen there meanwhile.</summary>
    private IPEndPoint ClosedPlace()
    {
        var bound = new Socket(SocketType.Stream, ProtocolType.Tcp);
        _owned.Add(bound);
        bound.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return new(IPAddress.Loopback, ((IPEndPoint)bound.LocalEndPoint!).Port);
    }

    private static Task<Socket> ConnectAsync(TcpProxy proxy) => ConnectAsync(proxy.Place);

    private static async Task<Socket> ConnectAsync(IPEndPoint place)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(place);
        return socket;
    }

    private static Task<string> AskAsync(TcpProxy proxy, string text) => AskAsync(proxy.Place, text);

    private static async Task<string> AskAsync(IPEndPoint place, string text)
    {
        using var socket = await ConnectAsync(place);
        await using var stream = new NetworkStream(socket);
        await socket.SendAsync(Encoding.ASCII.GetBytes(text));
        socket.Shutdown(SocketShutdown.Send);
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync().WaitAsync(Eventually.Patience);
    }

    private static async Task<string> ReceiveAsync(Socket socket, int length)
    {
        var buffer = new byte[length];
        await socket.ReceiveAsync(buffer).WaitAsync(Eventually.Patience);
        return Encoding.ASCII.GetString(buffer);
    }
}
