namespace Fleet.Gateway;

/// <summary>
/// Follows files of a mounted ConfigMap or Secret. Kubernetes replaces these by swapping the symbolic link <c>..data</c> beside the files, so a file itself is never
/// written: what is watched is the directory, and what is to be compared is the content.
/// </summary>
/// <param name="directory">Where the files are; it may come later.</param>
/// <param name="time">The clock.</param>
internal abstract class MountFollower(string directory, TimeProvider time) : BackgroundService
{
    /// <summary>For file systems that tell nothing.</summary>
    public static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(2);

    /// <summary>An editor truncates and writes: after a first sign the files are left alone for so long.</summary>
    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(20);

    private readonly SemaphoreSlim _signs = new(0, 1);
    private FileSystemWatcher? _watcher;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        _watcher = Watch();
        await LookAsync(cancellationToken); // before the first connection is accepted
        await base.StartAsync(cancellationToken);
    }

    public override void Dispose()
    {
        _watcher?.Dispose();
        base.Dispose();
        _signs.Dispose();
    }

    /// <summary>Reads what is there now. It may find nothing new, or nothing at all, and must not throw because of it.</summary>
    protected abstract Task LookAsync(CancellationToken stop);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
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

    private FileSystemWatcher? Watch()
    {
        try
        {
            var watcher = new FileSystemWatcher(directory);
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
        catch (Exception e) when (e is SemaphoreFullException or ObjectDisposedException)
        {
            // it is known already, or nobody wants to know any more: the watcher has a thread of its own
        }
    }
}
