using System.Text.Json;
using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Benchmarks.Http;
using Fleet.Benchmarks.Measuring;
using Fleet.Kubernetes;
using Fleet.Testing;

namespace Fleet.Benchmarks.Gateway;

/// <summary>
/// The same reverse proxy three times: HTTP/1.1 and HTTP/2 in clear text, to the backend over HTTP/1.1 connections that stay open, and gRPC over HTTP/2 on both sides. All write the
/// four headers that say who the client is, none writes an access log, each has one processor.
/// </summary>
internal static class Proxies
{
    /// <summary>nginx with one worker.</summary>
    public static Task<ServerUnderTest> NginxAsync(Site site) =>
        StartAsync(site, "nginx", Site.Nginx, Site.Http2Port, site.Tools.Nginx, ["-p", site.Folder, "-c", NginxConfiguration(site, Backend.HttpPort)], site.Tools.Environment);

    /// <summary>haproxy with one thread.</summary>
    public static async Task<ServerUnderTest> HaProxyAsync(Site site)
    {
        var (own, backend) = (site.Network.Host(Site.HaProxy), site.Network.Host(Site.Backend));
        var file = Path.Combine(site.Folder, "haproxy.cfg");
        const string headers = """
              option forwardfor
              http-request set-header X-Forwarded-Proto http
              http-request set-header X-Forwarded-Host %[req.hdr(host)]
              http-request set-header Forwarded for=%[src];host="%[req.hdr(host)]";proto=http
            """;
        await File.WriteAllTextAsync(file, $"""
            global
              nbthread 1
              maxconn 4096
              tune.h2.max-concurrent-streams 1000
            defaults
              mode http
              timeout connect 5s
              timeout client 60s
              timeout server 60s
              timeout http-keep-alive 60s
              http-reuse always
            frontend http1
              bind {own}:{Site.Port}
              default_backend web
            frontend http2
              bind {own}:{Site.Http2Port} proto h2
              use_backend rpc if {"{"} path_beg /bench.Echo/ {"}"}
              default_backend web
            backend web
            {headers}
              server backend {backend}:{Backend.HttpPort}
            backend rpc
            {headers}
              server backend {backend}:{Backend.RpcPort} proto h2

            """);
        return await StartAsync(site, "haproxy", Site.HaProxy, Site.Http2Port, site.Tools.HaProxy, ["-db", "-f", file], site.Tools.Environment);
    }

    /// <summary>The gateway as its pod has it: published as in its image, with the routes and the environment that the operator plans.</summary>
    public static async Task<ServerUnderTest> OursAsync(Site site, BenchIssuer issuer, BenchmarkRun run)
    {
        var program = await Published.ProgramAsync("services/Gateway", "Fleet.Gateway.dll", run);
        var plan = Plan(Backend.HttpPort);
        WriteRoutes(site, Backend.HttpPort);
        var container = plan.Desired.Single(d => d.Service == Names.Gateway && d.Object.Resource.Kind == "Deployment").Object.ToJsonObject()["spec"]!["template"]!["spec"]!["containers"]![0]!;
        var variables = container["env"]!.AsArray().Where(v => v!["value"] is not null).ToDictionary(v => (string)v!["name"]!, v => (string?)v!["value"], StringComparer.Ordinal);
        variables.Remove("ROUTES_CONFIGMAP"); // there is no API server
        (variables["ROUTES_FILE"], variables["LISTEN_ADDRESS"]) = (RoutesFile(site), site.Network.Host(Site.Gateway));
        foreach (var (name, value) in issuer.Environment)
            variables[name] = value;
        return await StartAsync(site, "gateway", Site.Gateway, Site.Port, OperatorProcess.DotNet, [program], variables);
    }

    /// <summary>Writes nginx' file.</summary>
    /// <param name="site">Where.</param>
    /// <param name="switched">The port of the backend that /switched goes to.</param>
    /// <returns>Its path.</returns>
    public static string NginxConfiguration(Site site, int switched)
    {
        var (own, backend) = (site.Network.Host(Site.Nginx), site.Network.Host(Site.Backend));
        var headers = (string kind) => $"""
            {kind}_set_header X-Forwarded-For $remote_addr;
            {kind}_set_header X-Forwarded-Proto $scheme;
            {kind}_set_header X-Forwarded-Host $http_host;
            {kind}_set_header Forwarded "for=$remote_addr;host=\"$http_host\";proto=$scheme";
            """;
        return NginxFile.Of(site.Folder, "nginx", $$"""
            upstream web { server {{backend}}:{{Backend.HttpPort}}; keepalive 64; keepalive_requests 1000000000; }
            upstream switched { server {{backend}}:{{switched}}; keepalive 64; keepalive_requests 1000000000; }
            upstream rpc { server {{backend}}:{{Backend.RpcPort}}; keepalive 64; keepalive_requests 1000000000; }
            server {
              listen {{own}}:{{Site.Port}};
              listen {{own}}:{{Site.Http2Port}} http2;
              proxy_http_version 1.1;
              proxy_set_header Connection "";
              proxy_set_header Host $http_host;
              {{headers("proxy")}}
              {{headers("grpc")}}
              proxy_buffers 16 16k; # 100 KB fit; the default of 32 KB would go on to files
              proxy_max_temp_file_size 0;
              location / { proxy_pass http://web; }
              location /switched/ { proxy_pass http://switched; }
              location /bench.Echo/ { grpc_pass grpc://rpc; }
            }
            """);
    }

    /// <summary>Writes the gateway's routes, replacing the file whole as a mounted ConfigMap is.</summary>
    /// <param name="site">Where.</param>
    /// <param name="switched">The port of the backend that /switched goes to.</param>
    public static void WriteRoutes(Site site, int switched)
    {
        var text = new[] { "web", "secured", "switched", "rpc" }.Aggregate(
            RoutesConfig.Render(Plan(switched).Effective!), (t, service) => t.Replace(Names.Host("bench", service, "default"), site.Network.Host(Site.Backend), StringComparison.Ordinal));
        var (file, next) = (RoutesFile(site), RoutesFile(site) + ".next");
        File.WriteAllText(next, text);
        File.Move(next, file, overwrite: true);
    }

    private static string RoutesFile(Site site) => Path.Combine(Directory.CreateDirectory(Path.Combine(site.Folder, "routes")).FullName, RoutesConfig.FileName);

    private static AppPlan Plan(int switched)
    {
        var plan = Planner.Plan(Yaml.ParseOne($$"""
            apiVersion: fleet.microservices.dev/v1
            kind: MicroserviceApp
            metadata: { name: bench, namespace: default }
            spec:
              services:
              - { name: web, protocol: HTTP/REST, port: {{Backend.HttpPort}}, image: backend, route: { auth: None } }
              - { name: secured, protocol: HTTP/REST, port: {{Backend.HttpPort}}, image: backend, route: { auth: Required } }
              - { name: switched, protocol: HTTP/REST, port: {{switched}}, image: backend, route: { auth: None } }
              - { name: rpc, protocol: gRPC, port: {{Backend.RpcPort}}, image: backend, grpc: { services: [bench.Echo] }, route: { auth: None } }
              gateway: { auth: { issuer: https://issuer.example.com, audiences: [bench] } }
            """).Deserialize(AppsJson.Default.MicroserviceApp)!, Observed.Nothing, new OperatorSettings(OperatorSettings.DefaultRegistry, "bench"));
        return plan.Problems.IsEmpty ? plan : throw new InvalidOperationException(string.Join('\n', plan.Problems));
    }

    private static Task<ServerUnderTest> StartAsync(Site site, string name, int host, int http2, string file, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?> environment)
    {
        var http1 = site.Network.At(host, Site.Port);
        return ServerUnderTest.StartAsync(name, http1, site.Network.At(host, http2), new(http1, "web/1k"), Cores.Server, file, arguments, environment);
    }
}
