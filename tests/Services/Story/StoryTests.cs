using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Contracts.Orders.V1;
using Fleet.Rpc;
using Fleet.ServiceTests.Hosting;
using Fleet.Testing;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Xunit;

namespace Fleet.ServiceTests.Story;

/// <summary>The documented table at work: four processes with SQLite files and no broker, reached through the gateway alone.</summary>
[Collection(nameof(Alone))]
public sealed class StoryTests : IAsyncLifetime
{
    private static readonly string Clients = RepositoryRoot.Combine("tests", "Services", "Story", "clients");
    private Shop _shop = null!;

    // A timeout that a test can reach, and that no good answer does on a busy machine; everything else is as documented.
    public async Task InitializeAsync() => _shop = await Shop.StartAsync(app => app["spec"]!["services"]![1]!["route"] = new JsonObject { ["timeoutSeconds"] = 10 });

    public async Task DisposeAsync() => await _shop.DisposeAsync();

    [Fact]
    public async Task A_customer_orders_watches_and_cancels()
    {
        using var ann = await Customer.JoinAsync(_shop.Gateway);
        using var bob = await Customer.JoinAsync(_shop.Gateway, "bob");
        var order = await ann.PlaceAsync("first");
        Assert.Equal(order, await ann.PlaceAsync("first"));
        Assert.Equal("ORDER_STATE_PLACED", await ann.StateAsync(order));
        Assert.Null(await bob.StateAsync(order));
        Assert.Equal(HttpStatusCode.OK, (await ann.CallAsync("CancelOrder", $$"""{"orderId":"{{order}}"}""")).StatusCode);
        Assert.Equal("ORDER_STATE_CANCELLED", await ann.StateAsync(order));
        Assert.Contains("warning", (await _shop["orders"].ReadyAsync()).Details, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Needs", "Backends")]
    public async Task Foreign_clients_tell_the_same_story()
    {
        using var ann = await Customer.JoinAsync(_shop.Gateway);
        var types = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(types, Types().ToByteArray());
            Assert.Equal(
                ["place", "get", "list", "watch and cancel", "refusals"],
                Steps(await BackendScripts.NodeAsync(Path.Combine(Clients, "grpc.cjs"), _shop.Gateway.Authority, ann.Token, RepositoryRoot.Combine("services", "Contracts"))));
            Assert.Equal(
                ["connect json", "connect binary", "connect json over http/2", "grpc-web", "grpc"],
                Steps(await BackendScripts.NodeAsync(Path.Combine(Clients, "connect.cjs"), _shop.Gateway.AbsoluteUri, ann.Token, types)));
            Assert.Equal(
                ["place", "get", "watch and cancel", "refusals"],
                Steps(await BackendScripts.PythonAsync(Path.Combine(Clients, "grpcio.py"), _shop.Gateway.Authority, ann.Token, types)));
        }
        finally
        {
            File.Delete(types);
        }
    }

    [Fact]
    public async Task Who_has_no_good_token_gets_401_and_what_is_not_routed_404()
    {
        using var ann = await Customer.JoinAsync(_shop.Gateway);
        foreach (var token in new[] { "", "x", ann.Token[..^4] + "AAAA", Unsigned(ann.Token) })
        {
            using var stranger = Customer.Stranger(_shop.Gateway, token);
            Assert.Equal(HttpStatusCode.Unauthorized, (await stranger.SendAsync(HttpMethod.Get, $"users/{ann.Id}")).StatusCode);
            var call = await stranger.CallAsync("GetOrder", "{}");
            Assert.Equal(HttpStatusCode.Unauthorized, call.StatusCode);
            Assert.Equal("unauthenticated", (string?)(await Customer.JsonAsync(call))["code"]);
        }

        await AssertProblemAsync(await ann.SendAsync(HttpMethod.Get, "nowhere"), HttpStatusCode.NotFound);
        Assert.Equal(HttpStatusCode.NotFound, (await ann.SendAsync(HttpMethod.Post, "grpc.reflection.v1.ServerReflection/ServerReflectionInfo", "{}")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await ann.SendAsync(HttpMethod.Get, "metrics")).StatusCode);
    }

    [Fact]
    public async Task A_backend_that_is_gone_or_slow_is_told_as_such_and_comes_back()
    {
        using var ann = await Customer.JoinAsync(_shop.Gateway);
        using var channel = new RpcChannel($"http://{_shop.Gateway.Authority}");
        await ann.PlaceAsync("before");

        await _shop["users"].SignalAsync("STOP");
        await AssertProblemAsync(await ann.SendAsync(HttpMethod.Get, $"users/{ann.Id}"), HttpStatusCode.GatewayTimeout);
        await _shop["users"].SignalAsync("CONT");

        await _shop["users"].KillAsync();
        await AssertProblemAsync(await ann.SendAsync(HttpMethod.Get, $"users/{ann.Id}"), HttpStatusCode.BadGateway, HttpStatusCode.ServiceUnavailable);
        var placing = await Customer.JsonAsync(await ann.CallAsync("PlaceOrder", Customer.Order("without users")));
        Assert.Equal("unavailable", (string?)placing["code"]);
        Assert.StartsWith("users", (string?)placing["message"], StringComparison.Ordinal);

        await _shop["orders"].KillAsync();
        Assert.Equal("unavailable", (string?)(await Customer.JsonAsync(await ann.CallAsync("GetOrder", """{"orderId":"x"}""")))["code"]);
        var refusal = await Assert.ThrowsAsync<RpcException>(() => channel.UnaryAsync(
            new RpcMethod<byte[], byte[]>("/orders.v1.Orders/GetOrder", RpcCodec.Raw, RpcCodec.Raw), [], new() { Metadata = { { "authorization", $"Bearer {ann.Token}" } } }));
        Assert.Equal(RpcStatusCode.Unavailable, refusal.Status.Code);

        await _shop["users"].StartAsync();
        await _shop["orders"].StartAsync();
        await Eventually.True(async () => (await ann.CallAsync("PlaceOrder", Customer.Order("after"))).IsSuccessStatusCode);
        Assert.True((await ann.SendAsync(HttpMethod.Get, $"users/{ann.Id}")).IsSuccessStatusCode);
    }

    [Fact]
    public async Task What_was_acknowledged_outlives_a_crash_in_the_middle_of_writing()
    {
        using var ann = await Customer.JoinAsync(_shop.Gateway);
        for (var round = 0; round < 3; round++)
        {
            var (orders, names, killed) = (new List<string>(), new List<string>(), false);
            var placing = Task.Run(async () =>
            {
                for (var i = 0; !Volatile.Read(ref killed); i++)
                {
                    var answer = await ann.CallAsync("PlaceOrder", Customer.Order($"{round}-{i}"));
                    if (answer.IsSuccessStatusCode)
                        orders.Add((string)(await Customer.JsonAsync(answer))["id"]!);
                }
            });
            var renaming = Task.Run(async () =>
            {
                for (var i = 0; !Volatile.Read(ref killed); i++)
                {
                    using var change = new HttpRequestMessage(HttpMethod.Patch, new Uri(_shop.Gateway, $"users/{ann.Id}")) { Content = new StringContent($$"""{"name":"ann {{round}} {{i}}"}""", Encoding.UTF8, "application/merge-patch+json") };
                    change.Headers.Add("If-Match", "*");
                    change.Headers.Authorization = new("Bearer", ann.Token);
                    using var http = new HttpClient();
                    var answer = await http.SendAsync(change);
                    if (answer.IsSuccessStatusCode)
                        names.Add($"ann {round} {i}");
                }
            });
            await Eventually.True(() => orders.Count >= 20 && names.Count >= 20);
            await Task.WhenAll(_shop["orders"].KillAsync(), _shop["users"].KillAsync());
            Volatile.Write(ref killed, true);
            await Task.WhenAll(placing, renaming);

            await _shop["users"].StartAsync();
            await _shop["orders"].StartAsync();
            // The gateway may know a killed server as dead for another moment.
            await Eventually.True(async () => await ann.StateAsync(orders[0]) is not null && (await ann.SendAsync(HttpMethod.Get, $"users/{ann.Id}")).IsSuccessStatusCode);
            foreach (var order in orders)
                Assert.NotNull(await ann.StateAsync(order));
            var name = (string)(await Customer.JsonAsync(await ann.SendAsync(HttpMethod.Get, $"users/{ann.Id}")))["name"]!;
            // The change that nobody was told of may have been made, or not.
            Assert.True(Number(name) >= Number(names[^1]), $"{name}, but {names[^1]} was acknowledged");
        }

        static int Number(string name) => int.Parse(name.Split(' ')[^1], System.Globalization.CultureInfo.InvariantCulture);
    }

    private static async Task AssertProblemAsync(HttpResponseMessage answer, params HttpStatusCode[] statuses)
    {
        Assert.Contains(answer.StatusCode, statuses);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        Assert.False(string.IsNullOrEmpty((string?)(await Customer.JsonAsync(answer))["detail"]));
    }

    private static string[] Steps(CommandResult client) => client.Succeeded().Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    // What protoc would give a generator. The descriptors in generated C# lack the fields' JSON names, which it sets.
    private static FileDescriptorSet Types()
    {
        var orders = OrdersReflection.Descriptor.ToProto();
        foreach (var message in orders.MessageType)
        {
            foreach (var field in message.Field)
                field.JsonName = OrdersReflection.Descriptor.FindTypeByName<MessageDescriptor>(message.Name).FindFieldByName(field.Name).JsonName;
        }

        return new() { File = { Google.Protobuf.WellKnownTypes.TimestampReflection.Descriptor.ToProto(), orders } };
    }

    // The same claims, and no signature (RFC 7519, section 6).
    private static string Unsigned(string token) =>
        $"{Convert.ToBase64String(Encoding.UTF8.GetBytes("""{"alg":"none"}""")).TrimEnd('=')}.{token.Split('.')[1]}.";
}
