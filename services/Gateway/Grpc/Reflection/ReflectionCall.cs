using Fleet.Rpc;
using Fleet.Rpc.Reflection;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace Fleet.Gateway;

/// <summary>Asks one server to describe itself: the files that declare the given names, and all that those import.</summary>
internal sealed class ReflectionCall(RpcChannel channel) : IDisposable
{
    private const int MaxFiles = 1000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    // The older name has the same messages, and servers that only know it are common.
    private static readonly string[] Paths =
        ["/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"];

    private static readonly RpcCallOptions Options = new() { Timeout = Patience, Idempotent = true };

    private readonly Dictionary<string, FileDescriptorProto> _files = [];
    private int _path;

    /// <exception cref="RpcException">The server does not answer, has no reflection (UNIMPLEMENTED), or does not know a name (NOT_FOUND).</exception>
    /// <exception cref="InvalidDataException">What it describes does not fit together.</exception>
    public async Task<TypeSet> DescribeAsync(IEnumerable<string> symbols, CancellationToken stop)
    {
        foreach (var symbol in symbols)
            await AskAsync(new ServerReflectionRequest { FileContainingSymbol = symbol }, stop);
        while (Missing() is { } name)
        {
            if (_files.Count >= MaxFiles)
                throw new InvalidDataException($"more than {MaxFiles} files");
            await AskAsync(new ServerReflectionRequest { FileByFilename = name }, stop);
            if (!_files.ContainsKey(name))
                throw new InvalidDataException($"{name} is imported and not described");
        }

        return DescriptorSet.Link(_files);
    }

    public void Dispose() => channel.Dispose();

    private string? Missing() => _files.Values.SelectMany(f => f.Dependency).FirstOrDefault(name => !_files.ContainsKey(name));

    private async Task AskAsync(ServerReflectionRequest request, CancellationToken stop)
    {
        try
        {
            await AskAsync(Paths[_path], request, stop);
        }
        catch (RpcException e) when (e.Status.Code == RpcStatusCode.Unimplemented && _path + 1 < Paths.Length)
        {
            await AskAsync(Paths[++_path], request, stop);
        }
    }

    private async Task AskAsync(string path, ServerReflectionRequest request, CancellationToken stop)
    {
        var method = new RpcMethod<ServerReflectionRequest, ServerReflectionResponse>(
            path, RpcCodec.Of<ServerReflectionRequest>(), RpcCodec.Of<ServerReflectionResponse>());
        await using var answers = await channel.ServerStreamingAsync(method, request, Options, stop);
        var answer = await answers.ReadAsync() ?? throw new InvalidDataException("reflection gave no answer");
        if (answer.ErrorResponse is { } error)
            throw new RpcException((RpcStatusCode)error.ErrorCode, error.ErrorMessage);
        foreach (var bytes in answer.FileDescriptorResponse?.FileDescriptorProto ?? [])
        {
            var file = FileDescriptorProto.Parser.ParseFrom(bytes);
            _files[file.Name] = file;
        }
    }
}
