using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Cli;
using Xunit;

namespace Fleet.Unit.Cli;

public class StatusPageTests
{
    private const string AllActive = """
        observedGeneration: 7
        ready: 4/4
        url: http://shop.example.com
        conditions:
        - { type: Accepted, status: "True", observedGeneration: 7, reason: Valid, message: the spec is valid }
        - { type: Ready, status: "True", observedGeneration: 7, reason: Ready, message: every service is Active }
        services:
        - { name: auth, protocol: HTTP/REST, port: 8001, state: Active, public: true, replicas: { desired: 1, ready: 1 }, url: http://shop.example.com/auth }
        - { name: users, protocol: HTTP/REST, port: 8002, state: Active, replicas: { desired: 2, ready: 2 }, message: data ends with the pod }
        - { name: orders, protocol: gRPC, port: 8003, state: Active, replicas: { desired: 1, ready: 1 }, message: data ends with the pod }
        - { name: gateway, protocol: HTTP, port: 80, state: Active, replicas: { desired: 1, ready: 1 }, url: http://shop.example.com }
        """;

    [Fact]
    public void The_documented_table_is_printed_back()
    {
        Assert.Equal(
            """
            NAME  READY  STATUS  URL
            shop  4/4    Ready   http://shop.example.com

            NAME     PORT  PROTOCOL   STATUS  READY
            auth     8001  HTTP/REST  Active  1/1
            users    8002  HTTP/REST  Active  2/2
            orders   8003  gRPC       Active  1/1
            gateway  80    HTTP       Active  1/1

            NOTE     users, orders: data ends with the pod
            PUBLIC   auth: http://shop.example.com/auth asks for no token

            """,
            Examples.Plain(StatusPage.OfApp(Examples.WithStatus(AllActive))));
    }

    [Fact]
    public void What_is_not_Active_says_why_and_nothing_is_said_twice()
    {
        var app = Examples.WithStatus("""
            observedGeneration: 7
            ready: 0/2
            conditions:
            - { type: Accepted, status: "True", observedGeneration: 7, reason: Valid, message: the spec is valid }
            - { type: ResourcesApplied, status: "False", observedGeneration: 7, reason: QuotaExceeded, message: "users: no more pods" }
            - { type: ServicesAvailable, status: "False", observedGeneration: 7, reason: ImagePullFailed, message: "users: no such image" }
            - { type: RoutesProgrammed, status: Unknown, observedGeneration: 7, reason: Pending, message: "users: it is routed and has no ready replica yet" }
            - { type: Ready, status: "False", observedGeneration: 7, reason: QuotaExceeded, message: "users: no more pods" }
            services:
            - { name: users, protocol: HTTP/REST, port: 8002, state: Degraded, reason: ImagePullFailed, message: no such image, replicas: { desired: 1 } }
            - { name: orders, protocol: gRPC, port: 8003, state: Waiting, reason: WaitingForDependency, message: waits for users, replicas: { desired: 1 } }
            - { name: old, protocol: HTTP, port: 8004, state: Inactive, message: switched off, replicas: {} }
            drift: { count: 3, last: { object: Deployment/shop-users, field: .spec.replicas, manager: kubectl, time: "2026-01-02T03:04:05Z" } }
            """);

        Assert.Equal(
            """
            NAME  READY  STATUS         URL
            shop  0/2    QuotaExceeded  -

            NAME    PORT  PROTOCOL   STATUS    READY
            users   8002  HTTP/REST  Degraded  0/1
            orders  8003  gRPC       Waiting   0/1
            old     8004  HTTP       Inactive  0/0

            MESSAGE  QuotaExceeded: users: no more pods
            MESSAGE  users: ImagePullFailed: no such image
            MESSAGE  orders: WaitingForDependency: waits for users
            DRIFT    3 in all, last: Deployment/shop-users .spec.replicas was changed by kubectl at 2026-01-02T03:04:05Z

            """,
            Examples.Plain(StatusPage.OfApp(app)));
    }

    [Fact]
    public void A_status_about_an_older_generation_says_so()
    {
        Assert.Contains("MESSAGE  all of this is about generation 7; no operator has looked at generation 8 yet", Examples.Plain(StatusPage.OfApp(Examples.WithStatus(AllActive, generation: 8))));
    }

    [Fact]
    public void An_app_that_no_operator_has_seen_has_a_line_and_no_table()
    {
        var page = Examples.Plain(StatusPage.OfApp(Examples.WithStatus(AllActive) with { Status = null }));
        Assert.StartsWith("NAME  READY  STATUS  URL\nshop  -      -       -\n", page, StringComparison.Ordinal);
        Assert.Contains("no operator has looked at it yet", page, StringComparison.Ordinal);
        Assert.DoesNotContain("PORT", page, StringComparison.Ordinal);
    }

    [Fact]
    public void A_list_names_the_namespace_only_when_there_may_be_several()
    {
        var app = Examples.WithStatus(AllActive);
        Assert.Equal("NAME  READY  STATUS  URL\nshop  4/4    Ready   http://shop.example.com\n", Examples.Plain(StatusPage.OfApps([app], withNamespace: false)));
        Assert.Equal("NAMESPACE  NAME  READY  STATUS  URL\ndemo       shop  4/4    Ready   http://shop.example.com\n", Examples.Plain(StatusPage.OfApps([app], withNamespace: true)));
    }

    [Fact]
    public void States_have_tones_that_a_terminal_shows_as_colours()
    {
        var rows = StatusPage.OfApp(Examples.WithStatus(AllActive)).Where(l => l.Spans.Length == 5).Select(l => l.Spans[3].Tone).ToList();
        Assert.Equal([Tone.Quiet, Tone.Good, Tone.Good, Tone.Good, Tone.Good], rows);
    }

    [Fact]
    public void A_message_cannot_command_the_terminal()
    {
        var app = Examples.WithStatus(AllActive);
        var service = app.Status!.Services[0] with { State = ServicePhase.Degraded, Message = "line one\n\u001b[2J\u009bline two" };
        var page = Examples.Plain(StatusPage.OfApp(app with { Status = app.Status with { Services = [service] } }));
        Assert.Contains("MESSAGE  auth: line one  [2J line two\n", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Programs_get_the_object_without_its_spec()
    {
        var document = StatusDocument.Of(Examples.WithStatus(AllActive));
        Assert.Equal(["apiVersion", "kind", "metadata", "status"], document.Select(f => f.Key));
        Assert.Equal("HTTP/REST", (string?)document["status"]!["services"]![0]!["protocol"]);
        Assert.Equal("{\n  \"a\": \"<ü>\"\n}\n", Documents.Json(new JsonObject { ["a"] = "<ü>" }));
    }
}
