using Fleet.Runtime;
using Xunit;

namespace Fleet.Unit.Runtime;

public class IdleHeapTests
{
    private const long MiB = 1 << 20;

    [Fact]
    public void It_is_compacted_once_after_work_and_not_while_it_lasts()
    {
        var heap = new IdleHeap(TimeProvider.System);
        long[] allocated = [40, 80, 120, 121, 122, 123, 300, 301];
        Assert.Equal([false, false, false, true, false, false, false, true], allocated.Select(a => heap.IsDue(a * MiB)));
    }

    [Fact]
    public void A_little_now_and_then_is_not_worth_it_until_it_adds_up()
    {
        var heap = new IdleHeap(TimeProvider.System);
        var due = Enumerable.Range(1, 40).Where(i => heap.IsDue(i * MiB)).ToList();
        Assert.Equal([17, 34], due);
    }
}
