namespace Fleet.Gateway;

/// <summary>
/// Follows the mounted file. Kubernetes replaces a mounted ConfigMap by swapping the symbolic link <c>..data</c> beside the file, so the file itself is
/// never written: what is watched is the directory, and what is compared is the content.
/// </summary>
internal sealed class RoutesFile(string path, RoutesStore store, TimeProvider time) : BackgroundService
{
    /// <summary>For file systems that tell nothing.</summary>
    public static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(2);

    /// <summary>An editor truncates and writes: after a first sign the file is left alone for so long.</summary>
    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(20);

    private readonly SemaphoreSlim _signs = new(0, 1);
    private byte[]? _last;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await LookAsync(cancellationToken); // before the first connection is accepted
        await base.StartAsync(cancellationToken);
    }

    public override void Dispose()
    {
        base.Dispose();
        _signs.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var watcher = Watch();
        while (!stoppingToken.IsCancellationRequested)
        {
            using var next = new CancellationTokenSource(LookAgain, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(next.Token, stoppingToken);
            try
            {
                await _signs.WaitAsync(either.Token);
                await Task.Delay(Settle, time, stoppingToken);
            }
            catch (OperationCanceledException) when (!stoppingToken.IsCancellationRequested)
            {
                // time to look again
            }

            await LookAsync(stoppingToken);
        }
    }

    private async Task LookAsync(CancellationToken stop)
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

    private FileSystemWatcher? Watch()
    {
        try
        {
            var watcher = new FileSystemWatcher(Path.GetDirectoryName(Path.GetFullPath(path))!);
            watcher.Changed += (_, _) => Sign();
            watcher.Created += (_, _) => Sign();
            watcher.Renamed += (_, _) => Sign();
            watcher.Deleted += (_, _) => Sign();
            watcher.EnableRaisingEvents = true;
            return watcher;
        }
        catch (Exception e) when (e is IOException or ArgumentException)
        {
            return null; // no such directory yet, or no watches left: looking again must do
        }
    }

    private void Sign()
    {
        try
        {
            _signs.Release();
        }
        catch (SemaphoreFullException)
        {
            // it is known already
        }
    }
}
