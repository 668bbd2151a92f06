using System.Text;

namespace Fleet.Local.Processes;

/// <summary>The ends of texts, as far as a status may hold them.</summary>
internal static class LastWords
{
    /// <summary>The end of a file, at most so many bytes and lines.</summary>
    public static string Of(string path, int bytes, int lines)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        file.Seek(-Math.Min(file.Length, bytes), SeekOrigin.End);
        using var reader = new StreamReader(file, Encoding.UTF8);
        var text = reader.ReadToEnd();
        return string.Join('\n', text.TrimEnd('\n').Split('\n').TakeLast(lines));
    }

    /// <summary>The end of a log, without the times: as much as Kubernetes takes.</summary>
    public static string OfLog(string path)
    {
        var lines = Of(path, 16 * 1024, 80).Split('\n').Select(line => line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..]);
        var text = string.Join('\n', lines);
        return text.Length <= 2048 ? text : text[^2048..];
    }
}

/// <summary>Keeps the end of what a command writes.</summary>
internal sealed class OutputTail
{
    private const int Bound = 1024;

    private readonly StringBuilder _text = new();

    /// <summary>Reads to the end.</summary>
    public async Task CopyAsync(Stream output)
    {
        var buffer = new byte[Bound];
        try
        {
            while (await output.ReadAsync(buffer) is > 0 and var read)
            {
                lock (_text)
                {
                    _text.Append(Encoding.UTF8.GetString(buffer, 0, read));
                    if (_text.Length > Bound)
                        _text.Remove(0, _text.Length - Bound);
                }
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The pipe is gone with its process.
        }
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        lock (_text)
            return _text.ToString();
    }
}
