using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Apps;

namespace Fleet.Controller;

/// <summary>What became of a review.</summary>
/// <param name="Outcome">For the metrics: allowed, warned, denied or passed (not ours to judge).</param>
/// <param name="Review">The AdmissionReview to answer with.</param>
internal sealed record AdmissionVerdict(string Outcome, JsonObject Review);

/// <summary>
/// Judges an app before it is stored, by the rules that the operator would refuse it by: pure. Rule: kubernetes.io, "Dynamic Admission Control", request and response.
/// Whatever stands in nobody's way is allowed: an app that goes away, a status, and a change of metadata alone, so that an app from before a rule can still be labelled.
/// </summary>
internal static class AdmissionReviews
{
    /// <summary>In characters; clients and servers cut longer ones.</summary>
    private const int LongestWarning = 256;

    private const int MostWarnings = 15; // servers drop all after 4096 characters

    /// <summary>Answers a review; null when it is none of admission.k8s.io/v1.</summary>
    /// <param name="asked">The request's body.</param>
    /// <param name="settings">Which images are the bundled ones.</param>
    /// <param name="watched">The namespaces that are judged; empty for all.</param>
    internal static AdmissionVerdict? Judge(JsonNode? asked, OperatorSettings settings, IReadOnlyCollection<string> watched)
    {
        if (asked is not JsonObject review || Text(review, "apiVersion") != "admission.k8s.io/v1" || Text(review, "kind") != "AdmissionReview" ||
            review["request"] is not JsonObject request || Text(request, "uid") is not { } uid)
            return null;
        if (!IsOurs(request, watched) || request["object"] is not JsonObject app)
            return Answer(uid, "passed");

        app.Remove("status"); // not the user's, and the operator may have been a newer one
        var (read, unread) = AppDocument.Read(app, settings);
        // What the schema says, the server has said before. Fields that only it knows are its business.
        var effective = read is null ? null : EffectiveApp.Of(read, settings);
        var problems = effective is null ? unread : [.. AppRules.Check(effective).Take(SchemaValidator.MaxProblems)];
        if (problems.Count > 0)
            return Answer(uid, "denied", ("allowed", false), ("status", Refusal(app, problems)));
        return effective is not null && Warnings.Of(effective) is { Count: > 0 } warnings
            ? Answer(uid, "warned", ("allowed", true), ("warnings", Lines(warnings)))
            : Answer(uid, "allowed");
    }

    /// <summary>A review of a small app.</summary>
    internal static JsonNode? Example() => JsonNode.Parse($$$"""
        {
          "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
          "request": {
            "uid": "example", "operation": "CREATE", "namespace": "default",
            "resource": { "group": "{{{MicroserviceApp.Resource.Group}}}", "version": "v1", "resource": "{{{MicroserviceApp.Resource.Plural}}}" },
            "object": {
              "apiVersion": "{{{MicroserviceApp.Resource.ApiVersion}}}", "kind": "{{{MicroserviceApp.Resource.Kind}}}", "metadata": { "name": "example" },
              "spec": {
                "services": [
                  { "name": "web", "port": 80, "protocol": "HTTP", "image": "web", "dependsOn": ["wep"], "podTemplate": { "spec": { "hostname": "a" } } },
                  { "name": "auth", "port": 8001, "protocol": "HTTP/REST" }
                ],
                "gateway": { "port": 80 }
              }
            }
          }
        }
        """);

    private static bool IsOurs(JsonObject request, IReadOnlyCollection<string> watched)
    {
        if (Text(request, "operation") is not ("CREATE" or "UPDATE") || Text(request, "subResource") is { Length: > 0 })
            return false;
        if (request["resource"] is not JsonObject resource ||
            Text(resource, "group") != MicroserviceApp.Resource.Group || Text(resource, "resource") != MicroserviceApp.Resource.Plural)
            return false;
        if (watched.Count > 0 && !watched.Contains(Text(request, "namespace") ?? ""))
            return false;
        var (now, before) = (request["object"] as JsonObject, request["oldObject"] as JsonObject);
        return (now?["metadata"] as JsonObject)?["deletionTimestamp"] is null && (before is null || !JsonNode.DeepEquals(now?["spec"], before["spec"]));
    }

    /// <summary>As the server itself refuses an invalid object, so that clients show each problem at its field.</summary>
    private static JsonObject Refusal(JsonObject app, IReadOnlyList<Problem> problems)
    {
        var name = app["metadata"] is JsonObject metadata ? Text(metadata, "name") ?? "" : "";
        return new()
        {
            ["status"] = "Failure",
            ["code"] = 422,
            ["reason"] = "Invalid",
            ["message"] = string.Join("; ", problems),
            ["details"] = new JsonObject
            {
                ["name"] = name,
                ["group"] = MicroserviceApp.Resource.Group,
                ["kind"] = MicroserviceApp.Resource.Kind,
                ["causes"] = new JsonArray([.. problems.Select(p => new JsonObject { ["reason"] = "FieldValueInvalid", ["field"] = p.Path, ["message"] = p.Message })]),
            },
        };
    }

    private static JsonArray Lines(IReadOnlyList<Problem> warnings)
    {
        var lines = warnings.Take(MostWarnings).Select(w => Excerpt.Of(w.ToString(), LongestWarning)).ToList();
        if (warnings.Count > MostWarnings)
            lines.Add($"and {warnings.Count - MostWarnings} more");
        return new([.. lines.Select(l => (JsonNode)l)]);
    }

    private static AdmissionVerdict Answer(string uid, string outcome, params (string Name, JsonNode Value)[] fields)
    {
        var response = new JsonObject { ["uid"] = uid };
        foreach (var (name, value) in fields is [] ? [("allowed", true)] : fields)
            response[name] = value;
        return new(outcome, new() { ["apiVersion"] = "admission.k8s.io/v1", ["kind"] = "AdmissionReview", ["response"] = response });
    }

    private static string? Text(JsonObject fields, string name) =>
        fields[name] is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;
}
