using System.Formats.Tar;
using System.IO.Compression;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Fleet.Testing;
using Xunit;

namespace Fleet.ServiceTests;

/// <summary>A real container registry on this machine, spoken to as the OCI Distribution Specification says.</summary>
public sealed class ContainerRegistry : IAsyncLifetime
{
    /// <summary>The platforms of <see cref="PushBaseAsync"/>.</summary>
    public static readonly string[] Architectures = ["amd64", "arm64"];

    private const string Index = "application/vnd.oci.image.index.v1+json";
    private const string Manifest = "application/vnd.oci.image.manifest.v1+json";

    private static readonly HttpClient Http = new();

    private readonly BackendServer _server = new("registry", 1, async port => (await Http.GetAsync(new Uri($"http://127.0.0.1:{port}/v2/"))).IsSuccessStatusCode);

    /// <summary>Host and port.</summary>
    public string Host => $"127.0.0.1:{_server.Port}";

    /// <inheritdoc/>
    public Task InitializeAsync() => _server.StartAsync();

    /// <inheritdoc/>
    public async Task DisposeAsync() => await _server.DisposeAsync();

    /// <summary>
    /// Pushes an image that .NET programs can be laid upon, made of this machine's libraries and runtime. Its arm64 half holds the same and is only there to be built upon.
    /// </summary>
    /// <returns>The image's name.</returns>
    public async Task<string> PushBaseAsync()
    {
        var (layer, diff) = MachineLayer();
        var layerDigest = await PushBlobAsync("base", layer);
        var manifests = new JsonArray();
        foreach (var architecture in Architectures)
        {
            var config = Bytes(new JsonObject
            {
                ["architecture"] = architecture, ["os"] = "linux",
                ["config"] = new JsonObject { ["Env"] = new JsonArray("PATH=/usr/share/dotnet:/usr/bin:/bin") },
                ["rootfs"] = new JsonObject { ["type"] = "layers", ["diff_ids"] = new JsonArray(diff) },
            });
            var manifest = Bytes(new JsonObject
            {
                ["schemaVersion"] = 2, ["mediaType"] = Manifest,
                ["config"] = Descriptor("application/vnd.oci.image.config.v1+json", await PushBlobAsync("base", config), config.Length),
                ["layers"] = new JsonArray(Descriptor("application/vnd.oci.image.layer.v1.tar+gzip", layerDigest, layer.Length)),
            });
            var entry = Descriptor(Manifest, Digest(manifest), manifest.Length);
            entry["platform"] = new JsonObject { ["architecture"] = architecture, ["os"] = "linux" };
            await PushManifestAsync("base", Digest(manifest), Manifest, manifest);
            manifests.Add(entry);
        }

        await PushManifestAsync("base", "1", Index, Bytes(new JsonObject { ["schemaVersion"] = 2, ["mediaType"] = Index, ["manifests"] = manifests }));
        return $"{Host}/base:1";
    }

    /// <summary>The manifests of an image, by architecture.</summary>
    public async Task<IReadOnlyDictionary<string, string>> PlatformsAsync(string repository, string tag) =>
        (await ManifestAsync(repository, tag, Index))["manifests"]!.AsArray().ToDictionary(m => (string)m!["platform"]!["architecture"]!, m => (string)m!["digest"]!, StringComparer.Ordinal);

    /// <summary>An image's configuration: user, command, environment.</summary>
    public async Task<JsonNode> ConfigAsync(string repository, string manifest)
    {
        var config = (string)(await ManifestAsync(repository, manifest, Manifest))["config"]!["digest"]!;
        return (await Http.GetFromJsonAsync<JsonNode>(Blob(repository, config)))!["config"]!;
    }

    /// <summary>Unpacks an image's layers into a folder.</summary>
    public async Task UnpackAsync(string repository, string manifest, string directory)
    {
        foreach (var layer in (await ManifestAsync(repository, manifest, Manifest))["layers"]!.AsArray())
        {
            await using var packed = await Http.GetStreamAsync(Blob(repository, (string)layer!["digest"]!));
            await using var unpacked = new GZipStream(packed, CompressionMode.Decompress);
            await TarFile.ExtractToDirectoryAsync(unpacked, directory, overwriteFiles: true);
        }
    }

    private static (byte[] Packed, string DiffId) MachineLayer()
    {
        var tar = new MemoryStream();
        using (var writer = new TarWriter(tar, leaveOpen: true))
        {
            foreach (var folder in new[] { "lib", "lib64" }.Where(f => new DirectoryInfo($"/{f}").LinkTarget is not null))
                writer.WriteEntry(new PaxTarEntry(TarEntryType.SymbolicLink, folder) { LinkName = $"usr/{folder}" });
            foreach (var folder in new[] { "tmp", "data" })
                writer.WriteEntry(new PaxTarEntry(TarEntryType.Directory, folder) { Mode = (UnixFileMode)0b111_111_111 });
            foreach (var library in (string[])["ld-linux-x86-64.so.2", "libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1", "libgcc_s.so.1", "libstdc++.so.6", "libz.so.1", "libssl.so.3", "libcrypto.so.3"])
                writer.WriteEntry(new FileInfo($"/usr/lib/x86_64-linux-gnu/{library}") is { LinkTarget: not null } link ? link.ResolveLinkTarget(true)!.FullName : $"/usr/lib/x86_64-linux-gnu/{library}", $"usr/lib/x86_64-linux-gnu/{library}");
            writer.WriteEntry("/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", "usr/lib64/ld-linux-x86-64.so.2");
            var runtime = Path.GetFullPath(Path.Combine(System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
            writer.WriteEntry(Path.Combine(runtime, "dotnet"), "usr/share/dotnet/dotnet");
            foreach (var file in new[] { "host", "shared" }.SelectMany(d => Directory.EnumerateFiles(Path.Combine(runtime, d), "*", SearchOption.AllDirectories)))
                writer.WriteEntry(file, $"usr/share/dotnet/{Path.GetRelativePath(runtime, file)}");
        }

        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(tar.GetBuffer(), 0, (int)tar.Length);
        return (packed.ToArray(), $"sha256:{Convert.ToHexStringLower(SHA256.HashData(tar.GetBuffer().AsSpan(0, (int)tar.Length)))}");
    }

    private static JsonObject Descriptor(string type, string digest, int size) => new() { ["mediaType"] = type, ["digest"] = digest, ["size"] = size };

    private static byte[] Bytes(JsonObject json) => Encoding.UTF8.GetBytes(json.ToJsonString());

    private static string Digest(byte[] data) => $"sha256:{Convert.ToHexStringLower(SHA256.HashData(data))}";

    private async Task<string> PushBlobAsync(string repository, byte[] data)
    {
        using var begun = (await Http.PostAsync(new Uri($"http://{Host}/v2/{repository}/blobs/uploads/"), null)).EnsureSuccessStatusCode();
        var upload = new UriBuilder(new Uri(begun.RequestMessage!.RequestUri!, begun.Headers.Location!));
        upload.Query += $"{(upload.Query.Length > 0 ? "&" : "?")}digest={Digest(data)}";
        using var content = new ByteArrayContent(data) { Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream") } };
        (await Http.PutAsync(upload.Uri, content)).EnsureSuccessStatusCode().Dispose();
        return Digest(data);
    }

    private async Task PushManifestAsync(string repository, string reference, string type, byte[] manifest)
    {
        using var content = new ByteArrayContent(manifest) { Headers = { ContentType = new MediaTypeHeaderValue(type) } };
        (await Http.PutAsync(new Uri($"http://{Host}/v2/{repository}/manifests/{reference}"), content)).EnsureSuccessStatusCode().Dispose();
    }

    private async Task<JsonNode> ManifestAsync(string repository, string reference, string type)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{Host}/v2/{repository}/manifests/{reference}") { Headers = { Accept = { new(type) } } };
        using var answer = (await Http.SendAsync(request)).EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync<JsonNode>())!;
    }

    private Uri Blob(string repository, string digest) => new($"http://{Host}/v2/{repository}/blobs/{digest}");
}
