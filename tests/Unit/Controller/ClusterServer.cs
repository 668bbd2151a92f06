using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Kubernetes;
using Fleet.Testing;

namespace Fleet.Unit.Controller;

/// <summary>Answers for a <see cref="FakeCluster"/> as an API server does, and fails when a test wants it to.</summary>
internal sealed class ClusterServer(FakeCluster cluster, MicroserviceApp app) : HttpMessageHandler
{
    private static readonly Resource[] Kinds =
    [
        Resources.ServiceAccounts, Resources.ConfigMaps, Resources.Secrets, Resources.Roles, Resources.RoleBindings, Resources.Services, Resources.Deployments,
    ];

    private int _appVersion = 1;

    /// <summary>The app as it is stored.</summary>
    public MicroserviceApp App { get; set; } = app;

    /// <summary>What was asked: <c>create Deployment/shop-users</c>.</summary>
    public List<string> Requests { get; } = [];

    /// <summary>What was asked that changes something.</summary>
    public IEnumerable<string> Writes => Requests.Where(r => !r.StartsWith("get ", StringComparison.Ordinal));

    /// <summary>Stands between the server and its client: is given the request and what carries it out, and answers or throws.</summary>
    public Func<string, Func<HttpResponseMessage>, HttpResponseMessage> Fault { get; set; } = (_, carryOut) => carryOut();

    /// <summary>The app was changed.</summary>
    public event Action<MicroserviceApp>? AppChanged;

    public static HttpResponseMessage Refusal(HttpStatusCode code, string reason = "", string message = "no", JsonObject? details = null) => Answer(
        new JsonObject { ["kind"] = "Status", ["status"] = "Failure", ["reason"] = reason, ["message"] = message, ["code"] = (int)code, ["details"] = details }, code);

    /// <summary>Somebody changes the app.</summary>
    public void Store(MicroserviceApp changed)
    {
        App = changed with { Metadata = changed.Metadata with { ResourceVersion = $"{++_appVersion}" } };
        AppChanged?.Invoke(App);
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var body = request.Content is null ? null : JsonNode.Parse(await request.Content.ReadAsStringAsync(cancellationToken));
        // /api/v1/namespaces/NS/PLURAL/NAME/SUB or /apis/GROUP/VERSION/namespaces/NS/PLURAL/NAME/SUB
        var path = request.RequestUri!.AbsolutePath.Split('/').Skip(1).SkipWhile(p => p != "namespaces").Skip(2).ToArray();
        var isApp = path[0] == MicroserviceApp.Resource.Plural;
        var resource = isApp ? MicroserviceApp.Resource : Array.Find(Kinds, k => k.Plural == path[0])!;
        var id = $"{resource.Kind}/{(path.Length > 1 ? path[1] : (string)body!["metadata"]!["name"]!)}";
        var verb = (request.Method.Method, request.Content?.Headers.ContentType?.MediaType) switch
        {
            ("POST", _) => "create",
            ("GET", _) => "get",
            ("DELETE", _) => "delete",
            ("PATCH", "application/json-patch+json") => "patch",
            _ => path.Length > 2 ? "status" : "apply",
        };
        Requests.Add($"{verb} {id}");
        return Fault($"{verb} {id}", () => isApp ? StoreStatus(body!) : Carry(verb, resource, id, body));
    }

    private HttpResponseMessage StoreStatus(JsonNode body)
    {
        if ((string?)body["metadata"]!["uid"] != App.Metadata.Uid)
            return Refusal(HttpStatusCode.Conflict, "Conflict");
        Store(App with { Status = body["status"].Deserialize(AppsJson.Default.AppStatus) });
        return Answer(JsonSerializer.SerializeToNode(App, AppsJson.Default.MicroserviceApp)!);
    }

    private HttpResponseMessage Carry(string verb, Resource resource, string id, JsonNode? body)
    {
        var live = cluster.Find(id);
        switch (verb)
        {
            case "create":
                return cluster.Create(Read()) is { } created ? Show(created) : Refusal(HttpStatusCode.Conflict, "AlreadyExists", $"{id} already exists");
            case "apply":
                return Show(cluster.Apply(Read()));
            case var _ when live is null:
                return Refusal(HttpStatusCode.NotFound, "NotFound", details: new() { ["name"] = id.Split('/')[1], ["kind"] = resource.Plural });
            case "patch":
                return cluster.Patch(id, body!.AsArray()) ? Show(cluster.Get(id)) : Refusal(HttpStatusCode.UnprocessableEntity, "Invalid", "the test of a patch failed");
            case "delete":
                return cluster.Delete(id, (string?)body?["preconditions"]?["uid"]) ? Answer(new JsonObject { ["kind"] = "Status", ["status"] = "Success" })
                    : Refusal(HttpStatusCode.Conflict, "Conflict");
            default:
                return Show(live);
        }

        KubeObject Read() => KubeObject.From(resource, body!.AsObject());
    }

    private static HttpResponseMessage Show(KubeObject obj)
    {
        var json = obj.ToJsonObject();
        json["metadata"]!["managedFields"] = JsonSerializer.SerializeToNode(new PartialObject { Metadata = obj.Metadata }, KubeJson.Default.PartialObject)!["metadata"]!["managedFields"]?.DeepClone();
        return Answer(json);
    }

    private static HttpResponseMessage Answer(JsonNode body, HttpStatusCode code = HttpStatusCode.OK) =>
        new(code) { Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json") };
}
