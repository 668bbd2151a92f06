using System.Globalization;

namespace Fleet.Cli;

/// <summary>How long ago something was, as kubectl writes it: the two largest units while they are small, else one.</summary>
internal static class Age
{
    /// <summary><c>42s</c>, <c>5m10s</c>, <c>37m</c>, <c>3h20m</c>, <c>30h</c>, <c>2d4h</c>, <c>40d</c>; empty when the time is not known.</summary>
    internal static string Of(DateTimeOffset? since, DateTimeOffset now)
    {
        if (since is not { } start)
            return "";
        var age = now > start ? now - start : TimeSpan.Zero; // the server's clock may be ahead of ours
        return age.TotalSeconds < 120 ? Write($"{(int)age.TotalSeconds}s")
            : age.TotalMinutes < 10 ? Two((int)age.TotalMinutes, "m", age.Seconds, "s")
            : age.TotalHours < 3 ? Write($"{(int)age.TotalMinutes}m")
            : age.TotalHours < 8 ? Two((int)age.TotalHours, "h", age.Minutes, "m")
            : age.TotalHours < 48 ? Write($"{(int)age.TotalHours}h")
            : age.TotalDays < 8 ? Two((int)age.TotalDays, "d", age.Hours, "h")
            : Write($"{(int)age.TotalDays}d");
    }

    private static string Two(int large, string largeUnit, int small, string smallUnit) =>
        small == 0 ? Write($"{large}{largeUnit}") : Write($"{large}{largeUnit}{small}{smallUnit}");

    private static string Write(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
