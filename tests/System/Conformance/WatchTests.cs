using System.Globalization;
using System.Text.Json.Nodes;
using Fleet.Testing;
using Xunit;

namespace Fleet.SystemTests.Conformance;

/// <summary>Watches: what is told, from where on, and how they end.</summary>
public class WatchTests : ConformanceTest
{
    private const string Mine = "labelSelector=fact%3Dx";

    [Fact]
    public async Task A_watch_from_a_list_tells_what_happened_since_in_order()
    {
        await ConfigMapAsync("before", labels: "{ fact: x }");
        var version = await ListVersionAsync();
        await ConfigMapAsync("a", labels: "{ fact: x }");
        using var watch = await Wire.WatchAsync(Core($"configmaps?{Mine}&resourceVersion={version}"));
        Assert.Equal("ADDED a", await watch.NextLineAsync());
        (await Wire.PatchAsync(Core("configmaps/a"), Wire.MergePatch, "{ data: { a: '2' } }")).Is(200);
        var (type, changed) = await watch.NextAsync();
        Assert.Equal(("MODIFIED", "2", "ConfigMap", "v1"), (type, changed.Text("data.a"), changed.Text("kind"), changed.Text("apiVersion")));
        (await Wire.DeleteAsync(Core("configmaps/a"))).Is(200);
        var (last, gone) = await watch.NextAsync();
        Assert.Equal(("DELETED", "2"), (last, gone.Text("data.a")));
        Assert.True(Version(gone) > Version(changed), "a deletion has a version of its own, from which a watch can go on");
    }

    [Fact]
    public async Task A_watch_from_an_events_version_goes_on_after_it()
    {
        var version = await ListVersionAsync();
        var a = await ConfigMapAsync("a", labels: "{ fact: x }");
        await ConfigMapAsync("b", labels: "{ fact: x }");
        (await Wire.DeleteAsync(Core("configmaps/a"))).Is(200);
        using var watch = await Wire.WatchAsync(Core($"configmaps?{Mine}&resourceVersion={a.Text("metadata.resourceVersion")}"));
        Assert.Equal("ADDED b", await watch.NextLineAsync());
        Assert.Equal("DELETED a", await watch.NextLineAsync());
        Assert.NotEqual(version, a.Text("metadata.resourceVersion"));
    }

    [Fact]
    public async Task An_object_that_comes_into_a_selectors_view_is_added_and_one_that_leaves_it_deleted()
    {
        using var watch = await Wire.WatchAsync(Core($"configmaps?{Mine}&resourceVersion={await ListVersionAsync()}"));
        await ConfigMapAsync("a");
        (await Wire.PatchAsync(Core("configmaps/a"), Wire.MergePatch, "{ metadata: { labels: { fact: x } } }")).Is(200);
        Assert.Equal("ADDED a", await watch.NextLineAsync());
        (await Wire.PatchAsync(Core("configmaps/a"), Wire.MergePatch, "{ metadata: { labels: { fact: other } } }")).Is(200);
        var (type, left) = await watch.NextAsync();
        Assert.Equal(("DELETED", "x"), (type, left.Text("metadata.labels.fact")));
        (await Wire.DeleteAsync(Core("configmaps/a"))).Is(200);
        await ConfigMapAsync("b", labels: "{ fact: x }");
        Assert.Equal("ADDED b", await watch.NextLineAsync());
    }

    [Fact]
    public async Task A_field_selectors_view_is_told_the_same_way()
    {
        using var watch = await Wire.WatchAsync(Core($"pods?fieldSelector=spec.nodeName%3D{Far},status.phase!%3DRunning&resourceVersion={await ListVersionAsync("pods")}"));
        (await Wire.PostAsync(Core("pods"), Pod("a"))).Is(201);
        (await Wire.PostAsync(Core("pods"), Pod("b", node: Far))).Is(201);
        Assert.Equal("ADDED b", await watch.NextLineAsync());
        (await Wire.PatchAsync(Core("pods/b/status"), Wire.MergePatch, "{ status: { phase: Running } }")).Is(200);
        Assert.Equal("DELETED b", await watch.NextLineAsync());
    }

    [Fact]
    public async Task One_object_can_be_watched_by_its_name()
    {
        using var watch = await Wire.WatchAsync(Core($"configmaps?fieldSelector=metadata.name%3Db&resourceVersion={await ListVersionAsync()}"));
        await ConfigMapAsync("a");
        await ConfigMapAsync("b");
        Assert.Equal("ADDED b", await watch.NextLineAsync());
    }

    [Theory]
    [InlineData("")]
    [InlineData("&resourceVersion=0")]
    public async Task A_watch_from_anywhere_begins_with_what_is_there(string from)
    {
        await ConfigMapAsync("a", labels: "{ fact: x }");
        using var watch = await Wire.WatchAsync(Core($"configmaps?{Mine}{from}"));
        Assert.Equal("ADDED a", await watch.NextLineAsync());
        await ConfigMapAsync("b", labels: "{ fact: x }");
        Assert.Equal("ADDED b", await watch.NextLineAsync());
    }

    [Fact]
    public async Task A_watch_may_replace_the_list()
    {
        if (!Since(32))
            return;
        await ConfigMapAsync("a", labels: "{ fact: x }");
        using var watch = await Wire.WatchAsync(Core($"configmaps?{Mine}&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan"));
        Assert.Equal("ADDED a", await watch.NextLineAsync());
        var end = await watch.AnyAsync();
        Assert.Equal(("BOOKMARK", "true"), (end.Text("type"), (string?)end.At("object.metadata.annotations")!["k8s.io/initial-events-end"]));
        Assert.Matches("^[0-9]+$", end.Text("object.metadata.resourceVersion")!);
        await ConfigMapAsync("b", labels: "{ fact: x }");
        Assert.Equal("ADDED b", await watch.NextLineAsync());
    }

    [Fact]
    public async Task A_watch_ends_after_the_time_asked_for()
    {
        var started = System.Diagnostics.Stopwatch.GetTimestamp();
        using var watch = await Wire.WatchAsync(Core($"configmaps?{Mine}&timeoutSeconds=1&resourceVersion={await ListVersionAsync()}"));
        Assert.Null(await watch.AnyAsync());
        Assert.InRange(System.Diagnostics.Stopwatch.GetElapsedTime(started).TotalSeconds, 0.5, 60); // who is not asked ends a watch after half an hour at the earliest
    }

    [Fact]
    public async Task A_bookmark_comes_before_the_end()
    {
        await ConfigMapAsync("elsewhere");
        // The last 2 s before the end bring one, once anything of the kind has changed; a server promises none, and one that is busy then leaves it out.
        var bookmark = await Eventually.That(LastAsync, last => last is not null);
        Assert.Equal(("BOOKMARK", "ConfigMap"), (bookmark.Text("type"), bookmark.Text("object.kind")));
        Assert.Matches("^[0-9]+$", bookmark.Text("object.metadata.resourceVersion")!);
        Assert.True(string.IsNullOrEmpty(bookmark.Text("object.metadata.name")));
        using var resumed = await Wire.WatchAsync(Core($"configmaps?{Mine}&resourceVersion={bookmark.Text("object.metadata.resourceVersion")}"));
        await ConfigMapAsync("a", labels: "{ fact: x }");
        Assert.Equal("ADDED a", await resumed.NextLineAsync());

        async Task<JsonNode?> LastAsync()
        {
            using var watch = await Wire.WatchAsync(Core($"configmaps?{Mine}&timeoutSeconds=4&allowWatchBookmarks=true&resourceVersion={await ListVersionAsync()}"));
            JsonNode? last = null;
            while (await watch.AnyAsync() is { } next)
                last = next;
            return last;
        }
    }

    [Fact]
    public async Task A_version_from_before_what_the_server_remembers_is_expired()
    {
        // What a server remembers of a kind begins, at the latest, with the kind.
        await using var kind = await CustomKind.EstablishAsync(Wire);
        await ConfigMapAsync("later");
        await Eventual(kind.In(Namespace), list => list["items"] is not null);
        try
        {
            using var watch = await Wire.WatchAsync($"{kind.In(Namespace)}?resourceVersion=1");
            var error = await watch.AnyAsync();
            Assert.Equal(("ERROR", "Status", "Failure", "Expired"), (error.Text("type"), error.Text("object.kind"), error.Text("object.status"), error.Text("object.reason")));
            Assert.Equal(410, error.Number("object.code"));
            Assert.Null(await watch.AnyAsync());
        }
        catch (RefusedWatchException e)
        {
            e.Answer.Refuses(410, "Expired");
        }
    }

    [Fact]
    public async Task A_version_that_is_no_number_is_refused()
    {
        var refused = await Assert.ThrowsAsync<RefusedWatchException>(() => Wire.WatchAsync(Core("configmaps?resourceVersion=abc")));
        Assert.InRange(refused.Answer.Code, 400, 500);
    }

    [Fact]
    public async Task Metadata_alone_can_be_watched()
    {
        const string Accept = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
        using var watch = await Wire.WatchAsync(Core($"configmaps?{Mine}&resourceVersion={await ListVersionAsync()}"), Accept);
        await ConfigMapAsync("a", labels: "{ fact: x }");
        var (type, obj) = await watch.NextAsync();
        Assert.Equal(("ADDED", "PartialObjectMetadata", "a"), (type, obj.Text("kind"), obj.Text("metadata.name")));
        Assert.Null(obj["data"]);
    }

    [Fact]
    public async Task A_watched_table_names_its_columns_once()
    {
        const string Accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
        using var watch = await Wire.WatchAsync(Core($"configmaps?{Mine}&resourceVersion={await ListVersionAsync()}"), Accept);
        await ConfigMapAsync("a", labels: "{ fact: x }");
        await ConfigMapAsync("b", labels: "{ fact: x }");
        var (_, first) = await watch.NextAsync();
        Assert.Equal(("Table", "a"), (first.Text("kind"), first.Text("rows[0].cells[0]")));
        Assert.NotEmpty(first["columnDefinitions"]!.AsArray());
        Assert.Equal("a", first.Text("rows[0].object.metadata.name"));
        var (_, second) = await watch.NextAsync();
        Assert.Equal("b", second.Text("rows[0].cells[0]"));
        Assert.Empty(second["columnDefinitions"] as JsonArray ?? []);
    }

    [Fact]
    public async Task A_status_change_is_told_and_a_change_of_nothing_is_not()
    {
        var made = await ConfigMapAsync("a", labels: "{ fact: x }");
        using var watch = await Wire.WatchAsync(Core($"configmaps?{Mine}&resourceVersion={made.Text("metadata.resourceVersion")}"));
        (await Wire.PutAsync(Core("configmaps/a"), made)).Is(200);
        (await Wire.PatchAsync(Core("configmaps/a"), Wire.MergePatch, "{ data: { a: '1' } }")).Is(200);
        (await Wire.PatchAsync(Core("configmaps/a"), Wire.MergePatch, "{ data: { a: '2' } }")).Is(200);
        var (type, obj) = await watch.NextAsync();
        Assert.Equal(("MODIFIED", "2"), (type, obj.Text("data.a")));
    }

    [Fact]
    public async Task Versions_grow_with_every_write_of_a_kind()
    {
        var a = Version(await ConfigMapAsync("a"));
        var b = Version(await ConfigMapAsync("b"));
        var list = Version((await Wire.GetAsync(Core("configmaps"))).Ok);
        Assert.True(a < b && b <= list, $"{a} < {b} <= {list}");
    }

    private static long Version(JsonNode obj) => long.Parse(obj.Text("metadata.resourceVersion")!, CultureInfo.InvariantCulture);

    private async Task<string> ListVersionAsync(string plural = "configmaps") => (await Wire.GetAsync(Core(plural))).Ok.Text("metadata.resourceVersion")!;
}
