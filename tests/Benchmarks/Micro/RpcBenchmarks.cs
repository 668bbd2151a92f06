using System.IO.Pipelines;
using BenchmarkDotNet.Attributes;
using Fleet.Contracts.Orders.V1;
using Fleet.Rpc;

namespace Fleet.Benchmarks.Micro;

/// <summary>gRPC's framing: an order of ten items as a message in a body, and back.</summary>
public class RpcBenchmarks
{
    private static readonly RpcCodec<PlaceOrderRequest> Codec = RpcCodec.Of<PlaceOrderRequest>();

    private readonly PlaceOrderRequest _order = new()
    {
        IdempotencyKey = "0123456789",
        Items = { Enumerable.Range(0, 10).Select(i => new OrderItem { Sku = $"sku-{i}", Quantity = i + 1, UnitPrice = new() { CurrencyCode = "EUR", MinorUnits = 450 } }) },
    };

    private readonly Pipe _pipe = new();

    /// <summary>Written and read; into and out of the same pipe.</summary>
    [Benchmark]
    public async Task<object?> Frame()
    {
        var writer = new FrameWriter(_pipe.Writer, gzip: false);
        writer.Write(Codec, _order);
        await writer.FlushAsync(CancellationToken.None);
        return await new FrameReader(_pipe.Reader, gzip: false, limit: 1 << 20).ReadAsync(Codec, CancellationToken.None);
    }
}
