using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using System.Net;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;

namespace Fleet.Testing;

/// <summary>One request on its way through an <see cref="ApiFaultProxy"/>, and what may be done with it: the words that faults are made of.</summary>
public sealed class ApiExchange
{
    // What belongs to one connection, or is made anew on the other side.
    private static readonly HashSet<string> NotPassedOn = new(StringComparer.OrdinalIgnoreCase)
    {
        "Host", "Connection", "Keep-Alive", "Transfer-Encoding", "Upgrade", "Content-Length", "Content-Type", "User-Agent",
        "Accept-Encoding", // lines must be readable here
    };

    private readonly HttpContext _context;
    private readonly byte[] _body;
    private readonly HttpMessageInvoker _server;
    private readonly Uri _address;
    private readonly string _client;
    private readonly Task _calm;
    private PipeReader? _lines;

    internal ApiExchange(HttpContext context, byte[] body, HttpMessageInvoker server, Uri address, string client, Random dice, Task calm) =>
        (_context, _body, _server, _address, _client, Dice, _calm) = (context, body, server, address, client, dice, calm);

    /// <summary>For all that is random about it.</summary>
    public Random Dice { get; }

    /// <summary>The HTTP method.</summary>
    public string Method => _context.Request.Method;

    /// <summary>The path at the server.</summary>
    public string Path => _address.AbsolutePath;

    /// <summary>What was sent along.</summary>
    public ReadOnlyMemory<byte> Body => _body;

    /// <summary>Whether it asks for a watch.</summary>
    public bool IsWatch => _context.Request.Query["watch"] == "true";

    /// <summary>Whether it asks for a change.</summary>
    public bool IsWrite => Method is not ("GET" or "HEAD");

    /// <summary>Whether it asks for a list of objects.</summary>
    public bool IsList => !IsWrite && !IsWatch && _context.Request.Query.ContainsKey("limit");

    /// <summary>Up to 1.5 s: less than any client waits.</summary>
    public TimeSpan Moment => TimeSpan.FromMilliseconds(Dice.Next(10, 1500));

    /// <summary>How far a watch is behind what writes were answered: one to four seconds.</summary>
    public TimeSpan Behind => TimeSpan.FromMilliseconds(Dice.Next(1000, 4000));

    /// <summary>A number of lines, from 0 to 5.</summary>
    public int Few => Dice.Next(6);

    private CancellationToken Aborted => _context.RequestAborted;

    /// <summary>One of two.</summary>
    public T Coin<T>(T one, T other) => Dice.Next(2) == 0 ? one : other;

    /// <summary>Waits, until the storm is over at the longest.</summary>
    public async Task WaitAsync(TimeSpan time)
    {
        if (time > TimeSpan.Zero)
            await Task.WhenAny(Task.Delay(time, Aborted), _calm);
        Aborted.ThrowIfCancellationRequested();
    }

    /// <summary>Passes it on, and the answer back.</summary>
    public async Task PassAsync()
    {
        if (IsWatch)
            await PassLinesAsync();
        else
            await AnswerAsync(await AskAsync());
    }

    /// <summary>Passes it on and returns the whole answer.</summary>
    public async Task<(HttpResponseMessage Head, byte[] Body)> AskAsync()
    {
        using var request = Request();
        var answer = await _server.SendAsync(request, Aborted);
        _context.Response.RegisterForDispose(answer);
        return (answer, await answer.Content.ReadAsByteArrayAsync(Aborted));
    }

    /// <summary>Passes an answer back, or its first half.</summary>
    public async Task AnswerAsync((HttpResponseMessage Head, byte[] Body) answer, bool half = false)
    {
        Begin(answer.Head);
        await WriteAsync(answer.Body.AsMemory(0, half ? answer.Body.Length / 2 : answer.Body.Length));
    }

    /// <summary>Answers in the server's place.</summary>
    /// <param name="code">The HTTP status.</param>
    /// <param name="reason">The reason in the Status.</param>
    /// <param name="retryAfter">The header Retry-After, in seconds; null for none.</param>
    public Task RefuseAsync(int code, string reason, int? retryAfter = null)
    {
        _context.Response.StatusCode = code;
        _context.Response.ContentType = "application/json";
        if (retryAfter is { } seconds)
            _context.Response.Headers.RetryAfter = $"{seconds}";
        return _context.Response.WriteAsync(Status(code, reason).ToJsonString(), Aborted);
    }

    /// <summary>Resets the request alone; others on its connection go on.</summary>
    public void Cut() => _context.Abort();

    /// <summary>Cuts the connection, with all that is on it.</summary>
    public Task CutConnectionAsync()
    {
        _context.Features.Get<IConnectionLifetimeFeature>()!.Abort();
        return Task.CompletedTask;
    }

    /// <summary>
    /// Passes so many lines of a watch and returns the next one. Null when there is none, or the storm is over: then all that came was passed on.
    /// </summary>
    public async Task<byte[]?> LineAfterAsync(int count)
    {
        while (await NextLineAsync() is { } line)
        {
            if (count-- <= 0 && !_calm.IsCompleted)
                return line;
            await WriteAsync(line);
        }

        return null;
    }

    /// <summary>Passes the lines of a watch until it ends.</summary>
    /// <param name="behind">Each so long after it came; in their order.</param>
    public async Task PassLinesAsync(TimeSpan behind = default)
    {
        var lines = Channel.CreateUnbounded<(byte[] Line, long At)>(new() { SingleReader = true, SingleWriter = true });
        var reading = ReadAsync();
        await foreach (var (line, at) in lines.Reader.ReadAllAsync(Aborted))
        {
            await WaitAsync(behind - Stopwatch.GetElapsedTime(at));
            await WriteAsync(line);
        }

        await reading;

        async Task ReadAsync()
        {
            try
            {
                while (await NextLineAsync() is { } line)
                    lines.Writer.TryWrite((line, Stopwatch.GetTimestamp()));
            }
            finally
            {
                lines.Writer.Complete();
            }
        }
    }

    /// <summary>Writes a part of an answer and sends it at once.</summary>
    public async Task WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        await _context.Response.Body.WriteAsync(bytes, Aborted);
        await _context.Response.Body.FlushAsync(Aborted);
    }

    /// <summary>Writes the first half of a line.</summary>
    public Task WriteHalfAsync(byte[] line) => WriteAsync(line.AsMemory(0, line.Length / 2));

    /// <summary>Writes an ERROR event; with its end the watch ends.</summary>
    public Task WriteErrorAsync(int code, string reason) =>
        WriteAsync(System.Text.Encoding.UTF8.GetBytes(new JsonObject { ["type"] = "ERROR", ["object"] = Status(code, reason) }.ToJsonString() + "\n"));

    private static JsonObject Status(int code, string reason) => new()
    {
        ["kind"] = "Status", ["apiVersion"] = "v1", ["metadata"] = new JsonObject(), ["status"] = "Failure",
        ["message"] = $"a fault of the test: {reason}", ["reason"] = reason, ["code"] = code,
    };

    private HttpRequestMessage Request()
    {
        var request = new HttpRequestMessage(new(Method), _address) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionOrLower };
        foreach (var (name, values) in _context.Request.Headers.Where(h => !NotPassedOn.Contains(h.Key)))
            request.Headers.TryAddWithoutValidation(name, values.ToArray());
        request.Headers.TryAddWithoutValidation("User-Agent", $"{_context.Request.Headers.UserAgent} {_client}");
        if (_body.Length > 0)
        {
            request.Content = new ByteArrayContent(_body);
            request.Content.Headers.TryAddWithoutValidation("Content-Type", _context.Request.ContentType);
        }

        return request;
    }

    private void Begin(HttpResponseMessage answer)
    {
        _context.Response.StatusCode = (int)answer.StatusCode;
        foreach (var (name, values) in answer.Headers.Where(h => !NotPassedOn.Contains(h.Key)))
            _context.Response.Headers[name] = values.ToArray();
        _context.Response.ContentType = answer.Content.Headers.ContentType?.ToString();
    }

    /// <summary>The next line with its line feed; null at the end. The first call asks the server.</summary>
    private async Task<byte[]?> NextLineAsync()
    {
        if (_lines is null)
        {
            using var request = Request();
            var answer = await _server.SendAsync(request, Aborted);
            _context.Response.RegisterForDispose(answer);
            Begin(answer);
            await _context.Response.Body.FlushAsync(Aborted); // a watch begins with its headers, however long its first line takes
            _lines = PipeReader.Create(await answer.Content.ReadAsStreamAsync(Aborted));
        }

        while (true)
        {
            var read = await _lines.ReadAsync(Aborted);
            if (read.Buffer.PositionOf((byte)'\n') is { } end)
            {
                var line = read.Buffer.Slice(0, read.Buffer.GetPosition(1, end)).ToArray();
                _lines.AdvanceTo(read.Buffer.GetPosition(1, end));
                return line;
            }

            if (read.IsCompleted)
            {
                if (!read.Buffer.IsEmpty)
                    await WriteAsync(read.Buffer.ToArray()); // a refusal has no line feed
                return null;
            }

            _lines.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }
}
