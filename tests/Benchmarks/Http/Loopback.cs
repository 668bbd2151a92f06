namespace Fleet.Benchmarks.Http;

/// <summary>Loopback addresses of one run, so that two runs never meet and ports can be those of the documentation.</summary>
internal sealed class Loopback
{
    private readonly string _network = $"127.{Random.Shared.Next(16, 250)}.{Random.Shared.Next(0, 250)}";

    /// <summary>An address of a host.</summary>
    public string Host(int number) => $"{_network}.{number}";

    /// <summary>A port of that host, as a URL.</summary>
    public Uri At(int number, int port) => new($"http://{Host(number)}:{port}/");
}
