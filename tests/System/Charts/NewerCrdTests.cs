using Fleet.Apps;
using Fleet.Testing;
using Xunit;
using Xunit.Abstractions;

namespace Fleet.SystemTests.Charts;

/// <summary>A CRD of a later release than the operator.</summary>
[Collection(Disturbing.Name)]
public class NewerCrdTests(ITestOutputHelper output) : AppTest(output)
{
    [Fact]
    public async Task Its_new_fields_are_left_alone_and_named()
    {
        const string Name = "microserviceapps.fleet.microservices.dev";
        try
        {
            await Kubectl.RunAsync([
                "patch", $"crd/{Name}", "--type=json", "--patch",
                """
                [
                  { "op": "add", "path": "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/shiny", "value": { "type": "string" } },
                  { "op": "add", "path": "/metadata/annotations/fleet.microservices.dev~1schema", "value": "99" }
                ]
                """]);
            var process = await StartOperatorAsync();
            await Eventually.True(async () => (await Kubectl.TryAsync(["apply", "--validate=false", "--filename", "-"], Shop.Replace("spec:\n", "spec:\n  shiny: \"yes\"\n", StringComparison.Ordinal))).ExitCode == 0
                && (string?)(await Kubectl.GetJsonAsync("msa/shop"))["spec"]!["shiny"] == "yes");
            var app = await ReadyAsync();
            var accepted = Of(app.Status!, Conditions.Accepted)!;
            Assert.Equal((ConditionStatus.True, Reasons.Valid), (accepted.Status, accepted.Reason));
            Assert.Contains("spec.shiny", accepted.Message, StringComparison.Ordinal);
            Assert.Equal("yes", (string?)(await Kubectl.GetJsonAsync("msa/shop"))["spec"]!["shiny"]);
            Assert.True(await process.IsReadyAsync());
            // By a watch of its own, which nobody waits for.
            await Eventually.True(async () => (await process.MetricsAsync())["fleet_crd_schema_installed"] == 99);
        }
        finally
        {
            await InstallCrdAsync();
        }
    }
}
