using Fleet.Local.ApiServer;
using Fleet.Local.Processes;
using Fleet.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Fleet.SystemTests.Local;

/// <summary>What pods are on the local node: processes, with the status and events that a kubelet would write.</summary>
public class NodeTests(ITestOutputHelper output) : NodeTest(output)
{
    // So long that only a server that hangs is given up.
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(30) };

    [Fact]
    public async Task A_bundled_program_runs_is_ready_and_is_started_again_when_it_is_killed()
    {
        await StartNodeAsync();
        await Kubectl.ApplyAsync(
            $$"""
            apiVersion: v1
            kind: Pod
            metadata: { name: auth }
            spec:
              nodeName: {{NodeName}}
              automountServiceAccountToken: false
              containers:
              - name: auth
                image: ghcr.io/any/fleet-auth:1.2.3
                ports: [ { name: main, containerPort: 8001 }, { name: management, containerPort: 8081 } ]
                env:
                - { name: PORT, value: "8001" }
                - { name: MANAGEMENT_PORT, value: "8081" }
                - { name: FLEET_SERVICE, value: auth }
                - { name: AUTH__ISSUER, value: "http://auth.{{Namespace}}.svc:8001" }
                - { name: AUTH__AUDIENCE, value: shop }
                resources: { limits: { memory: 512Mi } }
                startupProbe: { httpGet: { port: 8081, path: /healthz/live }, periodSeconds: 1, failureThreshold: 60 }
                readinessProbe: { httpGet: { port: management, path: /healthz/ready }, periodSeconds: 2 }
                livenessProbe: { httpGet: { port: 8081, path: /healthz/live } }
                volumeMounts: [ { name: data, mountPath: /data }, { name: tmp, mountPath: /tmp } ]
              volumes: [ { name: data, emptyDir: {} }, { name: tmp, emptyDir: {} } ]
            """);
        var pod = await ReadyPodAsync("auth");
        Assert.Equal("Running", (string)pod["status"]!["phase"]!);
        Assert.All(["PodScheduled", "Initialized", "ContainersReady"], type => Assert.Contains(pod["status"]!["conditions"]!.AsArray(), c => (string)c!["type"]! == type && (string)c["status"]! == "True"));
        Assert.StartsWith("127.", (string)pod["status"]!["podIP"]!, StringComparison.Ordinal);
        Assert.True((bool)StatusOf(pod)!["started"]!);
        var keys = new Uri($"http://{pod["status"]!["podIP"]}:8001/.well-known/jwks.json");
        Assert.Contains("keys", await Http.GetStringAsync(keys), StringComparison.Ordinal);
        Assert.NotEmpty(Directory.EnumerateFiles(Directory.EnumerateDirectories(Path.Combine(StateFolder, "pods")).Single(), "*.db", SearchOption.AllDirectories));
        await Eventually.True(() => Local.Usage is [{ Memory: > 1_000_000, Restarts: 0, Pod: "auth" }]);

        var process = Assert.Single(ProcessesWith(StateFolder), IsDotNet);
        await Command.RunAsync("/bin/sh", ["-c", $"kill -9 {process}"]);
        pod = await PodAsync("auth", p => Restarts(p) == 1 && IsReady(p));
        Assert.Equal(137, (int)StatusOf(pod)!["lastState"]!["terminated"]!["exitCode"]!);
        Assert.Contains("keys", await Http.GetStringAsync(keys), StringComparison.Ordinal);
        await Eventually.That(() => EventsAsync("auth"), events => events.Any(e => e.StartsWith("Started:", StringComparison.Ordinal)), describe: events => string.Join('\n', events));
    }

    [Fact]
    public async Task A_container_that_ends_again_and_again_waits_longer_each_time_and_its_last_words_are_kept()
    {
        await StartNodeAsync();
        await CreatePodAsync("crash", """command: [sh, -c, "echo what went wrong; exit 3"], terminationMessagePolicy: FallbackToLogsOnError""");
        var pod = await PodAsync("crash", p => WaitingReason(p) == "CrashLoopBackOff");
        Assert.Equal(1, Restarts(pod));
        Assert.StartsWith($"back-off 10s restarting failed container=main pod=crash_{Namespace}(", (string)StatusOf(pod)!["state"]!["waiting"]!["message"]!, StringComparison.Ordinal);
        var last = StatusOf(pod)!["lastState"]!["terminated"]!;
        Assert.Equal((3, "Error", "what went wrong"), ((int)last["exitCode"]!, (string)last["reason"]!, (string)last["message"]!));
        Assert.Equal("Running", (string)pod["status"]!["phase"]!);
        Assert.Equal("what went wrong\n", await LogAsync("crash", new(Previous: true)));
        await Eventually.True(async () => (await EventsAsync("crash")).Any(e => e.StartsWith("BackOff: Back-off restarting failed container main", StringComparison.Ordinal)));

        await CreatePodAsync("once", """command: [sh, -c, "echo left > /dev/termination-log; exit 4"]""", "restartPolicy: Never, ");
        pod = await PodAsync("once", p => (string?)p["status"]!["phase"] == "Failed");
        Assert.Equal("left", (string)StatusOf(pod)!["state"]!["terminated"]!["message"]!);
        await CreatePodAsync("done", """command: ["true"]""", "restartPolicy: OnFailure, ");
        pod = await PodAsync("done", p => (string?)p["status"]!["phase"] == "Succeeded");
        Assert.Equal("Completed", (string)StatusOf(pod)!["state"]!["terminated"]!["reason"]!);
        await CreatePodAsync("missing", "command: [no-such-program]");
        pod = await PodAsync("missing", p => WaitingReason(p) == "CrashLoopBackOff");
        Assert.Equal("StartError", (string)StatusOf(pod)!["lastState"]!["terminated"]!["reason"]!);
    }

    [Fact]
    public async Task Who_uses_more_memory_than_its_limit_is_killed_and_the_reason_is_told()
    {
        await StartNodeAsync();
        await CreatePodAsync("hungry", $$"""command: [dotnet, "{{Workload}}", eat, "400000000"], resources: { limits: { memory: 200Mi } }""", "restartPolicy: Never, ");
        var pod = await PodAsync("hungry", p => (string?)p["status"]!["phase"] == "Failed");
        var ended = StatusOf(pod)!["state"]!["terminated"]!;
        Assert.Equal((137, "OOMKilled"), ((int)ended["exitCode"]!, (string)ended["reason"]!));
    }

    [Fact]
    public async Task Probes_make_a_container_ready_and_restart_it()
    {
        // The answers are what counts, not how long a busy machine takes for a command: nothing is probed for life before it lives, and a probe may take its time.
        await StartNodeAsync();
        await CreatePodAsync(
            "probed",
            """
            command: [sh, -c, "touch /work/alive; exec sleep 1000"], volumeMounts: [ { name: work, mountPath: /work } ],
            startupProbe: { exec: { command: [test, -f, /work/alive] }, periodSeconds: 1, timeoutSeconds: 30, failureThreshold: 60 },
            readinessProbe: { exec: { command: [test, -f, /work/ready] }, periodSeconds: 1, timeoutSeconds: 30, failureThreshold: 1 },
            livenessProbe: { exec: { command: [test, -f, /work/alive] }, periodSeconds: 1, timeoutSeconds: 30, failureThreshold: 2 }
            """,
            "terminationGracePeriodSeconds: 1, volumes: [ { name: work, emptyDir: {} } ], ");
        await PodAsync("probed", p => StatusOf(p)?["state"]?["running"] is not null && !IsReady(p));
        var work = Path.Combine(Directory.EnumerateDirectories(Path.Combine(StateFolder, "pods")).Single(), "volumes", "work");
        await File.WriteAllTextAsync(Path.Combine(work, "ready"), "");
        await ReadyPodAsync("probed");
        File.Delete(Path.Combine(work, "ready"));
        await PodAsync("probed", p => !IsReady(p));

        File.Delete(Path.Combine(work, "alive"));
        await PodAsync("probed", p => Restarts(p) == 1 && StatusOf(p)!["state"]!["running"] is not null);
        await Eventually.True(async () => await EventsAsync("probed") is var events && events.Contains("Killing: Container main failed liveness probe, will be restarted", StringComparer.Ordinal) &&
            events.Any(e => e.StartsWith("Unhealthy: Liveness probe failed:", StringComparison.Ordinal)));

        await CreatePodAsync("tcp", $$"""command: [dotnet, "{{Workload}}", serve], ports: [ { name: web, containerPort: 8080 } ], readinessProbe: { tcpSocket: { port: web } }""");
        await ReadyPodAsync("tcp");
    }

    [Fact]
    public async Task Configuration_reaches_environment_and_files_and_files_follow_it()
    {
        await StartNodeAsync();
        await Kubectl.ApplyAsync(
            $$"""
            apiVersion: v1
            kind: ConfigMap
            metadata: { name: settings }
            data: { color: red, peer: "http://peer.{{Namespace}}.svc:8002/x" }
            ---
            apiVersion: v1
            kind: Service
            metadata: { name: peer }
            spec: { clusterIP: None, selector: { app: peer }, ports: [ { port: 8002 } ] }
            """);
        await CreatePodAsync(
            "reader",
            """
            command: [sh, -c, "echo $COLOR $NAME $SECRET $LINE; exec sleep 1000"],
            env: [ { name: COLOR, valueFrom: { configMapKeyRef: { name: settings, key: color } } }, { name: NAME, valueFrom: { fieldRef: { fieldPath: metadata.name } } },
                   { name: SECRET, valueFrom: { secretKeyRef: { name: late, key: password } } }, { name: LINE, value: "$(COLOR)-$(NAME)" } ],
            volumeMounts: [ { name: settings, mountPath: /etc/settings }, { name: secret, mountPath: /etc/secret } ]
            """,
            "volumes: [ { name: settings, configMap: { name: settings } }, { name: secret, secret: { secretName: late, optional: true, defaultMode: 420 } } ], ");
        var pod = await PodAsync("reader", p => WaitingReason(p) == "CreateContainerConfigError");
        Assert.Equal("secret \"late\" not found", (string)StatusOf(pod)!["state"]!["waiting"]!["message"]!);

        await Kubectl.RunAsync("create secret generic late --from-literal=password=hush");
        await ReadyPodAsync("reader");
        await Eventually.That(() => LogAsync("reader"), log => log == "red reader hush red-reader\n");
        var volumes = Path.Combine(Directory.EnumerateDirectories(Path.Combine(StateFolder, "pods")).Single(), "volumes");
        Assert.Matches(@"^http://127\.\d+\.\d+\.\d+:8002/x$", await File.ReadAllTextAsync(Path.Combine(volumes, "settings", "peer")));
        await Eventually.True(() => File.Exists(Path.Combine(volumes, "secret", "password")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, new FileInfo(Path.Combine(volumes, "secret", "..data", "password")).UnixFileMode);

        await Kubectl.RunAsync("patch configmap settings --type merge -p {\"data\":{\"color\":\"blue\",\"more\":\"1\"}}");
        await Eventually.That(() => File.ReadAllTextAsync(Path.Combine(volumes, "settings", "color")), text => text == "blue");
        // The names of new files come after the change of all that were there.
        await Eventually.True(() => File.Exists(Path.Combine(volumes, "settings", "more")));
        Assert.Equal(0, Restarts(await Kubectl.GetJsonAsync("pod/reader")));
    }

    [Fact]
    public async Task An_image_without_a_program_waits_and_says_what_to_do()
    {
        await StartNodeAsync();
        await CreatePodAsync("foreign", "");
        var pod = await PodAsync("foreign", p => WaitingReason(p) == "NoLocalProgram");
        Assert.Contains("fleet.local/command", (string)StatusOf(pod)!["state"]!["waiting"]!["message"]!, StringComparison.Ordinal);
        Assert.Equal("Pending", (string)pod["status"]!["phase"]!);

        await Kubectl.RunAsync(["annotate", "pod/foreign", "fleet.local/command=sleep 1000"]);
        await ReadyPodAsync("foreign");
    }

    [Fact]
    public async Task Deletion_asks_first_and_forces_in_the_end()
    {
        await StartNodeAsync();
        var note = Path.Combine(StateFolder, "note");
        await CreatePodAsync(
            "polite",
            $$"""
            command: [sh, -c, "trap 'echo ended >> {{note}}; exit 0' TERM; echo up; while :; do sleep 0.1; done"],
            lifecycle: { preStop: { exec: { command: [sh, -c, "echo asked >> {{note}}"] } } }
            """);
        var words = $"trap '' TERM; : {NodeName}; echo up";
        await CreatePodAsync("stubborn", $$"""command: [sh, -c, "{{words}}; while :; do sleep 0.1; done"]""");
        await Eventually.True(async () => await LogAsync("polite") == "up\n" && await LogAsync("stubborn") == "up\n");
        // For a moment there are two: the shell, and what it has split off to become the next sleep.
        var stubborn = (await Eventually.That(() => Task.FromResult(ProcessesWith(words)), found => found.Count == 1, describe: found => string.Join(' ', found)))[0];

        await Kubectl.RunAsync("delete pod/polite --wait=false");
        await GoneAsync("polite");
        Assert.Equal("asked\nended\n", await File.ReadAllTextAsync(note));
        await Kubectl.RunAsync("delete pod/stubborn --grace-period=1 --wait=false");
        await GoneAsync("stubborn");
        await Eventually.True(() => !ProcessesWith(words).Contains(stubborn));
        // The folders go once the API server has forgotten the pod: until then its log can be asked for.
        await Eventually.True(() => !Directory.EnumerateDirectories(Path.Combine(StateFolder, "pods")).Any());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Replicas_behind_a_Service_take_turns_and_a_dead_one_is_left_out(bool single)
    {
        await StartNodeAsync(single ? LoopbackRange.Single() : null);
        await Kubectl.ApplyAsync(
            """
            apiVersion: v1
            kind: Service
            metadata: { name: web }
            spec: { selector: { app: web }, ports: [ { port: 80, targetPort: http } ] }
            """);
        foreach (var name in new[] { "web-1", "web-2" })
            await CreatePodAsync(name, $$"""command: [dotnet, "{{Workload}}", serve], ports: [ { name: http, containerPort: 8080 } ], env: [ { name: PORT, value: "8080" } ], readinessProbe: { httpGet: { port: http } }""");
        await ReadyPodAsync("web-1");
        await ReadyPodAsync("web-2");
        var place = (await Eventually.That(() => Task.FromResult(Local.Proxies.Of(Namespace, "web", 80)), found => found is not null))!;
        Output.WriteLine($"{place} {Local.Proxies.ReasonOf(Namespace, "web", 80)}");
        Assert.Equal(single, place.Address.ToString() == "127.0.0.1");
        var answers = new List<string>();
        for (var i = 0; i < 6; i++)
            answers.Add(await GetAsync());
        Assert.Equal(["web-1", "web-2"], answers.Order(StringComparer.Ordinal).Distinct());
        Assert.Equal(3, answers.Count(a => a == "web-1"));

        await Kubectl.RunAsync("delete pod/web-1 --wait=false");
        await GoneAsync("web-1");
        for (var i = 0; i < 4; i++)
            Assert.Equal("web-2", await GetAsync());
        await Kubectl.RunAsync("delete service/web");
        await Eventually.True(() => Local.Proxies.Of(Namespace, "web", 80) is null);

        async Task<string> GetAsync()
        {
            using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(30) }; // a connection of its own
            return await client.GetStringAsync(new Uri($"http://{place}/"));
        }
    }

    [Fact]
    public async Task Logs_are_as_kubectl_asks_for_them()
    {
        await StartNodeAsync();
        await CreatePodAsync("talker", """command: [sh, -c, "i=1; while [ $i -le 5 ]; do echo line $i; i=$((i+1)); done; while [ ! -f /go/on ]; do sleep 0.05; done; echo line 6; echo error >&2; sleep 0.3"], volumeMounts: [ { name: go, mountPath: /go } ]""", "restartPolicy: Never, volumes: [ { name: go, emptyDir: {} } ], ");
        await Eventually.That(() => LogAsync("talker"), log => log?.EndsWith("line 5\n", StringComparison.Ordinal) == true);
        Assert.Equal("line 4\nline 5\n", await LogAsync("talker", new(TailLines: 2)));
        Assert.Equal("line", await LogAsync("talker", new(LimitBytes: 4)));
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z line 5\n$", await LogAsync("talker", new(TailLines: 1, Timestamps: true)));
        Assert.Equal(5, (await LogAsync("talker", new(SinceSeconds: 600)))!.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Null(await LogAsync("talker", new(Previous: true)));
        Assert.Null(await LogAsync("talker", new(Container: "none")));
        Assert.Null(await LogAsync("nobody"));

        // What there is has been read before more is written.
        await using var stream = (await Local.OpenAsync(Namespace, "talker", new LogQuery(Follow: true, TailLines: 1), CancellationToken.None))!;
        using var followed = new StreamReader(stream);
        Assert.Equal("line 5", await followed.ReadLineAsync().WaitAsync(Eventually.Patience));
        await File.WriteAllTextAsync(Path.Combine(Directory.EnumerateDirectories(Path.Combine(StateFolder, "pods")).Single(), "volumes", "go", "on"), "");
        Assert.Equal(["error", "line 6"], (await followed.ReadToEndAsync().WaitAsync(Eventually.Patience)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
    }

    private static bool IsDotNet(int process) => new FileInfo($"/proc/{process}/exe").LinkTarget?.EndsWith("/dotnet", StringComparison.Ordinal) == true;
}
