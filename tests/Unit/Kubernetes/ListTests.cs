using System.Net;
using System.Text;
using System.Text.Json;
using Fleet.Kubernetes;
using Xunit;

namespace Fleet.Unit.Kubernetes;

/// <summary>Lists: pages, selectors, and a body that arrives in any pieces.</summary>
public sealed class ListTests
{
    private static readonly CancellationToken Stop = CancellationToken.None;

    [Fact]
    public async Task Pages_follow_the_continue_token()
    {
        var server = StubServer.Answering(
            StubServer.Json("""{"kind":"PodList","metadata":{"resourceVersion":"9","continue":"a/b=="},"items":[{"metadata":{"name":"a"}},{"metadata":{"name":"b"}}]}"""),
            StubServer.Json("""{"apiVersion":"v1","items":[{"metadata":{"name":"c"}}],"kind":"PodList","metadata":{"resourceVersion":"9"}}"""));
        using var api = server.Client();
        var pages = await ReadAsync(api.ListAsync(Kinds.Pods, new("demo", "app=shop,tier!=x", "status.phase=Running"), Stop, pageSize: 2));

        Assert.Equal(["a,b 9 False", "c 9 True"], pages.Select(p => $"{string.Join(',', p.Items.Select(i => i.Metadata.Name))} {p.ResourceVersion} {p.IsLast}"));
        Assert.All(server.Requests, r => Assert.Equal(
            ("/base/api/v1/namespaces/demo/pods", "2", "app=shop,tier!=x", "status.phase=Running"), (r.Path, r.Query("limit"), r.Query("labelSelector"), r.Query("fieldSelector"))));
        Assert.Equal([null, "a/b=="], server.Requests.Select(r => r.Query("continue")));
    }

    [Fact]
    public async Task All_namespaces_metadata_only()
    {
        var server = StubServer.Answering(StubServer.Json("""{"items":null,"metadata":{}}"""));
        using var api = server.Client();
        var page = Assert.Single(await ReadAsync(api.ListAsync(Kinds.MetadataOf(Resources.Secrets), new(), Stop)));
        Assert.Empty(page.Items);
        Assert.Equal("/base/api/v1/secrets", server.Requests[0].Path);
        Assert.Equal("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json", server.Requests[0].Header("Accept"));
    }

    [Fact]
    public async Task An_expired_token_is_gone()
    {
        using var api = StubServer.Answering(StubServer.Json("""{"metadata":{"continue":"x"},"items":[]}"""), StubServer.Refusal(HttpStatusCode.Gone, "Expired")).Client();
        Assert.True((await Assert.ThrowsAsync<ApiException>(() => ReadAsync(api.ListAsync(Kinds.Pods, new(), Stop)))).IsGone);
    }

    [Fact]
    public async Task A_server_that_repeats_itself_is_left()
    {
        using var api = new StubServer(_ => StubServer.Json("""{"metadata":{"continue":"x"},"items":[]}""")).Client();
        await Assert.ThrowsAsync<InvalidDataException>(() => ReadAsync(api.ListAsync(Kinds.Pods, new(), Stop)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(1000)]
    [InlineData(100000)]
    public async Task A_page_reads_the_same_in_any_pieces(int pieceLength)
    {
        var items = string.Join(",\n", Enumerable.Range(0, 30).Select(i => $$$"""{"metadata":{"name":"p{{{i}}}","annotations":{"x":"{{{new string('y', i * 40)}}}]},\"ü€"}},"spec":{"items":[{"a":[]}]}}"""));
        var text = $$$"""{"remaining":null,"extra":{"items":[1]},"items" : [ {{{items}}} ] , "metadata":{"resourceVersion":"5"}}""" + "\n";
        var (read, meta) = await new ListPageReader<PartialObject>(Kinds.MetadataOf(Resources.Pods).Read, 1 << 20)
            .ReadAsync(new PieceStream(Encoding.UTF8.GetBytes(text), pieceLength), Stop);
        Assert.Equal(Enumerable.Range(0, 30).Select(i => $"p{i}"), read.Select(i => i.Metadata.Name));
        Assert.Equal("5", meta.ResourceVersion);
    }

    [Fact]
    public async Task An_object_of_megabytes_is_read_once_or_twice_not_per_piece()
    {
        var text = $$$"""{"items":[{"metadata":{"name":"big","annotations":{"x":"{{{new string('y', 4 << 20)}}}"} } }]}""";
        var (read, _) = await new ListPageReader<PartialObject>(Kinds.MetadataOf(Resources.Pods).Read, 8 << 20).ReadAsync(new PieceStream(Encoding.UTF8.GetBytes(text), 1000), Stop);
        Assert.Equal("big", Assert.Single(read).Metadata.Name);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(1 << 20)]
    public async Task An_object_beyond_the_bound_is_not_read(int pieceLength)
    {
        var text = $$$"""{"items":[{"metadata":{"name":"{{{new string('y', 5000)}}}"}}]}""";
        var reader = new ListPageReader<PartialObject>(Kinds.MetadataOf(Resources.Pods).Read, 1024);
        await Assert.ThrowsAsync<InvalidDataException>(() => reader.ReadAsync(new PieceStream(Encoding.UTF8.GetBytes(text), pieceLength), Stop));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("""{"items":{}}""")]
    [InlineData("""{"items":[1]}""")]
    [InlineData("""{"items":[{]}""")]
    [InlineData("""{"items":[{"metadata":7}]}""")]
    public async Task What_is_no_list_says_so(string text)
    {
        using var api = StubServer.Answering(StubServer.Json(text)).Client();
        await Assert.ThrowsAnyAsync<JsonException>(() => ReadAsync(api.ListAsync(Kinds.Pods, new(), Stop)));
    }

    [Fact]
    public async Task A_cut_list_is_a_broken_connection()
    {
        using var api = StubServer.Answering(StubServer.Json("""{"items":[{"metadata":{"name":"a"}},{"metad""")).Client();
        await Assert.ThrowsAsync<IOException>(() => ReadAsync(api.ListAsync(Kinds.Pods, new(), Stop)));
    }

    private static async Task<List<ListPage<T>>> ReadAsync<T>(IAsyncEnumerable<ListPage<T>> pages)
    {
        var all = new List<ListPage<T>>();
        await foreach (var page in pages)
            all.Add(page);
        return all;
    }
}

/// <summary>Gives out bytes in pieces of a length, whatever is asked for.</summary>
internal sealed class PieceStream(byte[] bytes, int pieceLength) : MemoryStream(bytes)
{
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        base.ReadAsync(buffer[..Math.Min(buffer.Length, pieceLength)], cancellationToken);
}
