namespace Fleet.Testing;

/// <summary>
/// The wall clock of processes that are started with its <see cref="Environment"/>, by libfaketime: it stands off the machine's by as much as a file says. The monotonic
/// clock stays as it is: that one never jumps.
/// </summary>
public sealed class FakeClock : IDisposable
{
    private readonly string _file;

    private FakeClock(string library)
    {
        _file = Path.GetTempFileName();
        Write(TimeSpan.Zero);
        Environment = new Dictionary<string, string?>
        {
            ["LD_PRELOAD"] = library,
            ["FAKETIME_TIMESTAMP_FILE"] = _file,
            ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1",
            ["FAKETIME_CACHE_DURATION"] = "1",
        };
    }

    /// <summary>What a process needs to have it.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; }

    /// <summary>Whether there is one on this machine: tests/ControlPlane/faketime gets it.</summary>
    public static bool IsThere => ClusterTools.FakeTime is not null;

    /// <summary>Makes one; null where it cannot be had.</summary>
    public static FakeClock? TryMake() => ClusterTools.FakeTime is { } library ? new(library) : null;

    /// <summary>The clock stands off the machine's by so much from now on, within a second.</summary>
    public void Jump(TimeSpan offset) => Write(offset);

    /// <inheritdoc/>
    public void Dispose() => File.Delete(_file);

    // Whole at once: a process reads it at any time.
    private void Write(TimeSpan offset)
    {
        File.WriteAllText($"{_file}.new", FormattableString.Invariant($"{offset.TotalSeconds:+0;-0}\n"));
        File.Move($"{_file}.new", _file, overwrite: true);
    }
}
