using System.Collections.Concurrent;

namespace Fleet.Runtime;

/// <summary>A number that only grows, one per combination of label values. The values are few and known: never names of objects.</summary>
internal sealed class Counter(string name, string help, params string[] labels)
{
    private readonly ConcurrentDictionary<(string First, string Second), StrongBox> _values = new();

    public void Add(string first = "", string second = "") => Interlocked.Increment(ref _values.GetOrAdd((first, second), static _ => new StrongBox()).Value);

    public void Write(PrometheusText text)
    {
        text.Head(name, help, "counter");
        if (labels.Length == 0)
        {
            text.Sample(name, _values.TryGetValue(("", ""), out var only) ? Interlocked.Read(ref only.Value) : 0);
            return;
        }

        foreach (var ((first, second), value) in _values.OrderBy(v => v.Key.First, StringComparer.Ordinal).ThenBy(v => v.Key.Second, StringComparer.Ordinal))
        {
            var count = Interlocked.Read(ref value.Value);
            if (labels.Length == 1)
                text.Sample(name, count, (labels[0], first));
            else
                text.Sample(name, count, (labels[0], first), (labels[1], second));
        }
    }

    private sealed class StrongBox
    {
        public long Value;
    }
}
