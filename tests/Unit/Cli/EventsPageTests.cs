using Fleet.Cli;
using Fleet.Kubernetes;
using Xunit;

namespace Fleet.Unit.Cli;

public class EventsPageTests
{
    private static readonly Fleet.Apps.MicroserviceApp App = Examples.WithStatus("observedGeneration: 7");

    [Fact]
    public void The_oldest_comes_first_and_counts_of_both_APIs_are_told()
    {
        var core = Event("""
            { metadata: { name: a, uid: a }, type: Warning, reason: BackOff, note: "Back-off\nagain", deprecatedCount: 7, deprecatedFirstTimestamp: "2026-01-02T01:00:00Z",
              deprecatedLastTimestamp: "2026-01-02T03:00:00Z", eventTime: null, regarding: { kind: Pod, name: shop-users-5d4f8-bcdfg } }
            """);
        var series = Event("""
            { metadata: { name: b, uid: b }, type: Normal, reason: Applied, note: done, eventTime: "2026-01-02T01:00:00.000000Z", series: { count: 3, lastObservedTime: "2026-01-02T02:00:00.000000Z" },
              regarding: { kind: MicroserviceApp, name: shop } }
            """);
        Assert.Equal(
            """
            LAST SEEN             TYPE     COUNT  REASON   OBJECT                      MESSAGE
            2026-01-02T02:00:00Z  Normal   3      Applied  MicroserviceApp/shop        done
            2026-01-02T03:00:00Z  Warning  7      BackOff  Pod/shop-users-5d4f8-bcdfg  Back-off again

            """,
            Examples.Plain(EventsPage.Of([core, series])));
        Assert.Equal("2026-01-02T02:00:00Z  Normal   3      Applied            MicroserviceApp/shop                  done", EventsPage.LineOf(series).ToString());
    }

    [Theory]
    [InlineData("MicroserviceApp", "shop", true)]
    [InlineData("MicroserviceApp", "shop2", false)]
    [InlineData("Deployment", "shop-users", true)]
    [InlineData("Deployment", "shop-users2", false)]
    [InlineData("ReplicaSet", "shop-users-5d4f87", true)]
    [InlineData("ReplicaSet", "shop-users-audit", false)]
    [InlineData("Pod", "shop-gateway-5d4f87c-x2b7z", true)]
    [InlineData("Pod", "shop-users-audit-5d4f87c-x2b7z", false)]
    [InlineData("ConfigMap", "shop-routes", true)]
    [InlineData("Pod", "other", false)]
    public void What_is_gone_is_known_by_its_name(string kind, string name, bool ours) =>
        Assert.Equal(ours, Event($"{{ metadata: {{ name: a }}, regarding: {{ kind: {kind}, name: {name} }} }}").IsAbout(App, []));

    [Fact]
    public void Programs_get_the_Event_with_its_kind()
    {
        // As an item of a list: the server names neither.
        var item = KubeObject.Parse(Resources.Events, System.Text.Encoding.UTF8.GetBytes("""{"metadata":{"name":"a"},"reason":"R"}"""));
        Assert.Equal("""{"apiVersion":"events.k8s.io/v1","kind":"Event","metadata":{"name":"a"},"reason":"R"}""", AppEvent.Of(item).Document.ToJsonString());
    }

    private static AppEvent Event(string json) => AppEvent.Of(KubeObject.From(Resources.Events, Yaml.ParseOne(json).AsObject()));
}
