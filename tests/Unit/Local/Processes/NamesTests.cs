using Fleet.Local.Processes;
using Xunit;

namespace Fleet.Unit.Local.Processes;

public class NamesTests
{
    [Theory]
    [InlineData("http://users.demo.svc:8002", "http://127.9.0.1:8002")]
    [InlineData("http://users.demo.svc.cluster.local:8002/a/b", "http://127.9.0.1:8002/a/b")]
    [InlineData("http://users.demo.svc.cluster.local./", "http://127.9.0.1/")]
    [InlineData("dns:///orders.demo.svc:8003", "dns:///127.9.0.1:8003")]
    [InlineData("users.demo.svc", "127.9.0.1")]
    [InlineData("a=users.demo.svc,b=orders.demo.svc:1", "a=127.9.0.1,b=127.9.0.1:1")]
    [InlineData("\"users.demo.svc:8002\"", "\"127.9.0.1:8002\"")]
    [InlineData("pod-0.users.demo.svc", "pod-0.users.demo.svc")]
    [InlineData("users.demo.svc.example.com", "users.demo.svc.example.com")]
    [InlineData("users.demo.svcs", "users.demo.svcs")]
    [InlineData("Users.demo.svc", "Users.demo.svc")]
    [InlineData("demo.svc", "demo.svc")]
    [InlineData("users.demo.svc.", "127.9.0.1.")]
    [InlineData("users.demo.svc:", "127.9.0.1:")]
    [InlineData("nothing to see", "nothing to see")]
    public void Whole_names_become_addresses(string text, string expected) =>
        Assert.Equal(expected, ClusterNames.Rewrite(text, (_, _, port) => new("127.9.0.1", port)));

    [Theory]
    [InlineData("http://users.demo.svc/x", "http://127.0.0.1:8080/x")]
    [InlineData("https://users.demo.svc/x", "https://127.0.0.1:8443/x")]
    [InlineData("users.demo.svc:80", "127.0.0.1:8080")]
    [InlineData("users.demo.svc", "127.0.0.1")]
    public void A_port_that_is_another_here_is_said(string text, string expected) =>
        Assert.Equal(expected, ClusterNames.Rewrite(text, (_, _, port) => new("127.0.0.1", port switch { 80 => 8080, 443 => 8443, _ => port })));

    [Fact]
    public void A_name_is_asked_for_by_namespace_name_and_port()
    {
        var asked = new List<(string, string, int?)>();
        ClusterNames.Rewrite("http://users.demo.svc dns:///orders.other.svc:8003", (ns, name, port) =>
        {
            asked.Add((ns, name, port));
            return new("x", port);
        });
        Assert.Equal([("demo", "users", 80), ("other", "orders", 8003)], asked);
    }

    [Theory]
    [InlineData("/data", "/state/data")]
    [InlineData("/data/x.db", "/state/data/x.db")]
    [InlineData("Data Source=/data/x.db;Cache=Shared", "Data Source=/state/data/x.db;Cache=Shared")]
    [InlineData("/data/inner/x", "/state/inner/x")]
    [InlineData("/database", "/database")]
    [InlineData("/data.db", "/data.db")]
    [InlineData("/opt/data", "/opt/data")]
    [InlineData("http://host/data", "http://host/data")]
    [InlineData("file:///data/x", "file:///state/data/x")]
    [InlineData("/data:/etc/app.conf", "/state/data:/state/conf/app.conf")]
    [InlineData("sh -c 'cat /etc/app.conf'", "sh -c 'cat /state/conf/app.conf'")]
    [InlineData("plain", "plain")]
    public void Mount_paths_become_folders(string text, string expected) => Assert.Equal(
        expected, new MountPaths([new("/data/", "/state/data"), new("/data/inner", "/state/inner"), new("/etc/app.conf", "/state/conf/app.conf")]).Rewrite(text));
}
