using System.Runtime.InteropServices;
using Fleet.Kubernetes;
using Fleet.Local.Processes;
using Fleet.NodeHost;
using Microsoft.Extensions.Logging;

// node-host serve: a server that says its pod's name. node-host eat BYTES: takes memory and keeps it.
if (args[0] == "serve")
    return Workload.Serve();
if (args[0] == "eat")
    return Workload.Eat(long.Parse(args[1], System.Globalization.CultureInfo.InvariantCulture));

// node-host KUBECONFIG NAME DIRECTORY CHECKOUT: a process that does nothing but run a node, for tests that kill it.
var (kubeconfig, name, directory, checkout) = (args[0], args[1], args[2], args[3]);
using var stop = new CancellationTokenSource();
using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
{
    signal.Cancel = true;
    stop.Cancel();
});
using var logs = LoggerFactory.Create(builder => builder.AddSimpleConsole());
using var api = new ApiClient(ClusterConfig.Load(kubeconfig), new() { UserAgent = "node-host", FieldManager = "node-host" });
using var addresses = LoopbackRange.Claim();
var node = new LocalNode(
    api,
    new() { Name = name, Directory = directory, Programs = new CheckoutPrograms(checkout), Addresses = addresses, BindsPods = false, BindsClaims = false, IsSchedulable = false },
    TimeProvider.System,
    logs);
await node.RunAsync(stop.Token);
return 0;
