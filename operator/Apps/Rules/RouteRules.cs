namespace Fleet.Apps;

/// <summary>No two services may be reached at the same place, and no token be asked for that nobody issues. Asked of the effective routes, so defaults count.</summary>
internal static class RouteRules
{
    internal static IEnumerable<Problem> Check(EffectiveApp app) => [.. OfAuth(app), .. OfPlaces(app)];

    private static IEnumerable<Problem> OfAuth(EffectiveApp app)
    {
        for (var i = 0; i < app.Services.Length && !app.HasIssuer; i++)
        {
            if (app.Services[i].Spec.Route?.Auth is not (null or RouteAuth.None))
                yield return new($"{AppRules.ServicePath(i)}.route.auth", Says.AuthNeedsIssuer);
        }
    }

    private static IEnumerable<Problem> OfPlaces(EffectiveApp app)
    {
        // ASP.NET, and so the gateway, matches paths without regard to case.
        var taken = new Dictionary<(string Host, string Path), string>(new PlaceComparer());
        for (var i = 0; i < app.Services.Length; i++)
        {
            var service = app.Services[i];
            if (service.Route is not { } route)
                continue;
            string[] hosts = route.Hostnames.IsEmpty ? [""] : [.. route.Hostnames];
            var clash = hosts.SelectMany(h => route.Prefixes.Select(p => (Host: h, Path: p)))
                .Select(place => (Place: place, By: taken.TryAdd(place, service.Name) ? service.Name : taken[place]))
                .FirstOrDefault(c => c.By != service.Name);
            // The loop above is lazy and stops at the first clash: one message per service tells enough.
            if (clash.By is { } other)
                yield return new($"{AppRules.ServicePath(i)}.{(service.Spec.Protocol == ServiceProtocol.Grpc ? "grpc.services" : "route")}",
                    $"{Says.RouteTaken}: {other} is at {Shown(clash.Place)} as well");
        }
    }

    private static string Shown((string Host, string Path) place) =>
        $"{(place.Path.Length == 0 ? "/" : place.Path)} on {(place.Host.Length == 0 ? "any host" : place.Host)}";

    private sealed class PlaceComparer : IEqualityComparer<(string Host, string Path)>
    {
        public bool Equals((string Host, string Path) x, (string Host, string Path) y) =>
            x.Host == y.Host && string.Equals(x.Path, y.Path, StringComparison.OrdinalIgnoreCase);

        public int GetHashCode((string Host, string Path) place) =>
            HashCode.Combine(place.Host, place.Path.GetHashCode(StringComparison.OrdinalIgnoreCase));
    }
}
