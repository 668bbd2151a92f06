using System.Net;
using Fleet.Kubernetes;
using Fleet.Testing;
using Xunit;

namespace Fleet.Unit.Kubernetes;

/// <summary>How refusals surface, and which of them are waited out.</summary>
public sealed class RefusalTests
{
    private static readonly CancellationToken Stop = CancellationToken.None;
    private static readonly TimeSpan ThreeSeconds = TimeSpan.FromSeconds(3);
    private static readonly Lease AnyLease = new() { Metadata = new() { Name = "l" } };

    [Fact]
    public async Task A_status_is_typed()
    {
        const string body = """
            {"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Service \"s\" is invalid","reason":"Invalid","code":422,
             "details":{"name":"s","kind":"Service","group":"","uid":"u","retryAfterSeconds":2,
               "causes":[{"reason":"FieldValueInvalid","message":"Invalid value: 99999","field":"spec.ports[0].port"}]}}
            """;
        var e = await RefusedAsync(StubServer.Json(body, HttpStatusCode.UnprocessableEntity));
        Assert.True(e.IsInvalid);
        Assert.Equal(("Invalid", "s", "Service"), (e.Status.Reason, e.Status.Details?.Name, e.Status.Details?.Kind));
        Assert.Equal(("FieldValueInvalid", "spec.ports[0].port"), (Assert.Single(e.Status.Causes).Reason, e.Status.Causes[0].Field));
        Assert.Equal(TimeSpan.FromSeconds(2), e.RetryAfter);
        Assert.Equal("get pods demo/a: Service \"s\" is invalid (422 Invalid)", e.Message);
    }

    [Fact]
    public async Task A_status_without_a_reason_is_one_all_the_same()
    {
        // What 1.20 answers to an apply of a field that it does not know.
        var e = await RefusedAsync(StubServer.Json(
            """{"kind":"Status","status":"Failure","message":"failed to create typed patch object: .spec.x: field not declared in schema","code":500}""", HttpStatusCode.InternalServerError));
        Assert.True(e.IsServerError);
        Assert.Equal("failed to create typed patch object: .spec.x: field not declared in schema", e.Status.Message);
        Assert.Equal("", e.Status.Reason);
    }

    [Theory]
    [InlineData("404 page not found\n", "404 page not found")]
    [InlineData("<html>\r\n502</html>", "<html>  502</html>")]
    [InlineData("", "Bad Gateway")]
    [InlineData("null", "null")]
    [InlineData("[1]", "[1]")]
    [InlineData("{}", "{}")]
    public async Task A_body_that_is_no_status_is_the_message(string body, string message)
    {
        var e = await RefusedAsync(new HttpResponseMessage(HttpStatusCode.BadGateway) { Content = new StringContent(body, null, "text/plain") });
        Assert.Equal((HttpStatusCode.BadGateway, message), (e.StatusCode, e.Status.Message));
        Assert.Empty(e.Status.Causes);
    }

    [Fact]
    public async Task A_long_body_is_cut()
    {
        var e = await RefusedAsync(new HttpResponseMessage(HttpStatusCode.BadGateway) { Content = new StringContent(new string('x', 2 << 20)) });
        Assert.True(e.Message.Length < 2048);
        Assert.Equal(HttpStatusCode.BadGateway, e.StatusCode);
    }

    [Theory]
    [InlineData(HttpStatusCode.NotFound, "NotFound", nameof(ApiException.IsNotFound))]
    [InlineData(HttpStatusCode.Conflict, "Conflict", nameof(ApiException.IsConflict))]
    [InlineData(HttpStatusCode.Conflict, "AlreadyExists", nameof(ApiException.IsAlreadyExists))]
    [InlineData(HttpStatusCode.UnprocessableEntity, "Invalid", nameof(ApiException.IsInvalid))]
    [InlineData(HttpStatusCode.Forbidden, "Forbidden", nameof(ApiException.IsForbidden))]
    [InlineData(HttpStatusCode.Gone, "Expired", nameof(ApiException.IsGone))]
    [InlineData(HttpStatusCode.Gone, "Gone", nameof(ApiException.IsGone))]
    [InlineData(HttpStatusCode.Unauthorized, "Unauthorized", nameof(ApiException.IsUnauthorized))]
    [InlineData(HttpStatusCode.TooManyRequests, "TooManyRequests", nameof(ApiException.IsTooManyRequests))]
    [InlineData(HttpStatusCode.InternalServerError, "", nameof(ApiException.IsServerError))]
    public async Task Each_refusal_answers_to_one_name(HttpStatusCode code, string reason, string name)
    {
        var e = await RefusedAsync(StubServer.Refusal(code, reason));
        var flags = typeof(ApiException).GetProperties().Where(p => p.PropertyType == typeof(bool) && (bool)p.GetValue(e)!).Select(p => p.Name);
        Assert.Equal([name], flags);
    }

    [Fact]
    public async Task A_429_is_waited_out_for_reads_and_for_writes()
    {
        var time = new ArmedTime();
        var server = StubServer.Answering(Busy(HttpStatusCode.TooManyRequests), StubServer.Json("""{"metadata":{"name":"l"}}"""));
        using var api = server.Client(new() { TimeProvider = time });
        var call = api.CreateAsync(Kinds.Leases, "demo", AnyLease, KubeJson.Default.Lease, Stop);
        await time.PassAsync(ThreeSeconds);
        Assert.Equal("l", (await call).Metadata.Name);
        Assert.Equal(2, server.Requests.Count);
        Assert.Equal(server.Requests[0].Body, server.Requests[1].Body);
    }

    [Fact]
    public async Task The_third_429_surfaces()
    {
        var time = new ArmedTime();
        var server = new StubServer(_ => Busy(HttpStatusCode.TooManyRequests));
        using var api = server.Client(new() { TimeProvider = time });
        var call = api.GetVersionAsync(Stop);
        await time.PassAsync(ThreeSeconds);
        await time.PassAsync(ThreeSeconds);
        Assert.Equal(ThreeSeconds, (await Assert.ThrowsAsync<ApiException>(() => call)).RetryAfter);
        Assert.Equal(3, server.Requests.Count);
    }

    [Fact]
    public async Task A_503_is_waited_out_where_a_second_execution_does_no_harm()
    {
        var time = new ArmedTime();
        var server = StubServer.Answering(Busy(HttpStatusCode.ServiceUnavailable), StubServer.Json("""{"metadata":{"name":"l"}}"""));
        using var api = server.Client(new() { TimeProvider = time });
        var call = api.ReplaceAsync(Kinds.Leases, "demo", "l", AnyLease, KubeJson.Default.Lease, Stop);
        await time.PassAsync(ThreeSeconds);
        await call;
    }

    [Fact]
    public async Task A_503_to_a_create_or_a_json_patch_surfaces_at_once()
    {
        var server = new StubServer(_ => Busy(HttpStatusCode.ServiceUnavailable));
        using var api = server.Client();
        await Assert.ThrowsAsync<ApiException>(() => api.CreateAsync(Kinds.Leases, "demo", AnyLease, KubeJson.Default.Lease, Stop));
        await Assert.ThrowsAsync<ApiException>(() => api.JsonPatchAsync(Resources.Pods, "demo", "a", [], Stop));
        Assert.Equal(2, server.Requests.Count);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(60)]
    public async Task A_wait_that_nobody_named_or_that_is_too_long_is_the_callers(int? seconds)
    {
        var server = new StubServer(_ => StubServer.Refusal(HttpStatusCode.TooManyRequests, "TooManyRequests", retryAfter: seconds));
        using var api = server.Client();
        var e = await Assert.ThrowsAsync<ApiException>(() => api.GetVersionAsync(Stop));
        Assert.Equal(seconds, e.RetryAfter?.TotalSeconds);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task A_retry_after_may_be_a_date()
    {
        var time = new ArmedTime();
        var response = StubServer.Refusal(HttpStatusCode.TooManyRequests, "TooManyRequests");
        response.Headers.RetryAfter = new(time.GetUtcNow().AddMinutes(5));
        using var api = StubServer.Answering(response).Client(new() { TimeProvider = time });
        Assert.Equal(TimeSpan.FromMinutes(5), (await Assert.ThrowsAsync<ApiException>(() => api.GetVersionAsync(Stop))).RetryAfter);
    }

    [Fact]
    public async Task Cancelling_ends_the_wait()
    {
        var time = new ArmedTime();
        using var stop = new CancellationTokenSource();
        using var api = new StubServer(_ => Busy(HttpStatusCode.TooManyRequests)).Client(new() { TimeProvider = time });
        var call = api.GetVersionAsync(stop.Token);
        await time.ArmedFor(ThreeSeconds);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
    }

    [Fact]
    public async Task A_silent_server_is_a_timeout_and_a_cancelled_call_is_cancelled()
    {
        var time = new ArmedTime();
        var options = new ApiClientOptions { TimeProvider = time, RequestTimeout = TimeSpan.FromSeconds(4) };
        using var stop = new CancellationTokenSource();
        using var api = new ApiClient(new() { Server = StubServer.Address }, options, _ => new SilentServer());

        var slow = api.GetVersionAsync(stop.Token);
        await time.PassAsync(options.RequestTimeout);
        Assert.Contains("within 4 s", (await Assert.ThrowsAsync<TimeoutException>(() => slow)).Message, StringComparison.Ordinal);

        var cancelled = api.GetVersionAsync(stop.Token);
        await time.ArmedFor(options.RequestTimeout);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
    }

    [Fact]
    public async Task The_timeout_covers_the_body()
    {
        var time = new ArmedTime();
        var options = new ApiClientOptions { TimeProvider = time };
        using var api = StubServer.Answering(StubServer.Stream(new System.IO.Pipelines.Pipe().Reader.AsStream())).Client(options);
        var call = api.GetVersionAsync(Stop);
        await time.PassAsync(options.RequestTimeout);
        await Assert.ThrowsAsync<TimeoutException>(() => call);
    }

    [Fact]
    public async Task No_more_requests_than_allowed_are_under_way_and_leases_pass_by()
    {
        var server = new HeldServer();
        using var api = new ApiClient(new() { Server = StubServer.Address }, new() { MaxConcurrency = 2 }, _ => server);
        var calls = Enumerable.Range(0, 5).Select(_ => api.GetVersionAsync(Stop)).ToList();
        await server.UnderWay(2);
        var lease = api.GetAsync(Kinds.Leases, "demo", "l", Stop);
        await server.UnderWay(3);
        server.ReleaseAll();
        await Task.WhenAll(calls);
        await lease;
        Assert.Equal(3, server.Most);
    }

    private static HttpResponseMessage Busy(HttpStatusCode code) => StubServer.Refusal(code, "Busy", retryAfter: 3);

    private static async Task<ApiException> RefusedAsync(HttpResponseMessage answer)
    {
        using var api = StubServer.Answering(answer).Client();
        return await Assert.ThrowsAsync<ApiException>(() => api.GetAsync(Kinds.Pods, "demo", "a", Stop));
    }

    private sealed class SilentServer : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            throw new InvalidOperationException();
        }
    }

    /// <summary>Answers nobody until told to, and counts who waits.</summary>
    private sealed class HeldServer : HttpMessageHandler
    {
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly SemaphoreSlim _arrived = new(0);
        private int _now;
        private int _seen;

        public int Most { get; private set; }

        public async Task UnderWay(int count)
        {
            for (; _seen < count; _seen++)
                Assert.True(await _arrived.WaitAsync(Eventually.Patience));
        }

        public void ReleaseAll() => _released.SetResult();

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            lock (_released)
                Most = Math.Max(Most, ++_now);
            _arrived.Release();
            await _released.Task;
            lock (_released)
                _now--;
            return StubServer.Json("{}");
        }
    }
}
