using System.Diagnostics;

namespace Fleet.Unit.Kubernetes;

/// <summary>A folder that goes with the test.</summary>
internal sealed class TestFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fleet-test-");

    public string Root => _folder.FullName;

    public string Path(string name) => System.IO.Path.Combine(Root, name);

    public string Write(string name, string text)
    {
        var path = Path(name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>
    /// A shell script that can be run. Another process writes it: what this one has open to write, a program that another test starts at that moment has open
    /// as well for a while, and until then the script is busy and cannot be run (ETXTBSY).
    /// </summary>
    public string Script(string name, string text)
    {
        var path = Path(name);
        using var writer = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "cat >\"$0\" && chmod 700 \"$0\"", path]) { UseShellExecute = false, RedirectStandardInput = true })!;
        writer.StandardInput.Write("#!/bin/sh\n" + text);
        writer.StandardInput.Close();
        writer.WaitForExit();
        return writer.ExitCode == 0 ? path : throw new IOException($"{path} cannot be written");
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
