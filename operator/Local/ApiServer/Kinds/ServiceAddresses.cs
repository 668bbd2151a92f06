using System.Net;
using System.Text.Json.Nodes;

namespace Fleet.Local.ApiServer;

/// <summary>Gives every Service that is not headless an address of its own: its clusterIP.</summary>
/// <param name="next">The n-th address of the range; null when there are no more.</param>
internal sealed class ServiceAddresses(Func<int, IPAddress?> next)
{
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);
    private int _last;

    /// <summary>Writes the address into a Service that is being created or changed. An update that does not name it keeps it.</summary>
    internal void Assign(JsonObject service, JsonObject? before)
    {
        if (service["spec"] is not JsonObject spec || spec.Text("type") == "ExternalName")
            return;
        var old = (before?["spec"] as JsonObject)?.Text("clusterIP");
        if (spec.Text("clusterIP") is not { Length: > 0 } address)
        {
            address = old is { Length: > 0 } ? old : Allocate();
            spec["clusterIP"] = address;
        }

        if (address != "None")
            _taken.Add(address);
        spec["clusterIPs"] = new JsonArray(address);
    }

    /// <summary>An address of a Service that is gone may be given again.</summary>
    internal void Release(JsonObject service)
    {
        if ((service["spec"] as JsonObject)?.Text("clusterIP") is { } address)
            _taken.Remove(address);
    }

    // Round and round, so that an address is given again as late as possible.
    private string Allocate()
    {
        for (var wrapped = false; ;)
        {
            if (next(_last++)?.ToString() is not { } address)
            {
                if (wrapped)
                    throw ApiError.Unprocessable("every address for Services is taken: delete one first");
                (_last, wrapped) = (0, true);
            }
            else if (address == "127.0.0.1" || !_taken.Contains(address)) // where there is only one, all have it
                return address;
        }
    }
}
