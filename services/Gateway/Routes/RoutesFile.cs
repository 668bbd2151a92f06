namespace Fleet.Gateway;

/// <summary>Follows the mounted routes file.</summary>
internal sealed class RoutesFile(string path, RoutesStore store, TimeProvider time) : MountFollower(Path.GetDirectoryName(Path.GetFullPath(path))!, time)
{
    private byte[]? _last;

    protected override async Task LookAsync(CancellationToken stop)
    {
        try
        {
            var text = await File.ReadAllBytesAsync(path, stop);
            if (_last is not null && text.AsSpan().SequenceEqual(_last))
                return;
            _last = text;
            await store.OfferAsync(RoutesSource.File, text);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _last = null; // when it is back, it is read whatever it holds
            store.Fault(RoutesSource.File, $"{path} cannot be read: {e.Message}");
        }
    }
}
