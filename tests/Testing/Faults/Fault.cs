using System.Collections.Immutable;

namespace Fleet.Testing;

/// <summary>One way in which a request to the API server goes wrong. A fault is a row of <see cref="All"/>.</summary>
/// <param name="Name">In words, for the log of a run.</param>
/// <param name="Suits">To which requests it may happen.</param>
/// <param name="CommitAsync">What happens in place of passing the request on.</param>
public sealed record Fault(string Name, Func<ApiExchange, bool> Suits, Func<ApiExchange, Task> CommitAsync)
{
    // Longer than any client of ours waits: it gives up first.
    private static readonly TimeSpan TooLong = TimeSpan.FromSeconds(30);

    /// <summary>Every fault there is.</summary>
    public static readonly ImmutableArray<Fault> All =
    [
        // On the way to the server.
        new("late", _ => true, async e => { await e.WaitAsync(e.Moment); await e.PassAsync(); }),
        new("never passed on", e => !e.IsWatch, async e => { await e.WaitAsync(TooLong); await e.PassAsync(); }),
        new("sent twice", e => e.IsWrite, async e => await e.AnswerAsync(e.Coin(await e.AskAsync(), await e.AskAsync()))),
        new("connection cut before", _ => true, e => e.CutConnectionAsync()),

        // In the server's place.
        new("409", e => e.IsWrite, e => e.RefuseAsync(409, "Conflict")),
        new("410", e => e.IsList || e.IsWatch, e => e.RefuseAsync(410, "Expired")),
        new("429", _ => true, e => e.RefuseAsync(429, "TooManyRequests")),
        new("429 with Retry-After", _ => true, e => e.RefuseAsync(429, "TooManyRequests", retryAfter: 1)),
        new("500", _ => true, e => e.RefuseAsync(500, "InternalError")),
        new("503", _ => true, e => e.RefuseAsync(503, "ServiceUnavailable")),
        new("503 with Retry-After", _ => true, e => e.RefuseAsync(503, "ServiceUnavailable", retryAfter: 1)),

        // On the way back: what was asked is done.
        new("answer late", e => !e.IsWatch, async e => { var answer = await e.AskAsync(); await e.WaitAsync(e.Moment); await e.AnswerAsync(answer); }),
        new("answer never", e => !e.IsWatch, async e => { var answer = await e.AskAsync(); await e.WaitAsync(TooLong); await e.AnswerAsync(answer); }),
        new("answer lost", e => !e.IsWatch, async e => { await e.AskAsync(); e.Cut(); }),
        new("answer cut", e => !e.IsWatch, async e => { await e.AnswerAsync(await e.AskAsync(), half: true); e.Cut(); }),
        new("answer ends early", e => !e.IsWatch, async e => await e.AnswerAsync(await e.AskAsync(), half: true)),
        new("connection cut after", e => !e.IsWatch, async e => { await e.AskAsync(); await e.CutConnectionAsync(); }),

        // Within a watch, after a few lines.
        new("watch cut", e => e.IsWatch, async e => { if (await e.LineAfterAsync(e.Few) is not null) e.Cut(); }),
        new("watch closed", e => e.IsWatch, async e => await e.LineAfterAsync(e.Few)),
        new("half a line, cut", e => e.IsWatch, async e => { if (await e.LineAfterAsync(e.Few) is { } line) { await e.WriteHalfAsync(line); e.Cut(); } }),
        new("half a line, closed", e => e.IsWatch, async e => { if (await e.LineAfterAsync(e.Few) is { } line) await e.WriteHalfAsync(line); }),
        new("a line twice", e => e.IsWatch, async e => { if (await e.LineAfterAsync(e.Few) is { } line) { await e.WriteAsync(line); await e.WriteAsync(line); await e.PassLinesAsync(); } }),
        new("410 in a watch", e => e.IsWatch, async e => { if (await e.LineAfterAsync(e.Few) is not null) await e.WriteErrorAsync(410, "Expired"); }),
        new("500 in a watch", e => e.IsWatch, async e => { if (await e.LineAfterAsync(e.Few) is not null) await e.WriteErrorAsync(500, "InternalError"); }),
        new("watch cache behind", e => e.IsWatch, e => e.PassLinesAsync(e.Behind)),
    ];
}
