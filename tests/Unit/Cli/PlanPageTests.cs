using Fleet.Apps;
using Fleet.Cli;
using Xunit;

namespace Fleet.Unit.Cli;

public class PlanPageTests
{
    [Fact]
    public void The_summary_marks_every_public_route()
    {
        var page = Examples.Plain(PlanPage.Of(Plan(Examples.Shop)));
        Assert.StartsWith("OBJECT                       NAMESPACE  SERVICE\nServiceAccount/shop-auth     demo       auth\n", page, StringComparison.Ordinal);
        Assert.EndsWith(
            """

            ROUTE               SERVICE  ACCESS
            /auth               auth     PUBLIC
            /users              users    token
            /orders.v1.Orders/  orders   token

            """,
            page, StringComparison.Ordinal);
        Assert.Equal("PUBLIC (no token is asked for): /auth -> shop-auth", PlanPage.PublicRoutes([Plan(Examples.Shop)]));
    }

    [Fact]
    public void A_route_has_a_line_for_each_host_and_the_root_is_a_slash()
    {
        var plan = Plan("""
            apiVersion: fleet.microservices.dev/v1
            kind: MicroserviceApp
            metadata: { name: web }
            spec:
              services:
              - { name: site, port: 80, protocol: HTTP, image: nginx, route: { pathPrefix: /, hostnames: [a.example, b.example] } }
              - { name: inner, port: 81, protocol: HTTP, image: nginx, route: { enabled: false } }
              gateway: {}
            """);
        Assert.Equal([new("a.example/", "site", true), new RouteLine("b.example/", "site", true)], RouteLine.Of(plan.Effective!));
    }

    [Fact]
    public void Without_a_gateway_there_are_no_routes()
    {
        var plan = Plan(Examples.Shop.Replace("  gateway: { port: 80 }", "", StringComparison.Ordinal));
        Assert.DoesNotContain("ROUTE", Examples.Plain(PlanPage.Of(plan)), StringComparison.Ordinal);
        Assert.Null(PlanPage.PublicRoutes([plan]));
    }

    private static AppPlan Plan(string manifest)
    {
        var read = Manifests.Read([("app.yaml", manifest)], "demo", "default", Examples.Settings);
        Assert.Empty(read.Problems);
        return Planner.Plan(Assert.Single(read.Apps), Observed.Nothing, Examples.Settings);
    }
}
