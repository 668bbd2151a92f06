using System.Runtime.CompilerServices;
using Fleet.Rpc.Reflection;
using Google.Protobuf.Reflection;

namespace Fleet.Rpc;

/// <summary>Tells clients which services there are and what their messages look like (grpc.reflection.v1, and v1alpha for older ones).</summary>
public sealed class ReflectionService
{
    private readonly IReadOnlyList<ServiceDescriptor> _services;
    private readonly Dictionary<string, FileDescriptor> _files = [];
    private readonly Dictionary<string, FileDescriptor> _symbols = [];

    private ReflectionService(IEnumerable<ServiceDescriptor> services)
    {
        _services = [.. services];
        foreach (var service in _services)
            Index(service.File);
    }

    /// <summary>The given services, and the two that tell about them.</summary>
    public static IReadOnlyList<RpcService> AddTo(IReadOnlyList<RpcService> services)
    {
        ServiceDescriptor[] own = [ReflectionReflection.Descriptor.Services[0], Reflection.Alpha.ReflectionReflection.Descriptor.Services[0]];
        var reflection = new ReflectionService(services.Select(s => s.Descriptor).Concat(own));
        return [.. services, .. own.Select(reflection.ToService)];
    }

    private RpcService ToService(ServiceDescriptor version) =>
        new RpcService(version).Bidirectional<ServerReflectionRequest, ServerReflectionResponse>(
            "ServerReflectionInfo", (questions, call) => AnswerAllAsync(questions, call.Stop), endless: true);

    private async IAsyncEnumerable<ServerReflectionResponse> AnswerAllAsync(
        IAsyncEnumerable<ServerReflectionRequest> questions, [EnumeratorCancellation] CancellationToken stop)
    {
        await foreach (var question in questions.WithCancellation(stop))
        {
            var answer = Answer(question);
            answer.ValidHost = question.Host;
            answer.OriginalRequest = question;
            yield return answer;
        }
    }

    private ServerReflectionResponse Answer(ServerReflectionRequest question) => question.MessageRequestCase switch
    {
        ServerReflectionRequest.MessageRequestOneofCase.ListServices => new()
        {
            ListServicesResponse = new() { Service = { _services.Select(s => new ServiceResponse { Name = s.FullName }) } },
        },
        ServerReflectionRequest.MessageRequestOneofCase.FileByFilename => File(_files, question.FileByFilename),
        ServerReflectionRequest.MessageRequestOneofCase.FileContainingSymbol => File(_symbols, question.FileContainingSymbol),
        // Services of proto3 files: there are no extensions.
        ServerReflectionRequest.MessageRequestOneofCase.FileContainingExtension => NotFound(question.FileContainingExtension.ContainingType),
        ServerReflectionRequest.MessageRequestOneofCase.AllExtensionNumbersOfType => _symbols.ContainsKey(question.AllExtensionNumbersOfType)
            ? new() { AllExtensionNumbersResponse = new() { BaseTypeName = question.AllExtensionNumbersOfType } }
            : NotFound(question.AllExtensionNumbersOfType),
        _ => Error(RpcStatusCode.InvalidArgument, "the request asks nothing"),
    };

    private static ServerReflectionResponse File(Dictionary<string, FileDescriptor> known, string name) => known.TryGetValue(name, out var file)
        ? new() { FileDescriptorResponse = new() { FileDescriptorProto = { WithImports(file).Select(f => f.SerializedData) } } }
        : NotFound(name);

    private static ServerReflectionResponse NotFound(string name) => Error(RpcStatusCode.NotFound, $"not found: {name}");

    private static ServerReflectionResponse Error(RpcStatusCode code, string message) => new() { ErrorResponse = new() { ErrorCode = (int)code, ErrorMessage = message } };

    // The file first, then all below it, so that one answer is enough to read it.
    private static List<FileDescriptor> WithImports(FileDescriptor file)
    {
        List<FileDescriptor> all = [file];
        for (var i = 0; i < all.Count; i++)
            all.AddRange(all[i].Dependencies.Where(d => !all.Contains(d)));
        return all;
    }

    private void Index(FileDescriptor file)
    {
        if (!_files.TryAdd(file.Name, file))
            return;
        foreach (var service in file.Services)
        {
            _symbols[service.FullName] = file;
            foreach (var method in service.Methods)
                _symbols[method.FullName] = file;
        }

        foreach (var message in file.MessageTypes)
            Index(message);
        foreach (var type in file.EnumTypes)
            Index(type);
        foreach (var dependency in file.Dependencies)
            Index(dependency);
    }

    private void Index(MessageDescriptor message)
    {
        _symbols[message.FullName] = message.File;
        foreach (var field in message.Fields.InDeclarationOrder())
            _symbols[field.FullName] = message.File;
        foreach (var oneof in message.Oneofs)
            _symbols[oneof.FullName] = message.File;
        foreach (var nested in message.NestedTypes)
            Index(nested);
        foreach (var type in message.EnumTypes)
            Index(type);
    }

    private void Index(EnumDescriptor type)
    {
        _symbols[type.FullName] = type.File;
        foreach (var value in type.Values)
            _symbols[value.FullName] = type.File;
    }
}
