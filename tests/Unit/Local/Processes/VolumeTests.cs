using System.Text.Json;
using Fleet.Local.Processes;
using Xunit;

namespace Fleet.Unit.Local.Processes;

public class VolumeTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fleet-volume-").FullName;

    [Theory]
    [InlineData("""{ "configMap": { "name": "map", "items": [ { "key": "a", "path": "x/y" } ] } }""", "x/y=1 644")]
    [InlineData("""{ "configMap": { "name": "map", "defaultMode": 256, "items": [ { "key": "a", "path": "p" }, { "key": "b", "path": "q", "mode": 511 } ] } }""", "p=1 400, q=2 777")]
    [InlineData("""{ "configMap": { "name": "none", "optional": true } }""", "")]
    [InlineData("""{ "secret": { "secretName": "secret" } }""", "password=hush 600")]
    [InlineData("""{ "downwardAPI": { "items": [ { "path": "labels", "fieldRef": { "fieldPath": "metadata.labels" } } ] } }""", "labels=app=\"shop\" 644")]
    [InlineData("""{ "projected": { "sources": [ { "serviceAccountToken": { "path": "token" } }, { "secret": { "name": "secret" } }, { "downwardAPI": { "items": [ { "path": "ns", "fieldRef": { "fieldPath": "metadata.namespace" } } ] } } ] } }""", "ns=demo 644, password=hush 600")]
    public void A_volume_has_the_files_that_its_sources_say(string volume, string expected)
    {
        var files = Files(volume);
        Assert.Equal(expected, string.Join(", ", files.OrderBy(f => f.Path, StringComparer.Ordinal)
            .Select(f => $"{f.Path}={System.Text.Encoding.UTF8.GetString(f.Bytes)} {Convert.ToString((int)f.Mode, 8)}")));
    }

    [Theory]
    [InlineData("""{ "configMap": { "name": "none" } }""", "configmap \"none\" not found")]
    [InlineData("""{ "configMap": { "name": "map", "items": [ { "key": "none", "path": "x" } ] } }""", "references non-existent config key: none of ConfigMap map")]
    [InlineData("""{ "configMap": { "name": "map", "items": [ { "key": "a", "path": "../x" } ] } }""", "../x: a path of a volume must be relative and must not contain '..'")]
    public void A_volume_that_cannot_be_made_says_why(string volume, string message) =>
        Assert.Equal(message, Assert.Throws<ConfigErrorException>(() => Files(volume)).Message);

    [Fact]
    public void A_folder_changes_by_one_rename_and_only_when_something_differs()
    {
        var mode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Assert.True(AtomicFolder.Write(_folder, [new("a", "1"u8.ToArray(), mode), new("sub/b", "2"u8.ToArray(), mode)], "one"));
        Assert.Equal(("1", "2"), (Read("a"), Read("sub/b")));
        Assert.Equal("..one", new DirectoryInfo(Path.Combine(_folder, "..data")).LinkTarget);
        Assert.False(AtomicFolder.Write(_folder, [new("a", "1"u8.ToArray(), mode), new("sub/b", "2"u8.ToArray(), mode)], "two"));

        using var open = File.OpenRead(Path.Combine(_folder, "a"));
        Assert.True(AtomicFolder.Write(_folder, [new("a", "changed"u8.ToArray(), mode), new("c", "3"u8.ToArray(), mode)], "three"));
        Assert.Equal(("changed", "3"), (Read("a"), Read("c")));
        Assert.Equal('1', open.ReadByte()); // who has the old file open reads the old file
        Assert.Equal(["..data", "..three", "a", "c"], Directory.EnumerateFileSystemEntries(_folder).Select(e => Path.GetFileName(e)).Order(StringComparer.Ordinal));
        Assert.True(AtomicFolder.Write(_folder, [], "four"));
        Assert.Equal(["..data", "..four"], Directory.EnumerateFileSystemEntries(_folder).Select(e => Path.GetFileName(e)).Order(StringComparer.Ordinal));
    }

    public void Dispose()
    {
        Directory.Delete(_folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    private static IReadOnlyList<VolumeFile> Files(string volume)
    {
        var pod = JsonSerializer.Deserialize($$"""{ "spec": { "volumes": [ {{volume}} ] } }""", NodeJson.Default.LocalPod)!;
        return VolumeFiles.Of(pod.Spec.Volumes[0], ContainerTests.Facts(ContainerTests.Pod("{}")), ContainerTests.Find, text => text);
    }

    private string Read(string path) => File.ReadAllText(Path.Combine(_folder, path));
}
