using Fleet.Rpc;

namespace Fleet.Gateway;

/// <summary>The names of gRPC's codes in the Connect protocol, and the HTTP status of each ("Connect Protocol Reference", Error Codes).</summary>
internal static class ConnectCodes
{
    public static (string Name, int Status) Of(RpcStatusCode code) => code switch
    {
        RpcStatusCode.Cancelled => ("canceled", 499),
        RpcStatusCode.InvalidArgument => ("invalid_argument", 400),
        RpcStatusCode.DeadlineExceeded => ("deadline_exceeded", 504),
        RpcStatusCode.NotFound => ("not_found", 404),
        RpcStatusCode.AlreadyExists => ("already_exists", 409),
        RpcStatusCode.PermissionDenied => ("permission_denied", 403),
        RpcStatusCode.ResourceExhausted => ("resource_exhausted", 429),
        RpcStatusCode.FailedPrecondition => ("failed_precondition", 400),
        RpcStatusCode.Aborted => ("aborted", 409),
        RpcStatusCode.OutOfRange => ("out_of_range", 400),
        RpcStatusCode.Unimplemented => ("unimplemented", 501),
        RpcStatusCode.Internal => ("internal", 500),
        RpcStatusCode.Unavailable => ("unavailable", 503),
        RpcStatusCode.DataLoss => ("data_loss", 500),
        RpcStatusCode.Unauthenticated => ("unauthenticated", 401),
        _ => ("unknown", 500),
    };
}
