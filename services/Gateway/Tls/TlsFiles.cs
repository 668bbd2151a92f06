namespace Fleet.Gateway;

/// <summary>Follows <c>tls.crt</c> and <c>tls.key</c> of a mounted Secret, both of the same moment.</summary>
internal sealed class TlsFiles(TlsSettings settings, TlsCertificates store, TimeProvider time) : MountFollower(settings.Directory, time)
{
    /// <summary>What Kubernetes swaps.</summary>
    private const string Link = "..data";

    /// <summary>In bytes, for each file; a Secret holds 1 MiB at most.</summary>
    private const int MaxLength = 1024 * 1024;

    private byte[]? _certificates;
    private byte[]? _key;

    protected override async Task LookAsync(CancellationToken stop)
    {
        for (var again = true; again;)
        {
            var moment = Moment();
            try
            {
                await LookAsync(moment ?? settings.Directory, stop);
                again = false;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                again = Moment() != moment; // it was swapped away while it was read
                if (again)
                    continue;
                (_certificates, _key) = (null, null); // when they are back, they are read whatever they hold
                store.Fault($"tls.crt and tls.key in {settings.Directory} cannot be read: {e.Message}");
            }
        }
    }

    private async Task LookAsync(string directory, CancellationToken stop)
    {
        var certificates = await ReadAsync(Path.Combine(directory, "tls.crt"), stop);
        var key = await ReadAsync(Path.Combine(directory, "tls.key"), stop);
        if (_certificates.AsSpan().SequenceEqual(certificates) && _key.AsSpan().SequenceEqual(key) && _key is not null)
            return;
        (_certificates, _key) = (certificates, key);
        await store.OfferAsync(certificates, key, stop);
    }

    /// <summary>The directory that both files are in now, or null when they are not mounted but just there.</summary>
    private string? Moment()
    {
        try
        {
            return Directory.ResolveLinkTarget(Path.Combine(settings.Directory, Link), returnFinalTarget: true)?.FullName;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static async Task<byte[]> ReadAsync(string path, CancellationToken stop) =>
        new FileInfo(path).Length <= MaxLength ? await File.ReadAllBytesAsync(path, stop) : throw new IOException($"{path} is longer than {MaxLength} bytes");
}
