using System.Threading.Channels;

namespace Fleet.Orders;

/// <summary>Tells those who watch an order in this process that it may have changed; they look at the store by themselves.</summary>
public sealed class OrderChanges
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, List<Watch>> _watches = [];

    /// <summary>An order has changed.</summary>
    public void Tell(string orderId)
    {
        lock (_gate)
        {
            foreach (var watch in _watches.GetValueOrDefault(orderId) ?? [])
                watch.Tell();
        }
    }

    /// <summary>Watches an order from now on.</summary>
    public Watch Begin(string orderId)
    {
        lock (_gate)
        {
            if (!_watches.TryGetValue(orderId, out var all))
                _watches[orderId] = all = [];
            var watch = new Watch(this, orderId);
            all.Add(watch);
            return watch;
        }
    }

    private void End(string orderId, Watch watch)
    {
        lock (_gate)
        {
            if (_watches.TryGetValue(orderId, out var all) && all.Remove(watch) && all.Count == 0)
                _watches.Remove(orderId);
        }
    }

    /// <summary>The watch of one order.</summary>
    public sealed class Watch(OrderChanges changes, string orderId) : IDisposable
    {
        // Several changes before anybody looks are one look.
        private readonly Channel<bool> _news = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

        /// <summary>Returns when the order may have changed: told in this process, or, since another replica tells nobody here, when the time is up.</summary>
        public async Task WaitAsync(TimeSpan atMost, TimeProvider time, CancellationToken stop)
        {
            using var late = new CancellationTokenSource(atMost, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stop);
            try
            {
                await _news.Reader.ReadAsync(either.Token);
            }
            catch (OperationCanceledException) when (!stop.IsCancellationRequested)
            {
            }
        }

        /// <inheritdoc/>
        public void Dispose() => changes.End(orderId, this);

        internal void Tell() => _news.Writer.TryWrite(true);
    }
}
