using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Fleet.Benchmarks.Http;
using Fleet.Benchmarks.Measuring;
using Fleet.Benchmarks.Report;
using Fleet.Contracts.Orders.V1;
using Fleet.Testing;
using Google.Protobuf;

namespace Fleet.Benchmarks.Services;

/// <summary>
/// Users and Orders, each reading one record, beside a bare Kestrel endpoint that answers as many bytes over the same protocol. What ours do more is what they are for: they verify the
/// caller's token, read the record from SQLite, count the request in metrics and serialize the answer.
/// </summary>
internal sealed class ServicesFamily : IFamily
{
    private const int Port = 8080;
    private const string Subject = "customer";

    /// <inheritdoc/>
    public string Name => "services";

    /// <inheritdoc/>
    public string Summary => "Users and Orders beside a bare Kestrel endpoint";

    /// <inheritdoc/>
    public async Task RunAsync(BenchmarkRun run, CancellationToken stop)
    {
        var folder = Directory.CreateTempSubdirectory("fleet-bench-");
        try
        {
            var generator = new H2Load(await DebianTools.InstallAsync(stop), folder.FullName);
            var network = new Loopback();
            run.Tell($"  {Cores.Describe()}");
            await using var issuer = await BenchIssuer.StartAsync(network.At(1, Port));
            await UsersAsync(run, generator, network, folder.FullName, issuer, stop);
            await OrdersAsync(run, generator, network, folder.FullName, issuer, stop);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task UsersAsync(BenchmarkRun run, H2Load generator, Loopback network, string folder, BenchIssuer issuer, CancellationToken stop)
    {
        await using var users = await StartAsync("Users", network.Host(2), folder, issuer, run);
        using var http = Client(users, issuer, HttpVersion.Version11);
        using var json = new StringContent("""{"email":"ann@example.com","name":"Ann"}""", Encoding.UTF8, "application/json");
        using var created = await http.PostAsync(new Uri("users", UriKind.Relative), json, stop);
        created.EnsureSuccessStatusCode();
        var load = new HttpLoad(HttpProtocol.Http1, $"users/{Subject}") { Headers = [issuer.AuthorizationOf(Subject)] };
        await using var bare = await BareAsync(network.Host(3), folder, await http.GetByteArrayAsync(new Uri(load.Path, UriKind.Relative), stop), grpc: false);
        await CompareAsync(run, generator, "Users: read a profile", users, bare, load, stop);
    }

    private static async Task OrdersAsync(BenchmarkRun run, H2Load generator, Loopback network, string folder, BenchIssuer issuer, CancellationToken stop)
    {
        await using var orders = await StartAsync("Orders", network.Host(4), folder, issuer, run);
        using var http = Client(orders, issuer, HttpVersion.Version20);
        var order = Order.Parser.ParseFrom((await CallAsync(http, "PlaceOrder", new PlaceOrderRequest
        {
            IdempotencyKey = "1", Items = { new OrderItem { Sku = "tea", Quantity = 2, UnitPrice = new() { CurrencyCode = "EUR", MinorUnits = 450 } } },
        }, stop)).AsSpan(RpcBody.Prefix));
        var question = new GetOrderRequest { OrderId = order.Id };
        var body = Path.Combine(folder, "question");
        await File.WriteAllBytesAsync(body, RpcBody.Of(question), stop);
        var load = new HttpLoad(HttpProtocol.Http2, "orders.v1.Orders/GetOrder")
        {
            Connections = 4, Streams = 8, Headers = [issuer.AuthorizationOf(Subject), "content-type: application/grpc", "te: trailers"], Body = body,
        };
        await using var bare = await BareAsync(network.Host(5), folder, await CallAsync(http, "GetOrder", question, stop), grpc: true);
        await CompareAsync(run, generator, "Orders: read an order, gRPC", orders, bare, load, stop);
    }

    private static async Task CompareAsync(BenchmarkRun run, H2Load generator, string group, ServerUnderTest ours, ServerUnderTest bare, HttpLoad load, CancellationToken stop)
    {
        Side[] sides = [new(ours, load), new(bare, load)];
        await SideBySide.WarmUpAsync(generator, sides, stop);
        var figures = await SideBySide.MeasureAsync(generator, sides, turns: run.Quick ? 3 : 5, TimeSpan.FromMilliseconds(run.Quick ? 1000 : 4000), stop);
        Row Row(string what, string unit, Func<LoadFigures, double> figure) => new()
        {
            Family = "services", Group = group, What = what, Unit = unit, Ours = figure(figures[0]), Other = figure(figures[1]), OtherName = "bare Kestrel",
        };
        run.Add(Row("requests", Units.PerSecond, f => f.PerSecond) with { MoreIsBetter = true });
        run.Add(Row("p50", Units.Milliseconds, f => f.P50));
        run.Add(Row("p99", Units.Milliseconds, f => f.P99));
        run.Add(Row("processor time of a request", Units.Microseconds, f => f.CpuOfRequest));
        run.Add(Row("memory", Units.Mebibytes, _ => 0) with { Ours = ours.Usage.Resident, Other = bare.Usage.Resident });
    }

    private static async Task<ServerUnderTest> StartAsync(string service, string host, string folder, BenchIssuer issuer, BenchmarkRun run)
    {
        var program = await Published.ProgramAsync($"services/{service}", $"Fleet.{service}.dll", run);
        var variables = new Dictionary<string, string?>(issuer.Environment)
        {
            ["LISTEN_ADDRESS"] = host, ["PORT"] = $"{Port}", ["MANAGEMENT_PORT"] = "8081", ["DATA_DIR"] = Directory.CreateDirectory(Path.Combine(folder, service)).FullName,
        };
        var address = new Uri($"http://{host}:{Port}");
        return await ServerUnderTest.StartAsync(service, address, address, new($"http://{host}:8081/healthz/ready"), Cores.Server, OperatorProcess.DotNet, [program], variables);
    }

    private static async Task<ServerUnderTest> BareAsync(string host, string folder, byte[] answer, bool grpc)
    {
        var file = Path.Combine(folder, host);
        await File.WriteAllBytesAsync(file, answer);
        var address = new Uri($"http://{host}:{Port}");
        string[] arguments = [typeof(ServicesFamily).Assembly.Location, BareEndpoint.Name, address.AbsoluteUri, file, .. grpc ? (string[])["--grpc"] : []];
        return await ServerUnderTest.StartAsync(BareEndpoint.Name, address, address, address, Cores.Server, OperatorProcess.DotNet, arguments, new Dictionary<string, string?>(), grpc ? HttpVersion.Version20 : HttpVersion.Version11);
    }

    private static HttpClient Client(ServerUnderTest server, BenchIssuer issuer, Version version)
    {
        var http = new HttpClient { BaseAddress = server.Http1, DefaultRequestVersion = version, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
        http.DefaultRequestHeaders.Authorization = AuthenticationHeaderValue.Parse(issuer.AuthorizationOf(Subject).Split(": ")[1]);
        return http;
    }

    private static async Task<byte[]> CallAsync(HttpClient http, string method, IMessage request, CancellationToken stop)
    {
        using var content = new ByteArrayContent(RpcBody.Of(request));
        content.Headers.ContentType = new("application/grpc");
        using var answer = await http.PostAsync(new Uri($"orders.v1.Orders/{method}", UriKind.Relative), content, stop);
        var body = await answer.Content.ReadAsByteArrayAsync(stop);
        return answer.TrailingHeaders.TryGetValues("grpc-status", out var status) && status.Single() == "0" ? body : throw new InvalidOperationException($"{method} failed: {answer.Headers}{answer.TrailingHeaders}");
    }
}
