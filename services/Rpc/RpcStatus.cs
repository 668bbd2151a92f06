using Fleet.Rpc.Details;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Fleet.Rpc;

/// <summary>How a call ended: the codes of gRPC, "Status codes and their use in gRPC".</summary>
public enum RpcStatusCode
{
    Ok = 0,
    Cancelled = 1,
    Unknown = 2,
    InvalidArgument = 3,
    DeadlineExceeded = 4,
    NotFound = 5,
    AlreadyExists = 6,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    FailedPrecondition = 9,
    Aborted = 10,
    OutOfRange = 11,
    Unimplemented = 12,
    Internal = 13,
    Unavailable = 14,
    DataLoss = 15,
    Unauthenticated = 16,
}

/// <summary>The end of a call: a code, a text for people, and details for programs.</summary>
/// <param name="Code">The code.</param>
/// <param name="Message">For people; empty with <see cref="RpcStatusCode.Ok"/>.</param>
/// <param name="Details">A serialized google.rpc.Status as grpc-status-details-bin carries it; null when there is none.</param>
public sealed record RpcStatus(RpcStatusCode Code, string Message = "", byte[]? Details = null)
{
    /// <summary>The call did what it was asked to.</summary>
    public static RpcStatus Ok { get; } = new(RpcStatusCode.Ok);

    /// <summary>The code as the protocol's documents write it, such as <c>DEADLINE_EXCEEDED</c>.</summary>
    public static string NameOf(RpcStatusCode code) => code switch
    {
        RpcStatusCode.InvalidArgument => "INVALID_ARGUMENT",
        RpcStatusCode.DeadlineExceeded => "DEADLINE_EXCEEDED",
        RpcStatusCode.NotFound => "NOT_FOUND",
        RpcStatusCode.AlreadyExists => "ALREADY_EXISTS",
        RpcStatusCode.PermissionDenied => "PERMISSION_DENIED",
        RpcStatusCode.ResourceExhausted => "RESOURCE_EXHAUSTED",
        RpcStatusCode.FailedPrecondition => "FAILED_PRECONDITION",
        RpcStatusCode.OutOfRange => "OUT_OF_RANGE",
        RpcStatusCode.DataLoss => "DATA_LOSS",
        _ => code.ToString().ToUpperInvariant(),
    };

    /// <summary>A refused request with every field that is wrong, as google.rpc.BadRequest.</summary>
    public static RpcStatus InvalidArgument(IReadOnlyList<(string Field, string Problem)> problems)
    {
        var bad = new BadRequest();
        bad.FieldViolations.AddRange(problems.Select(p => new BadRequest.Types.FieldViolation { Field = p.Field, Description = p.Problem }));
        var message = string.Join("; ", problems.Select(p => $"{p.Field}: {p.Problem}"));
        var details = new Status { Code = (int)RpcStatusCode.InvalidArgument, Message = message, Details = { Any.Pack(bad) } };
        return new(RpcStatusCode.InvalidArgument, message, details.ToByteArray());
    }
}

/// <summary>Ends a call with a status that is not OK: thrown by handlers on the server, to callers on the client.</summary>
/// <param name="status">How the call ends.</param>
/// <param name="trailers">What came with the status.</param>
/// <param name="inner">The cause.</param>
public sealed class RpcException(RpcStatus status, RpcMetadata? trailers = null, Exception? inner = null)
    : Exception($"{RpcStatus.NameOf(status.Code)}: {status.Message}", inner)
{
    /// <inheritdoc cref="RpcException(RpcStatus, RpcMetadata?, Exception?)"/>
    public RpcException(RpcStatusCode code, string message)
        : this(new RpcStatus(code, message))
    {
    }

    /// <summary>How the call ended.</summary>
    public RpcStatus Status { get; } = status;

    /// <summary>Metadata that came with the status.</summary>
    public RpcMetadata Trailers { get; } = trailers ?? [];
}
