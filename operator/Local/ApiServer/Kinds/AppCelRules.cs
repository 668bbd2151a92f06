using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Local.Schemas;

namespace Fleet.Local.ApiServer;

/// <summary>
/// The CEL rules of the MicroserviceApp, answered by the operator's own rules: they say the same, with the same words. A rule of the operator that is not
/// among the CEL of the definition is not asked here, as no server would ask it. Rules of other definitions are not evaluated.
/// </summary>
internal static class AppCelRules
{
    private static readonly HashSet<string> Messages = new(MessagesOf(Crd.Schema), StringComparer.Ordinal);

    private static readonly string PathTaken = Crd.Schema.Properties["spec"].Rules.Single(r => r.Rule.Contains("pathPrefix", StringComparison.Ordinal)).Message;

    private static readonly string NoIssuer = Crd.Schema.Properties["spec"].Rules.Single(r => r.Rule.Contains("gateway.auth.issuer", StringComparison.Ordinal)).Message;

    // Which registry the bundled images come from is the operator's to know. The CEL goes by the names of services, so here no image is a bundled one.
    private static readonly OperatorSettings Settings = new("\n", "local");

    /// <summary>Whether a violation of the schema keeps a server from asking the rules: an expression could not go by what is there.</summary>
    internal static bool IsBlocking(string reason) =>
        reason is "FieldValueRequired" or "FieldValueNotSupported" or "FieldValueTooLong" or "FieldValueTooMany" or "FieldValueTypeInvalid";

    /// <summary>What a server with CEL would refuse, at its path.</summary>
    /// <param name="kind">The object's kind.</param>
    /// <param name="body">The object.</param>
    /// <param name="isShapeless">Whether a violation of the schema is blocking, which a server tells in place of what its rules would say.</param>
    internal static IEnumerable<(string Path, string Message)> Check(ServedKind kind, JsonObject body, bool isShapeless) =>
        kind.Resource.Group != MicroserviceApp.Resource.Group || kind.Resource.Kind != MicroserviceApp.Resource.Kind
            ? []
            : isShapeless
            ? [("<nil>", "null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation")]
            : AppDocument.Read(body, Settings).Problems.Where(p => IsCel(p, body)).Select(p => (p.Path, p.Message));

    // A rule may add to its words what it found. That of paths goes further than its CEL, which compares only what was written down; that of issuers less far,
    // for which any image called so may be the bundled one.
    private static bool IsCel(Problem problem, JsonObject body) =>
        Messages.Any(m => problem.Message.StartsWith(m, StringComparison.Ordinal)) &&
        (!problem.Message.StartsWith(PathTaken, StringComparison.Ordinal) || RepeatsPath(body)) &&
        (!problem.Message.StartsWith(NoIssuer, StringComparison.Ordinal) || !MayIssue(body));

    private static bool MayIssue(JsonObject body) =>
        (body["spec"] as JsonObject ?? []).Objects("services").Any(s => s.Text("image")?.Contains("/fleet-auth", StringComparison.Ordinal) == true);

    private static bool RepeatsPath(JsonObject body)
    {
        var routed = (body["spec"] as JsonObject ?? []).Objects("services").Where(IsRoutedByPath).ToList();
        return routed.Any(a => (a["route"] as JsonObject)?.Text("pathPrefix") is { } path && routed.Any(b => b != a && Path(b) == path));
    }

    private static bool IsRoutedByPath(JsonObject service)
    {
        var route = service["route"] as JsonObject ?? [];
        return service.Text("protocol") != "gRPC" && (service.Text("state") ?? "Active") == "Active" && route["hostnames"] is null && route["enabled"]?.GetValue<bool>() != false;
    }

    private static string Path(JsonObject service) => (service["route"] as JsonObject)?.Text("pathPrefix") ?? $"/{service.Text("name")}";

    private static IEnumerable<string> MessagesOf(Schema schema) =>
    [
        .. schema.Rules.Select(r => r.Message),
        .. schema.Properties.Values.SelectMany(MessagesOf),
        .. schema.Items is { } items ? MessagesOf(items) : [],
        .. schema.AdditionalProperties is { } values ? MessagesOf(values) : [],
    ];
}
