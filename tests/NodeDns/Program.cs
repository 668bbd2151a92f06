using System.Net;
using System.Runtime.InteropServices;
using Fleet.Kubernetes;
using Fleet.NodeDns;
using Microsoft.Extensions.Logging;

// node-dns KUBECONFIG ADDRESS: the DNS of a cluster of tests/Nodes, on UDP port 53 of that address.
using var stop = new CancellationTokenSource();
using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
{
    signal.Cancel = true;
    stop.Cancel();
});
using var logs = LoggerFactory.Create(builder => builder.AddSimpleConsole());
using var api = new ApiClient(ClusterConfig.Load(args[0]), new() { UserAgent = "node-dns", FieldManager = "node-dns" });
var names = new ClusterNames(api, logs.CreateLogger<ClusterNames>());
using var server = new DnsServer(new IPEndPoint(IPAddress.Parse(args[1]), 53), names.Find);
await Task.WhenAll(names.RunAsync(stop.Token), server.RunAsync(stop.Token));
return 0;
