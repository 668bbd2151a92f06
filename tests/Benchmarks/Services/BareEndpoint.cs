using System.CommandLine;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Fleet.Benchmarks.Services;

/// <summary>
/// What the services are measured beside: Kestrel and one delegate that answers a constant, with nothing around it but the server. It is a process of its own, a hidden command of
/// this program, so that it has what the service has: one processor and the same runtime.
/// </summary>
internal static class BareEndpoint
{
    /// <summary>The command's name.</summary>
    public const string Name = "bare";

    /// <summary>The command: <c>bare URL FILE</c> answers every request with the file, over HTTP/1.1 as JSON; <c>bare URL FILE --grpc</c> over HTTP/2 as a gRPC method's one answer.</summary>
    public static Command Create()
    {
        var url = new Argument<string>("url");
        var file = new Argument<FileInfo>("file");
        var grpc = new Option<bool>("--grpc");
        var command = new Command(Name) { url, file, grpc };
        command.Hidden = true;
        command.SetAction((parsed, _) => RunAsync(parsed.GetValue(url)!, File.ReadAllBytes(parsed.GetValue(file)!.FullName), parsed.GetValue(grpc)));
        return command;
    }

    private static async Task<int> RunAsync(string url, byte[] body, bool grpc)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseUrls(url).ConfigureKestrel(k => k.ConfigureEndpointDefaults(e => e.Protocols = grpc ? HttpProtocols.Http2 : HttpProtocols.Http1));
        await using var app = builder.Build();
        app.Run(grpc ? context => RpcAsync(context, body) : context => JsonAsync(context, body));
        await app.RunAsync();
        return 0;
    }

    private static Task JsonAsync(HttpContext context, byte[] body)
    {
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.Length;
        return context.Response.Body.WriteAsync(body).AsTask();
    }

    private static async Task RpcAsync(HttpContext context, byte[] body)
    {
        // The request is one small message; it is read to its end, as any gRPC server does.
        var reader = context.Request.BodyReader;
        while (await reader.ReadAsync() is { IsCompleted: false } read)
            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        context.Response.ContentType = "application/grpc";
        await context.Response.Body.WriteAsync(body);
        context.Response.AppendTrailer("grpc-status", "0");
    }
}
