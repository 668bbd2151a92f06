using System.Globalization;
using Fleet.Apps;
using Fleet.Controller;
using Fleet.Kubernetes;
using Fleet.Runtime;
using Fleet.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Fleet.Unit.Controller;

/// <summary>The installed CRD against the operator's own schema.</summary>
public sealed class CrdSchemaCheckTests
{
    private readonly List<Event> _told = [];
    private readonly EventRecorder _events;
    private readonly CrdSchemaCheck _check;

    public CrdSchemaCheckTests()
    {
        _events = new(new ToldEvents(_told), Keys.Manager, "test", new FakeTimeProvider(Given.Start), NullLogger.Instance);
        _check = new(_events, "fleet-system", NullLogger.Instance);
    }

    [Fact]
    public async Task An_older_one_is_told_once_about_the_lease()
    {
        _check.Saw(Numbered(Crd.SchemaNumber - 1));
        _check.Saw(Numbered(Crd.SchemaNumber - 1)); // another change of it, its status for instance
        Assert.Equal(Crd.SchemaNumber - 1, _check.Installed);
        Assert.Contains("upgrade the CRD", _check.Remark, StringComparison.Ordinal);
        var told = Assert.Single(await ToldAsync());
        Assert.Equal(("Warning", "CrdOlderThanOperator", "Lease", "fleet-operator", "fleet-system"), (told.Type, told.Reason, told.Regarding?.Kind, told.Regarding?.Name, told.Metadata.Namespace));
    }

    [Fact]
    public async Task Once_it_is_upgraded_nothing_is_said()
    {
        _check.Saw(Numbered(Crd.SchemaNumber - 1));
        _check.Saw(Numbered(Crd.SchemaNumber));
        Assert.Null(_check.Remark);
        Assert.Single(await ToldAsync());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("-1")]
    [InlineData("new")]
    public async Task One_without_a_number_is_tolerated(string? number)
    {
        _check.Saw(new() { Name = "microserviceapps.fleet.microservices.dev", Annotations = number is null ? null : new Dictionary<string, string> { [Crd.SchemaKey] = number } });
        Assert.Equal((null, null), (_check.Installed, _check.Remark));
        Assert.Empty(await ToldAsync());
    }

    [Fact]
    public async Task A_newer_one_is_no_cause_for_alarm()
    {
        _check.Saw(Numbered(Crd.SchemaNumber + 1));
        Assert.Equal((Crd.SchemaNumber + 1, null), (_check.Installed, _check.Remark));
        Assert.Empty(await ToldAsync());
    }

    [Fact]
    public void One_that_is_gone_is_not_known()
    {
        _check.Saw(Numbered(Crd.SchemaNumber - 1));
        _check.Saw(null);
        Assert.Equal((null, null), (_check.Installed, _check.Remark));
    }

    [Fact]
    public void Of_its_annotations_only_the_number_is_kept()
    {
        var crd = new PartialObject { Metadata = new() { Name = "crd", Annotations = new Dictionary<string, string> { [Crd.SchemaKey] = "7", ["kubectl.kubernetes.io/last-applied-configuration"] = "{}" } } };
        Assert.Equal([Crd.SchemaKey], CrdSchemaCheck.Trimmed(crd).Metadata.Annotations!.Keys);
    }

    private static ObjectMeta Numbered(int number) => new()
    {
        Name = "microserviceapps.fleet.microservices.dev", Annotations = new Dictionary<string, string> { [Crd.SchemaKey] = number.ToString(CultureInfo.InvariantCulture) },
    };

    private async Task<IReadOnlyList<Event>> ToldAsync()
    {
        using var stop = new CancellationTokenSource();
        var running = _events.RunAsync(stop.Token);
        await stop.CancelAsync();
        await running;
        return _told;
    }
}
