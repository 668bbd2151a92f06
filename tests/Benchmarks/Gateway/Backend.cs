using Fleet.Benchmarks.Http;

namespace Fleet.Benchmarks.Gateway;

/// <summary>
/// What stands behind the proxies: nginx, one worker, answering from open files, and a gRPC method that gives one message with its trailers whatever it is asked. It is the fastest
/// server at hand, and a row of the report says how fast, so that one sees that it is not what is measured.
/// </summary>
internal static class Backend
{
    /// <summary>Where HTTP/1.1 is served.</summary>
    public const int HttpPort = 9001;

    /// <summary>Where gRPC is served, over HTTP/2 in clear text.</summary>
    public const int RpcPort = 9002;

    /// <summary>HTTP/1.1 as well, with another answer at <see cref="Which"/>.</summary>
    public const int OtherPort = 9003;

    /// <summary>The path of which the answer tells the two apart.</summary>
    public const string Which = "switched/which";

    /// <summary>What the first of both answers there.</summary>
    public const string First = "first";

    /// <summary>What the second answers there.</summary>
    public const string Second = "second";

    /// <summary>The gRPC method.</summary>
    public const string Method = "bench.Echo/Say";

    private const int Small = 1024, Large = 100 * 1024;

    /// <summary>Starts it.</summary>
    /// <param name="site">Where it is, and where its files go.</param>
    public static Task<ServerUnderTest> StartAsync(Site site)
    {
        var root = Directory.CreateDirectory(Path.Combine(site.Folder, "backend")).FullName;
        foreach (var (path, bytes) in Files())
        {
            var file = Path.Combine(root, path);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllBytes(file, bytes);
        }

        var host = site.Network.Host(Site.Backend);
        var configuration = NginxFile.Of(site.Folder, "backend", $$"""
            sendfile on;
            tcp_nopush on;
            open_file_cache max=16;
            root {{root}};
            server { listen {{host}}:{{HttpPort}}; }
            server {
              listen {{host}}:{{OtherPort}};
              location = /{{Which}} { alias {{root}}/other; }
            }
            server {
              listen {{host}}:{{RpcPort}} http2;
              location / { rewrite ^ /message last; }
              location = /message {
                # A file is not posted to; an error's page is read.
                error_page 405 =200 /message;
                default_type application/grpc;
                add_trailer grpc-status 0;
              }
            }
            """);
        var http = site.Network.At(Site.Backend, HttpPort);
        return ServerUnderTest.StartAsync("backend", http, site.Network.At(Site.Backend, RpcPort), new(http, "web/1k"), Cores.Backend, site.Tools.Nginx, ["-p", site.Folder, "-c", configuration], site.Tools.Environment);
    }

    /// <summary>A gRPC message of a kilobyte, framed as a body.</summary>
    public static byte[] Message() => RpcBody.Of(Filled(Small));

    private static IEnumerable<(string Path, byte[] Bytes)> Files()
    {
        foreach (var route in (string[])["web", "secured", "switched"])
        {
            yield return ($"{route}/1k", Filled(Small));
            yield return ($"{route}/100k", Filled(Large));
        }

        yield return (Which, [.. First.Select(c => (byte)c)]);
        yield return ("other", [.. Second.Select(c => (byte)c)]);
        yield return ("message", Message());
    }

    private static byte[] Filled(int length)
    {
        var bytes = new byte[length];
        Array.Fill(bytes, (byte)'x');
        return bytes;
    }
}
