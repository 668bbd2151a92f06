using Fleet.Testing;
using Xunit;

namespace Fleet.SystemTests.Faults;

/// <summary>Which operator process wrote when, as the API server saw it.</summary>
internal static class Writers
{
    private static readonly TimeSpan LeaseLength = TimeSpan.FromSeconds(15);

    /// <summary>The process of a request: the proxy puts its name at the end of the User-Agent.</summary>
    public static string Of(AuditEntry entry) => entry.UserAgent[(entry.UserAgent.LastIndexOf(' ') + 1)..];

    /// <summary>Fails when a process wrote after another had begun.</summary>
    /// <param name="writes">What the operators wrote, leases and events apart.</param>
    /// <returns>Who wrote, one after the other.</returns>
    public static IReadOnlyList<string> AssertOneAfterTheOther(IEnumerable<AuditEntry> writes)
    {
        var order = new List<string>();
        AuditEntry? before = null;
        foreach (var write in writes.OrderBy(w => w.Received))
        {
            var writer = Of(write);
            if (order.Count == 0 || order[^1] != writer)
            {
                Assert.False(order.Contains(writer), $"{writer} wrote after its successor had begun:\n{before}\n{write}");
                order.Add(writer);
            }

            before = write;
        }

        return order;
    }

    /// <summary>Fails when a process wrote at a time for which it had not renewed the lease: then another might have it.</summary>
    /// <param name="requests">All that the operators asked, leases included.</param>
    public static void AssertWithinTheLease(IEnumerable<AuditEntry> requests)
    {
        var renewed = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        foreach (var request in requests.Where(r => r.IsWrite).OrderBy(r => r.Received))
        {
            var writer = Of(request);
            if (request.ObjectRef?.Resource == "leases")
            {
                if (request.Code is 200 or 201)
                    renewed[writer] = request.Completed;
            }
            else if (request.IsRealWrite)
            {
                Assert.True(renewed.TryGetValue(writer, out var at), $"{writer} wrote without a lease: {request}");
                Assert.True(request.Received < at + LeaseLength, $"{writer} wrote {(request.Received - at).TotalSeconds:0.0} s after it had renewed the lease last: {request}");
            }
        }
    }
}
