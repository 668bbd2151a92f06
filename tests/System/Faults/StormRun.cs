using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Controller;
using Fleet.Kubernetes;
using Fleet.Testing;
using Xunit;

namespace Fleet.SystemTests.Faults;

/// <summary>How one run went.</summary>
/// <param name="Storm">What was run.</param>
/// <param name="Took">From the first operator's start until it was silent.</param>
/// <param name="Converged">From the end of the storm until the end of the last write.</param>
/// <param name="Writers">The processes that wrote, one after the other.</param>
/// <param name="Writes">How many requests for a change they made.</param>
/// <param name="Faults">How often each fault was committed.</param>
/// <param name="Afterwards">What was written after the storm, and the operators' warnings, in order.</param>
internal sealed record StormResult(Storm Storm, TimeSpan Took, TimeSpan Converged, IReadOnlyList<string> Writers, int Writes, IReadOnlyDictionary<string, int> Faults, IReadOnlyList<string> Afterwards);

/// <summary>
/// One seed: apps in a namespace of their own, operators behind an <see cref="ApiFaultProxy"/>, happenings one after the other; then calm, and everything has to be
/// as if nothing had gone wrong.
/// </summary>
internal sealed class StormRun : IAsyncDisposable
{
    private static readonly TimeSpan LongestConvergence = TimeSpan.FromMinutes(3);

    // Time itself: in this no operator may write.
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(3);

    private readonly ControlPlane _cluster;
    private readonly ReferenceFleet _reference;
    private readonly Storm _storm;
    private readonly TestNamespace _namespace;
    private readonly OperatorAccount? _account;
    private readonly ApiClient _api;
    private readonly ApiFaultProxy _proxy;
    private readonly FakeClock? _clock;
    private readonly List<RandomApp> _apps;
    private readonly List<OperatorSlot> _slots = [];
    private int _started;
    private int _level;

    private StormRun(ControlPlane cluster, ReferenceFleet reference, Storm storm, ApiClient api, TestNamespace ns, OperatorAccount? account, ApiFaultProxy proxy)
    {
        (_cluster, _reference, _storm, _api, _namespace, _account, _proxy) = (cluster, reference, storm, api, ns, account, proxy);
        _clock = storm.Kind == StormKind.Clock ? FakeClock.TryMake() : null;
        _apps = [.. Enumerable.Range(0, storm.Apps).Select(i => new RandomApp(storm.Dice(-1 - i), $"app{storm.Seed}-{i}", Settings))];
    }

    private string Namespace => _namespace.Name;

    private string Settings => $"settings{_storm.Seed}";

    /// <summary>Runs a seed.</summary>
    /// <param name="cluster">Where.</param>
    /// <param name="reference">Says what has to come of it.</param>
    /// <param name="storm">The seed.</param>
    /// <param name="disturbance">Disturbs the control plane itself; the storm lasts until it has ended. Null when nothing does.</param>
    public static async Task<StormResult> RunAsync(ControlPlane cluster, ReferenceFleet reference, Storm storm, Disturbance? disturbance = null)
    {
        using var place = disturbance?.Place();
        using var api = cluster.CreateClient();
        var ns = await TestNamespace.CreateAsync(api, "storm");
        var account = OperatorAccount.CanBeHad ? await OperatorAccount.InstallAsync(cluster, api, ns.Name, [ns.Name]) : null;
        var proxy = await ApiFaultProxy.StartAsync(account?.Kubeconfig ?? cluster.AdminKubeconfig, ns.Name, new(storm.Seed, storm.FaultRate));
        await using var run = new StormRun(cluster, reference, storm, api, ns, account, proxy);
        return await run.RunAsync(disturbance, place);
    }

    /// <summary>Whether an app is Ready for its newest spec.</summary>
    public static bool IsReady(MicroserviceApp app) => app.Status is { } status && status.ObservedGeneration == app.Metadata.Generation
        && status.Conditions.Any(c => c is { Type: Conditions.Ready, Status: ConditionStatus.True } && c.ObservedGeneration == app.Metadata.Generation);

    /// <summary>An app's status, for people.</summary>
    public static string Describe(MicroserviceApp app) =>
        $"{app.Metadata.Name}, generation {app.Metadata.Generation}: {JsonSerializer.Serialize(app.Status, AppsJson.Default.AppStatus!)}";

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var slot in _slots)
            await slot.DisposeAsync();
        await _proxy.DisposeAsync();
        await Insist.OnAsync(async () => await _namespace.DisposeAsync());
        if (_account is not null)
            await Insist.OnAsync(async () => await _account.DisposeAsync());
        _clock?.Dispose();
    }

    private async Task<StormResult> RunAsync(Disturbance? disturbance, IDisposable? place)
    {
        var start = await _cluster.AuditLog.NowAsync();
        var bystanders = await Bystanders.CreateAsync(_api, Namespace, _apps[0].Name);
        await ApplySettingsAsync();
        var began = Stopwatch.GetTimestamp();
        for (var i = 0; i < (_storm.Kind == StormKind.Pair ? 2 : 1); i++)
            _slots.Add(new(() => $"operator{Interlocked.Increment(ref _started)}", StartOf));
        foreach (var app in _apps)
            await ApplyAsync(app);

        try
        {
            await AtWorkAsync();
            place?.Dispose();
            for (var i = 0; i < _storm.Happenings.Length; i++)
            {
                var dice = _storm.Dice(i);
                await HappenAsync(_storm.Happenings[i], dice);
                await Task.Delay(dice.Next(20, 600)); // the storm's own rhythm
            }

            await (disturbance?.Ended ?? Task.CompletedTask);
            _proxy.Calm();
            var calm = DateTimeOffset.UtcNow;
            await ConvergeAsync(await _reference.EndStateAsync([.. _apps.Where(a => a.Exists)], SettingsIn(_reference.Namespace)));
            await SilentAsync();

            var requests = await OursSinceAsync(start);
            var writes = requests.Where(r => r.IsRealWrite).ToList();
            await bystanders.AssertUntouchedAsync(writes);
            Assert.Empty(_proxy.Unguarded);
            var writers = Writers.AssertOneAfterTheOther(writes);
            if (_storm.Kind != StormKind.Lone && disturbance is null) // a server that is killed takes the last lines of its audit log along
                Writers.AssertWithinTheLease(requests);
            AssertNoneFailed();
            await StartAnewAsync();
            var converged = writes.Count == 0 ? calm : writes.Max(w => w.Completed);
            return new(_storm, Stopwatch.GetElapsedTime(began), converged > calm ? converged - calm : TimeSpan.Zero, writers, writes.Count, _proxy.Committed, await AfterwardsAsync(calm, start));
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"{_storm}\n{e.Message}\nfaults: {string.Join(", ", _proxy.Committed)}\n{await WritesAsync(start)}\n{Logs()}", e);
        }
    }

    private OperatorStart StartOf(string name) => new()
    {
        Kubeconfig = _proxy.KubeconfigFor(name),
        WatchNamespace = Namespace,
        LeaderElect = _storm.Kind != StormKind.Lone,
        Environment = _clock?.Environment ?? new Dictionary<string, string?>(),
    };

    private async Task HappenAsync(Happening happening, Random dice)
    {
        var app = _apps[dice.Next(_apps.Count)];
        switch (happening)
        {
            case Happening.Edit:
                app.Exists = true;
                app.Change();
                await ApplyAsync(app);
                break;
            case Happening.Config:
                _level++;
                await ApplySettingsAsync();
                break;
            case Happening.Drift:
                await Insist.OnAsync(() => ForeignHand.ChangeAsync(_api, Namespace, app.Name, dice));
                break;
            case Happening.Loss:
                await Insist.OnAsync(() => ForeignHand.DeleteAsync(_api, Namespace, app.Name, dice));
                break;
            case Happening.Recreate:
                await DeleteAsync(app);
                app.Begin();
                app.Exists = true;
                await ApplyAsync(app);
                break;
            case Happening.Remove:
                await DeleteAsync(app);
                break;
            case Happening.Kill:
                await KillAsync(dice);
                break;
            case Happening.TakeLease:
                await TakeLeaseAsync();
                break;
            case Happening.Freeze:
                await FreezeAsync(dice);
                break;
            case Happening.Jump:
                _clock?.Jump(TimeSpan.FromSeconds(dice.Next(-86_400, 86_400)));
                break;
            default:
                throw new UnreachableException();
        }
    }

    private Task ApplyAsync(RandomApp app) => Insist.OnAsync(() => _api.ApplyAsync(app.Manifest(Namespace), CancellationToken.None));

    private async Task DeleteAsync(RandomApp app)
    {
        app.Exists = false;
        await Insist.OnAsync(async () =>
        {
            if (await FindAsync(app) is not null)
                await _api.DeleteAsync(MicroserviceApp.Resource, Namespace, app.Name, new(), CancellationToken.None);
        });
    }

    private Task<MicroserviceApp?> FindAsync(RandomApp app) => _api.FindAsync(MicroserviceApp.Type, Namespace, app.Name, CancellationToken.None);

    private async Task ApplySettingsAsync()
    {
        foreach (var obj in SettingsIn(Namespace))
            await Insist.OnAsync(() => _api.ApplyAsync(obj, CancellationToken.None));
    }

    private KubeObject[] SettingsIn(string ns)
    {
        JsonObject With(string field) => new()
        {
            ["metadata"] = new JsonObject { ["name"] = Settings, ["namespace"] = ns },
            [field] = new JsonObject { ["LEVEL"] = _level.ToString(CultureInfo.InvariantCulture) },
        };
        return [KubeObject.From(Resources.ConfigMaps, With("data")), KubeObject.From(Resources.Secrets, With("stringData"))];
    }

    private async Task KillAsync(Random dice)
    {
        if (_storm.Kind != StormKind.Pair)
        {
            await _slots[0].KillAsync();
            // What happens next mostly meets an operator in the middle of its work, and sometimes one that has not begun.
            if (dice.Next(4) > 0)
                await AtWorkAsync();
            return;
        }

        var leader = await LeaderAsync();
        if (dice.Next(4) == 0)
        {
            await _slots.First(s => s != leader).KillAsync();
            return;
        }

        await leader.KillAsync();
        await LeaderAsync();
    }

    // Who takes it does not work with it: after its length the operators may have it again.
    private async Task TakeLeaseAsync()
    {
        var leader = await LeaderAsync();
        var process = leader.Current;
        var now = JsonSerializer.SerializeToNode(DateTimeOffset.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture));
        await Insist.OnAsync(() => _api.JsonPatchAsync(Resources.Leases, Namespace, OperatorHost.LeaseName, new JsonArray(
            Replace("holderIdentity", "somebody-else"), Replace("acquireTime", now!.DeepClone()), Replace("renewTime", now.DeepClone())), CancellationToken.None));
        await process.WaitForExitAsync(); // it sees to that by itself
        await LeaderAsync();

        static JsonObject Replace(string field, JsonNode value) => new() { ["op"] = "replace", ["path"] = $"/spec/{field}", ["value"] = value };
    }

    private async Task FreezeAsync(Random dice)
    {
        var frozen = (await LeaderAsync()).Current;
        foreach (var app in _apps.Where(a => a.Exists))
        {
            app.Change();
            await ApplyAsync(app);
        }

        await Task.Delay(dice.Next(150)); // it is in the middle of its work, or has done it
        await frozen.SignalAsync("STOP");
        // What it had sent is answered meanwhile; what it reads first when it goes on asks for the next write.
        await Eventually.True(
            async () =>
            {
                var other = _slots.First(s => s.Current != frozen);
                return await other.LeadsAsync() && await PassesAsync(other.Current) > 0;
            },
            TimeSpan.FromMinutes(2));
        await frozen.SignalAsync("CONT");
        await frozen.WaitForExitAsync();
    }

    private Task AtWorkAsync() => Eventually.True(async () => await PassesAsync((await LeaderAsync()).Current) > 0, TimeSpan.FromMinutes(2));

    private static async Task<double> PassesAsync(OperatorProcess process) =>
        (await process.MetricsAsync()).Where(m => m.Key.StartsWith("fleet_reconcile_total", StringComparison.Ordinal)).Sum(m => m.Value);

    private async Task<OperatorSlot> LeaderAsync() => (await Eventually.That(
        async () =>
        {
            foreach (var slot in _slots)
            {
                if (await slot.LeadsAsync())
                    return slot;
            }

            return null;
        },
        leader => leader is not null,
        TimeSpan.FromMinutes(2),
        what: "an operator leads"))!;

    private Task ConvergeAsync(SortedDictionary<string, string> expected) => Eventually.That(
        async () =>
        {
            foreach (var app in _apps)
            {
                var now = await FindAsync(app);
                if (app.Exists ? now is null || !IsReady(now) : now is not null)
                    return now is null ? $"{app.Name} is gone" : Describe(now);
            }

            var names = _apps.Select(a => a.Name).ToHashSet(StringComparer.Ordinal);
            return OwnedObjects.Difference(expected, await OwnedObjects.ReadAsync(_api, Namespace, names.Contains));
        },
        difference => difference.Length == 0,
        LongestConvergence,
        what: "what is there is what would be there if nothing had gone wrong");

    // Nothing under way, and then nothing for a while.
    private async Task SilentAsync()
    {
        await Eventually.True(
            async () =>
            {
                var position = await _cluster.AuditLog.NowAsync();
                using var timer = new PeriodicTimer(Quiet);
                await timer.WaitForNextTickAsync();
                return !(await OursSinceAsync(position)).Any(r => r.IsRealWrite);
            },
            TimeSpan.FromSeconds(60),
            what: $"no operator writes for {Quiet.TotalSeconds} s");
    }

    /// <summary>A process that knows nothing of what was finds nothing to do.</summary>
    private async Task StartAnewAsync()
    {
        if (_storm.Kind == StormKind.Pair)
            return; // the end of the lease would have to be waited for
        var start = await _cluster.AuditLog.NowAsync();
        var before = await StatusesAsync();
        await _slots[0].DisposeAsync();
        await using var fresh = await OperatorProcess.StartReadyAsync(StartOf("fresh") with { LeaderElect = false });
        if (_apps.Any(a => a.Exists))
            await Eventually.True(async () => await PassesAsync(fresh) > 0);
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        await timer.WaitForNextTickAsync();
        var written = (await OursSinceAsync(start)).Where(r => r.IsRealWrite).ToList();
        Assert.True(written.Count == 0, $"a fresh operator wrote\n{string.Join('\n', written)}\nbefore:\n{before}\nafter:\n{await StatusesAsync()}");
    }

    private async Task<string> StatusesAsync()
    {
        var all = new List<string>();
        await foreach (var page in _api.ListAsync(MicroserviceApp.Type, new(Namespace), CancellationToken.None))
            all.AddRange(page.Items.Select(Describe));
        return string.Join('\n', all);
    }

    private async Task<List<AuditEntry>> OursSinceAsync(AuditPosition start) =>
        [.. (await _cluster.AuditLog.SinceAsync(start)).Where(e => e.UserAgent.StartsWith("fleet-operator/", StringComparison.Ordinal) && e.ObjectRef?.Namespace == Namespace)];

    // A process ends by itself only when its lease is somebody else's, and says so in two lines.
    private void AssertNoneFailed()
    {
        foreach (var (name, process, killed) in _slots.SelectMany(s => s.All))
        {
            var lost = process.Log.Entries.Any(e => e.Category == "Fleet.Leadership" && e.IsError);
            Assert.True(killed || !process.HasExited || lost, $"{name} ended by itself");
            Assert.DoesNotContain(process.Log.Entries, e => e.IsError && !(lost && e.Category is "Fleet.Leadership" or "Fleet.Operator"));
        }
    }

    // The writes of others, too: what an operator waits for is done by the cluster's own controllers.
    private async Task<List<string>> AfterwardsAsync(DateTimeOffset calm, AuditPosition start) =>
    [
        .. (await _cluster.AuditLog.SinceAsync(start))
            .Where(e => e.IsRealWrite && e.ObjectRef?.Namespace == Namespace && (e.UserAgent.StartsWith("fleet-operator/", StringComparison.Ordinal) || e.Verb == "delete"))
            .Select(w => (At: w.Received, Line: $"{w}"))
            .Concat(_slots.SelectMany(s => s.All).SelectMany(p => p.Process.Log.Entries).Select(e => (At: e.Time, Line: Line(e))))
            .Where(l => l.At > calm)
            .OrderBy(l => l.At)
            .Select(l => string.Create(CultureInfo.InvariantCulture, $"+{(l.At - calm).TotalSeconds:0.0} s {l.Line}")),
    ];

    private async Task<string> WritesAsync(AuditPosition start) => string.Join('\n', (await _cluster.AuditLog.SinceAsync(start))
        .Where(e => e.IsRealWrite && e.ObjectRef?.Namespace == Namespace && (e.UserAgent.StartsWith("fleet-", StringComparison.Ordinal) || e.Verb == "delete"))
        .Select(e => $"{e.Received:HH:mm:ss.fff} {e.Code} {e.Verb} {e.RequestUri} {Writers.Of(e)}"));

    private string Logs() => string.Join('\n', _slots.SelectMany(s => s.All).Select(p => $"{p.Name}:\n{string.Join('\n', p.Process.Log.Entries.TakeLast(80).Select(Line))}"));

    private static string Line(OperatorLogEntry entry) => entry.Category.Length == 0 ? entry.Line : $"{entry.Time:HH:mm:ss.fff} {entry.Level} {entry.Category} {entry.Message}";
}
