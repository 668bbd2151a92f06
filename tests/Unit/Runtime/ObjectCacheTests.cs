using Fleet.Kubernetes;
using Fleet.Runtime;
using Xunit;

namespace Fleet.Unit.Runtime;

public sealed class ObjectCacheTests
{
    private readonly ObjectCache<PartialObject> _cache = new(
        Resources.Deployments, new CacheIndex<PartialObject>("secret", o => o.Metadata.Annotation("secret") is { } s ? s.Split(',') : []));

    private readonly List<string> _changes = [];

    public ObjectCacheTests() => _cache.Changed += (before, now) => _changes.Add($"{before.Said()} -> {now.Said()}");

    private ICacheWriter<PartialObject> Writer => _cache;

    [Fact]
    public void Nothing_is_seen_before_the_list_is_complete()
    {
        Writer.Init();
        Writer.InitApply(Made.Object("auth", 1));
        Assert.Equal(CacheState.Starting, _cache.State);
        Assert.False(_cache.Settled.IsCompleted);
        Assert.Empty(_cache.All);
        Writer.InitDone("5");
        Assert.Equal(CacheState.Synced, _cache.State);
        Assert.True(_cache.Settled.IsCompletedSuccessfully);
        Assert.Equal(["auth@1"], _cache.All.Said());
        Assert.Equal(["none -> auth@1"], _changes);
    }

    [Fact]
    public void A_relist_swaps_worlds_and_tells_only_what_differs()
    {
        List("5", Made.Object("auth", 1), Made.Object("users", 2), Made.Object("orders", 3, uid: "old"));
        _changes.Clear();
        Writer.Init();
        Writer.InitApply(Made.Object("auth", 1));
        Writer.InitApply(Made.Object("orders", 8, uid: "new"));
        Writer.InitApply(Made.Object("gateway", 7));
        Assert.Equal(["auth@1", "orders@3", "users@2"], _cache.All.Said());
        var seenByListener = new HashSet<string>();
        _cache.Changed += (_, _) => seenByListener.Add(string.Join(' ', _cache.All.Said()));
        Writer.InitDone("9");
        Assert.Equal(["none -> gateway@7", "orders@3 -> orders@8", "users@2 -> none"], _changes.Order(StringComparer.Ordinal));
        Assert.Equal(["auth@1 gateway@7 orders@8"], seenByListener);
    }

    [Fact]
    public void A_relist_that_was_not_finished_is_forgotten()
    {
        List("5", Made.Object("auth", 1));
        Writer.Init();
        Writer.InitApply(Made.Object("users", 6));
        List("7", Made.Object("auth", 1));
        Assert.Equal(["auth@1"], _cache.All.Said());
    }

    [Fact]
    public void Indexes_follow_their_objects()
    {
        List("5", Made.Object("auth", 1, owner: "shop", secret: "db,tls"), Made.Object("users", 2, owner: "shop", secret: "db,db"));
        Assert.Equal(["auth@1", "users@2"], _cache.OwnedBy("shop").Said());
        Assert.Equal(["auth@1", "users@2"], _cache.By("secret", "db").Said());
        var snapshot = _cache.By("secret", "tls");
        Writer.Apply(Made.Object("auth", 6, owner: "blog", secret: "db"));
        Assert.Equal(["auth@1"], snapshot.Said());
        Assert.Empty(_cache.By("secret", "tls"));
        Assert.Equal(["users@2"], _cache.OwnedBy("shop").Said());
        Assert.Equal(["auth@6"], _cache.OwnedBy("blog").Said());
        Writer.Delete(Made.Object("users", 7));
        Assert.Empty(_cache.OwnedBy("shop"));
        Assert.Equal(["auth@6"], _cache.By("secret", "db").Said());
        Assert.Throws<ArgumentException>(() => _cache.By("nothing", "x"));
    }

    [Fact]
    public void An_event_told_twice_is_announced_once()
    {
        List("5");
        Writer.Apply(Made.Object("auth", 6));
        Writer.Apply(Made.Object("auth", 6));
        Writer.Delete(Made.Object("auth", 7));
        Writer.Delete(Made.Object("auth", 7));
        Assert.Equal(["none -> auth@6", "auth@6 -> none"], _changes);
    }

    [Fact]
    public void A_kind_that_is_no_longer_served_has_no_objects()
    {
        List("5", Made.Object("auth", 1));
        Writer.NotServed();
        Assert.Equal(CacheState.NotServed, _cache.State);
        Assert.Empty(_cache.All);
        Assert.Equal("auth@1 -> none", _changes[^1]);
    }

    [Fact]
    public void A_denial_settles_and_keeps_what_was_seen()
    {
        Writer.Denied("list pods: forbidden");
        Assert.True(_cache.Settled.IsCompletedSuccessfully);
        Assert.Equal((CacheState.Denied, "list pods: forbidden"), (_cache.State, _cache.Denial));
        List("5", Made.Object("auth", 1));
        Assert.Equal((CacheState.Synced, null), (_cache.State, _cache.Denial));
        Writer.Denied("watch pods: forbidden");
        Assert.Equal(["auth@1"], _cache.All.Said());
    }

    [Fact]
    public void States_are_announced_when_they_move_and_after_the_changes()
    {
        var told = new List<string>();
        _cache.Changed += (_, now) => told.Add(now.Said());
        _cache.StateChanged += state => told.Add($"{state}");
        Writer.Denied("no");
        Writer.Denied("still no");
        List("5", Made.Object("auth", 1));
        List("6", Made.Object("auth", 1));
        Assert.Equal(["Denied", "auth@1", "Synced"], told);
    }

    [Fact]
    public void One_listeners_fault_does_not_cost_the_others_their_news()
    {
        _cache.Changed += (_, now) =>
        {
            if (now?.Metadata.Name == "auth")
                throw new InvalidOperationException("oops");
        };
        var fault = Assert.Throws<AggregateException>(() => List("5", Made.Object("auth", 1), Made.Object("users", 2)));
        Assert.Contains("oops", fault.Message, StringComparison.Ordinal);
        Assert.Equal(2, _changes.Count);
        Assert.True(_cache.Settled.IsCompleted);
    }

    [Fact]
    public void Our_own_write_is_seen_at_once_and_announced_when_the_watch_shows_it()
    {
        List("5", Made.Object("auth", 1, owner: "shop"));
        _changes.Clear();
        _cache.Witness(Made.Object("auth", 6, owner: "shop"));
        _cache.Witness(Made.Object("users", 7, owner: "shop", secret: "db"));
        Assert.Equal("auth@6", _cache.Find("demo", "auth").Said());
        Assert.Equal(["auth@6", "users@7"], _cache.All.Said());
        Assert.Equal(["auth@6", "users@7"], _cache.OwnedBy("shop").Said());
        Assert.Equal(["users@7"], _cache.By("secret", "db").Said());
        Assert.Equal(2, _cache.Count);
        Assert.Empty(_changes);
        Writer.Apply(Made.Object("auth", 6, owner: "shop"));
        Writer.Apply(Made.Object("users", 8, owner: "shop"));
        Assert.Equal(["auth@1 -> auth@6", "none -> users@8"], _changes);
        Assert.Equal(["auth@6", "users@8"], _cache.All.Said());
        Assert.False(_cache.HasWitnesses);
    }

    [Theory]
    [InlineData(9, "auth@10")] // by number: as texts, 9 would be the newer
    [InlineData(10, "auth@10")]
    [InlineData(11, "auth@11")]
    public void An_answer_older_than_the_cache_is_ignored(int answer, string seen)
    {
        List("5");
        Writer.Apply(Made.Object("auth", 10));
        _cache.Witness(Made.Object("auth", answer));
        Assert.Equal(seen, _cache.Find("demo", "auth").Said());
    }

    [Fact]
    public void Of_two_answers_the_newer_stays()
    {
        List("5");
        _cache.Witness(Made.Object("auth", 8));
        _cache.Witness(Made.Object("auth", 7));
        Assert.Equal("auth@8", _cache.Find("demo", "auth").Said());
        Writer.Apply(Made.Object("auth", 7));
        Assert.Equal("auth@8", _cache.Find("demo", "auth").Said());
    }

    [Fact]
    public void What_was_made_and_deleted_by_another_before_the_watch_showed_it_does_not_stay()
    {
        List("5");
        _cache.Witness(Made.Object("auth", 6));
        Writer.Apply(Made.Object("users", 9));
        Assert.Null(_cache.Find("demo", "auth"));
        Assert.False(_cache.HasWitnesses);
    }

    [Fact]
    public void A_bookmark_past_the_answer_ends_it_too()
    {
        List("5");
        _cache.Witness(Made.Object("auth", 6));
        Writer.Bookmark("5");
        Assert.Equal("auth@6", _cache.Find("demo", "auth").Said());
        Writer.Bookmark("6");
        Assert.Null(_cache.Find("demo", "auth"));
    }

    [Fact]
    public void An_answer_to_a_creation_whose_deletion_the_watch_has_shown_is_ignored()
    {
        List("5");
        Writer.Apply(Made.Object("auth", 6));
        Writer.Delete(Made.Object("auth", 7));
        _cache.Witness(Made.Object("auth", 6));
        Assert.Null(_cache.Find("demo", "auth"));
    }

    [Fact]
    public void A_list_older_than_the_answer_does_not_hide_it()
    {
        List("5");
        Writer.Init();
        _cache.Witness(Made.Object("auth", 8));
        Writer.InitDone("7");
        Assert.Equal("auth@8", _cache.Find("demo", "auth").Said());
        Writer.Apply(Made.Object("auth", 8));
        Assert.False(_cache.HasWitnesses);
    }

    [Fact]
    public void A_list_past_the_answer_ends_it()
    {
        List("5");
        Writer.Init();
        _cache.Witness(Made.Object("auth", 8));
        Writer.InitDone("9");
        Assert.Null(_cache.Find("demo", "auth"));
    }

    [Fact]
    public void A_list_asked_for_after_the_answer_ends_it_whatever_its_version()
    {
        List("100");
        _cache.Witness(Made.Object("auth", 108));
        List("3"); // a server restored from a backup counts from an older version
        Assert.Null(_cache.Find("demo", "auth"));
        Assert.False(_cache.HasWitnesses);
    }

    [Fact]
    public void What_we_deleted_is_hidden_until_the_watch_says_so()
    {
        List("5", Made.Object("auth", 1, owner: "shop"));
        _cache.WitnessDeleted("demo", "auth", "uid-of-auth");
        Assert.Null(_cache.Find("demo", "auth"));
        Assert.Empty(_cache.All);
        Assert.Empty(_cache.OwnedBy("shop"));
        Assert.Equal(0, _cache.Count);
        Writer.Apply(Made.Object("auth", 6, owner: "shop")); // a change from before the deletion
        Assert.Null(_cache.Find("demo", "auth"));
        Writer.Delete(Made.Object("auth", 7));
        Assert.False(_cache.HasWitnesses);
        Assert.Equal("auth@6 -> none", _changes[^1]);
    }

    [Fact]
    public void What_ends_slowly_is_seen_ending()
    {
        List("5", Made.Object("auth", 1));
        _cache.WitnessDeleted("demo", "auth", "uid-of-auth");
        Writer.Apply(Made.Object("auth", 6, ending: true));
        Assert.Equal("auth@6", _cache.Find("demo", "auth").Said());
        _cache.WitnessDeleted("demo", "auth", "uid-of-auth");
        Assert.Equal("auth@6", _cache.Find("demo", "auth").Said());
    }

    [Fact]
    public void A_deletion_told_before_our_answer_hides_nothing()
    {
        List("5", Made.Object("auth", 1));
        Writer.Delete(Made.Object("auth", 6));
        _cache.WitnessDeleted("demo", "auth", "uid-of-auth");
        Assert.False(_cache.HasWitnesses);
    }

    [Fact]
    public void One_deleted_and_made_again_is_the_new_one()
    {
        List("5", Made.Object("auth", 1, uid: "old"));
        _cache.WitnessDeleted("demo", "auth", "old");
        _cache.Witness(Made.Object("auth", 7, uid: "new"));
        Assert.Equal("auth@7", _cache.Find("demo", "auth").Said());
        Writer.Delete(Made.Object("auth", 6, uid: "old"));
        Assert.Equal("auth@7", _cache.Find("demo", "auth").Said());
        Writer.Apply(Made.Object("auth", 7, uid: "new"));
        Assert.Equal("auth@7", _cache.Find("demo", "auth").Said());
        Assert.False(_cache.HasWitnesses);
    }

    [Fact]
    public void What_we_made_and_deleted_stays_hidden_while_the_watch_tells_of_it()
    {
        List("5");
        _cache.Witness(Made.Object("auth", 6));
        _cache.WitnessDeleted("demo", "auth", "uid-of-auth");
        Assert.Null(_cache.Find("demo", "auth"));
        Writer.Apply(Made.Object("auth", 6));
        Assert.Null(_cache.Find("demo", "auth"));
        Writer.Delete(Made.Object("auth", 7));
        Assert.False(_cache.HasWitnesses);
    }

    [Fact]
    public void What_we_made_and_deleted_is_forgotten_when_a_list_skips_both()
    {
        List("5");
        _cache.Witness(Made.Object("auth", 6));
        Writer.Init();
        _cache.WitnessDeleted("demo", "auth", "uid-of-auth");
        Writer.InitDone("9");
        Assert.False(_cache.HasWitnesses);
    }

    [Fact]
    public void A_late_answer_to_a_write_before_the_deletion_brings_nothing_back()
    {
        List("5", Made.Object("auth", 1));
        _cache.WitnessDeleted("demo", "auth", "uid-of-auth");
        _cache.Witness(Made.Object("auth", 6));
        Assert.Null(_cache.Find("demo", "auth"));
        _cache.Witness(Made.Object("auth", 7, ending: true));
        Assert.Equal("auth@7", _cache.Find("demo", "auth").Said());
    }

    [Fact]
    public void Answers_are_trimmed_like_everything_else()
    {
        _cache.Trim = o => o with { Metadata = o.Metadata with { Labels = null, Annotations = null } };
        List("5", Made.Object("auth", 1, secret: "db"));
        _cache.Witness(Made.Object("users", 6, secret: "db"));
        Assert.Empty(_cache.By("secret", "db"));
    }

    [Fact]
    public void Without_a_watch_nothing_is_witnessed()
    {
        Writer.Denied("no");
        _cache.Witness(Made.Object("auth", 6));
        Assert.Null(_cache.Find("demo", "auth"));
        List("7", Made.Object("users", 7));
        _cache.Witness(Made.Object("auth", 8));
        Writer.NotServed();
        Assert.False(_cache.HasWitnesses);
    }

    private void List(string version, params PartialObject[] objects)
    {
        Writer.Init();
        foreach (var obj in objects)
            Writer.InitApply(obj);
        Writer.InitDone(version);
    }
}
