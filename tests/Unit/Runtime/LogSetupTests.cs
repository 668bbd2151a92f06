using System.Text.Json;
using Fleet.Runtime;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Fleet.Unit.Runtime;

public sealed partial class LogSetupTests
{
    private const string Time = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z";

    [Fact]
    public void Text_is_one_line_with_the_time_in_utc()
    {
        var lines = Logged(LogFormat.Text);
        Assert.Single(lines);
        Assert.Matches($"{Time} info: Fleet\\.Test\\[7\\] demo/shop: two  ?lines$", lines[0]);
    }

    [Fact]
    public void Json_has_the_values_as_fields()
    {
        var line = JsonDocument.Parse(Assert.Single(Logged(LogFormat.Json))).RootElement;
        Assert.Matches($"{Time}$", line.GetProperty("Timestamp").GetString()!);
        Assert.Equal("Information", line.GetProperty("LogLevel").GetString());
        Assert.Equal("demo/shop", line.GetProperty("State").GetProperty("Key").GetString());
    }

    [LoggerMessage(7, LogLevel.Information, "{Key}: {Text}")]
    private static partial void Said(ILogger logger, ObjectKey key, string text);

    [LoggerMessage(8, LogLevel.Debug, "not said")]
    private static partial void NotSaid(ILogger logger);

    private static string[] Logged(LogFormat format)
    {
        var before = Console.Error;
        using var written = new StringWriter();
        Console.SetError(TextWriter.Synchronized(written));
        try
        {
            using var logs = LogSetup.Create(format);
            var logger = logs.CreateLogger("Fleet.Test");
            Said(logger, new ObjectKey("demo", "shop"), "two\nlines");
            NotSaid(logger);
        }
        finally
        {
            Console.SetError(before);
        }

        return written.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
