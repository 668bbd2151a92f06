using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Fleet.Local.Schemas;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Fleet.Local.ApiServer;

/// <summary>
/// Every request comes in here: 1 who is it, 2 is it about an object or about the server, 3 the answer, or the refusal as a Status, 4 a line in the audit log.
/// </summary>
internal sealed partial class FrontDoor(
    string token, KindRegistry kinds, ObjectEndpoints objects, Subresources subresources, ServerDocuments documents, AuditWriter? audit, TimeProvider time, ILogger logger)
{
    private readonly byte[] _authorization = Encoding.UTF8.GetBytes($"Bearer {token}");

    /// <summary>Answers a request.</summary>
    internal async Task AnswerAsync(HttpContext http)
    {
        var received = time.GetUtcNow();
        var path = ResourcePath.Of(http.Request.Path.Value ?? "/");
        try
        {
            await AnswerAsync(http, path);
        }
        catch (ApiError e) when (!http.Response.HasStarted)
        {
            await Answers.ErrorAsync(http, e);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The client has gone.
        }
        catch (Exception e) when (!http.Response.HasStarted && e is not BadHttpRequestException)
        {
            Log.Failed(logger, e, http.Request.Method, http.Request.Path.Value);
            await Answers.JsonAsync(http, new JsonObject
            {
                ["kind"] = "Status", ["apiVersion"] = "v1", ["metadata"] = new JsonObject(), ["status"] = "Failure", ["reason"] = "InternalError", ["code"] = 500,
                ["message"] = $"Internal error occurred: {e.Message}",
            }, StatusCodes.Status500InternalServerError);
        }
        finally
        {
            audit?.Write(http, path, received);
        }
    }

    private async Task AnswerAsync(HttpContext http, ResourcePath? path)
    {
        if (await ServerDocuments.TryAnswerOpenlyAsync(http))
            return;
        if (!CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(http.Request.Headers.Authorization.ToString()), _authorization))
            throw ApiError.Unauthorized();
        if (path is not { } resource)
        {
            if (!await documents.TryAnswerAsync(http))
                throw ApiError.NoSuchPath();
            return;
        }

        var kind = kinds.Find(resource.Group, resource.Version, resource.Plural) ?? throw ApiError.NoSuchPath();
        var request = new ApiRequest(http, resource, kind);
        if (!kind.Verbs.Contains("list"))
            await ReviewAsync(request);
        else if (resource.Subresource is null || (resource.Subresource == "status" && kind.HasStatus))
            await objects.AnswerAsync(request);
        else if (!await subresources.TryAnswerAsync(request))
            throw ApiError.NoSuchPath();
    }

    // Whoever has the token may do everything.
    private static async Task ReviewAsync(ApiRequest request)
    {
        if (request.Http.Request.Method != "POST" || request.Path.Name is not null)
            throw ApiError.NoSuchMethod();
        var review = await request.ObjectAsync();
        review["apiVersion"] = request.Kind.Resource.ApiVersion;
        review["kind"] = request.Kind.Resource.Kind;
        review["status"] = new JsonObject { ["allowed"] = true };
        await Answers.JsonAsync(request.Http, review, StatusCodes.Status201Created);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "{Method} {Path} failed")]
        public static partial void Failed(ILogger logger, Exception e, string method, string? path);
    }
}
