using System.Text.Json.Nodes;
using Fleet.Apps;
using Fleet.Kubernetes;

namespace Fleet.Cli;

/// <summary>Shows apps in the form that was asked for.</summary>
/// <param name="form"><c>table</c>, <c>json</c> or <c>yaml</c>.</param>
/// <param name="one">Whether one app was asked for by its name.</param>
/// <param name="ns">The one namespace that was asked for, or null.</param>
internal sealed class StatusView(string form, bool one, string? ns)
{
    /// <summary>Shows them once.</summary>
    internal void Show(Call call, IReadOnlyList<MicroserviceApp> apps)
    {
        if (form == "table")
            Screen.Write(call, Lines(apps));
        else
            call.Out.Write(Text(apps));
        if (form == "table" && apps.Count == 0)
            call.Error.WriteLine(None);
    }

    /// <summary>Shows them again at each change; returns when the one that was asked for is gone.</summary>
    internal Task FollowAsync(Call call, AppFollower follower, CancellationToken stop)
    {
        if (form == "table")
            return Screen.ShowAsync(call, show => follower.FollowAsync(apps => Seen(apps, () => show([.. apps.Count == 0 ? [Line.Of(None)] : Lines(apps)])), stop));
        var last = "";
        return follower.FollowAsync(apps => Seen(apps, () => Print(Text(apps))), stop);

        void Print(string text)
        {
            if (text == last)
                return;
            call.Out.Write(last.Length > 0 && form == "yaml" ? $"---\n{text}" : text);
            call.Out.Flush();
            last = text;
        }
    }

    private string None => ns is null ? "no MicroserviceApp in any namespace" : $"no MicroserviceApp in namespace {ns}";

    private bool Seen(IReadOnlyList<MicroserviceApp> apps, Action show)
    {
        if (one && apps.Count == 0)
            return true;
        show();
        return false;
    }

    private IEnumerable<Line> Lines(IReadOnlyList<MicroserviceApp> apps) =>
        one ? StatusPage.OfApp(apps[0]) : apps.Count == 0 ? [] : StatusPage.OfApps(apps, withNamespace: ns is null);

    private string Text(IReadOnlyList<MicroserviceApp> apps)
    {
        JsonNode document = one ? StatusDocument.Of(apps[0]) : Documents.List(apps.Select(StatusDocument.Of));
        return form == "yaml" ? Yaml.Write(document) : Documents.Json(document);
    }
}
