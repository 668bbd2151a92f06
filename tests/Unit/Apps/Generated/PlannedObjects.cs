using System.Text.Json;
using System.Text.RegularExpressions;
using Fleet.Apps;
using Fleet.Kubernetes;
using Xunit;

namespace Fleet.Unit.Apps.Generated;

/// <summary>What holds of all planned objects, by the rules that every API server has for metadata.</summary>
internal static partial class PlannedObjects
{
    /// <summary>Names are DNS labels and are there once, labels and annotations are such, and all of it is JSON that can be read again.</summary>
    internal static void AreWellFormed(AppPlan plan)
    {
        Assert.Equal(plan.Desired.Length, plan.Desired.Select(d => d.Object.Id).Distinct(StringComparer.Ordinal).Count());
        foreach (var planned in plan.Desired)
        {
            var obj = planned.ToCreate;
            Assert.Matches(DnsLabel(), obj.Metadata.Name);
            Assert.InRange(obj.Metadata.Name.Length, 1, 63);
            Assert.All(obj.Metadata.Labels!, Label);
            Assert.All(obj.Metadata.Annotations!, a => Assert.Matches(Key(), a.Key));
            Assert.NotNull(planned.Fingerprint);
            if (obj.Resource == Resources.Deployments)
                Assert.All(obj.Part("spec").GetProperty("template").GetProperty("metadata").GetProperty("labels").EnumerateObject(), l => Label(new(l.Name, l.Value.GetString()!)));
            Assert.Equal(obj.Id, KubeObject.Parse(obj.Resource, JsonSerializer.SerializeToUtf8Bytes(obj.Json)).Id);
        }
    }

    /// <summary>All of a plan, in its order.</summary>
    internal static string Bytes(AppPlan plan) => string.Concat(plan.Desired.Select(d => d.ToCreate.Json.GetRawText()));

    private static void Label(KeyValuePair<string, string> label)
    {
        Assert.Matches(Key(), label.Key);
        Assert.Matches(LabelValue(), label.Value);
    }

    [GeneratedRegex(@"^[a-z]([-a-z0-9]*[a-z0-9])?\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex DnsLabel();

    [GeneratedRegex(@"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Key();

    [GeneratedRegex(@"^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex LabelValue();
}
