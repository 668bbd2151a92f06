using System.Collections.Concurrent;
using System.Reflection.PortableExecutable;
using Fleet.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Fleet.ServiceTests;

/// <summary><c>fleet images</c> with a real registry: what it pushes is what the pods need, and runs.</summary>
[Trait("Needs", "Backends")]
[Collection(nameof(Alone))]
public class ImageTests(ITestOutputHelper output)
{
    private static readonly string[] Programs = ["auth", "gateway", "operator", "orders", "users"];

    [Fact]
    public async Task The_images_run_as_a_user_without_rights_and_without_a_shell_on_both_platforms()
    {
        var registry = new ContainerRegistry();
        await registry.InitializeAsync();
        var folder = Directory.CreateTempSubdirectory("fleet-image-").FullName;
        try
        {
            var made = await Command.RunAsync(
                OperatorProcess.DotNet,
                [OperatorProcess.Program, "images", "--registry", $"{registry.Host}/test", "--bundled-tag", "1.2.3", "--base-image", await registry.PushBaseAsync()],
                timeout: TimeSpan.FromMinutes(15));
            output.WriteLine(made.ToString());
            Assert.Equal(Programs.Select(p => $"{registry.Host}/test/fleet-{p}:1.2.3"), made.Succeeded().Out.Split('\n', StringSplitOptions.RemoveEmptyEntries));

            foreach (var program in Programs)
            {
                var platforms = await registry.PlatformsAsync($"test/fleet-{program}", "1.2.3");
                Assert.Equal(ContainerRegistry.Architectures, platforms.Keys.Order(StringComparer.Ordinal));
                var config = await registry.ConfigAsync($"test/fleet-{program}", platforms["arm64"]);
                Assert.Equal("1654", (string?)config["User"]);
            }

            var image = (await registry.PlatformsAsync("test/fleet-auth", "1.2.3"))["amd64"];
            await registry.UnpackAsync("test/fleet-auth", image, folder);
            Assert.False(File.Exists(Path.Combine(folder, "bin", "sh")));
            Assert.True(IsCompiledAhead(Path.Combine(folder, "app", "Fleet.Auth.dll")));
            await RunsAsync(folder, (await registry.ConfigAsync("test/fleet-auth", image))["Entrypoint"]!.AsArray().Select(a => (string)a!));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
            await registry.DisposeAsync();
        }
    }

    // ECMA-335, II.25.3.3: a ready-to-run image has a managed native header.
    private static bool IsCompiledAhead(string assembly)
    {
        using var reader = new PEReader(File.OpenRead(assembly));
        return reader.PEHeaders.CorHeader!.ManagedNativeHeaderDirectory.Size > 0;
    }

    private static async Task RunsAsync(string folder, IEnumerable<string> entrypoint)
    {
        var port = BackendServer.FreePorts(2);
        var log = new ConcurrentQueue<string>();
        var environment = new Dictionary<string, string?>
        {
            ["PORT"] = $"{port}", ["MANAGEMENT_PORT"] = $"{port + 1}", ["LISTEN_ADDRESS"] = "127.0.0.1", ["AUTH__ISSUER"] = $"http://127.0.0.1:{port}", ["AUTH__AUDIENCE"] = "test", ["DOTNET_ROOT"] = "/usr/share/dotnet",
            ["PATH"] = $"/usr/share/dotnet:{Environment.GetEnvironmentVariable("PATH")}",
        };
        await using var process = ServerProcess.Start(BackendScripts.Run, ["image", folder, .. entrypoint], environment, log.Enqueue);
        using var http = new HttpClient();
        await Eventually.True(
            async () => process.HasExited || (await http.GetAsync(new Uri($"http://127.0.0.1:{port + 1}/healthz/ready"))).IsSuccessStatusCode, seen: () => string.Join('\n', log.TakeLast(20)));
        Assert.False(process.HasExited, string.Join('\n', log.TakeLast(20)));
    }
}
