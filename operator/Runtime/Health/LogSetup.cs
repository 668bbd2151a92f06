using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Fleet.Runtime;

/// <summary>What a log line looks like.</summary>
public enum LogFormat
{
    /// <summary>One line for people: time (UTC), level, category, message.</summary>
    Text,

    /// <summary>One JSON object per line, the message's values as fields of their own.</summary>
    Json,
}

/// <summary>How the operator logs: one line per entry, to stderr; stdout belongs to what a command prints.</summary>
public static class LogSetup
{
    /// <summary>Loggers that write to stderr. Disposing the factory writes what is still waiting.</summary>
    /// <param name="format">What a line looks like.</param>
    /// <param name="least">The least level that is written.</param>
    public static ILoggerFactory Create(LogFormat format, LogLevel least = LogLevel.Information) => LoggerFactory.Create(logging =>
    {
        logging.SetMinimumLevel(least);
        logging.AddConsole(console =>
        {
            console.LogToStandardErrorThreshold = LogLevel.Trace;
            console.FormatterName = format == LogFormat.Json ? ConsoleFormatterNames.Json : ConsoleFormatterNames.Simple;
        });
        if (format == LogFormat.Json)
        {
            logging.AddJsonConsole(json =>
            {
                json.UseUtcTimestamp = true;
                json.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
                json.JsonWriterOptions = new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
            });
        }
        else
        {
            logging.AddSimpleConsole(text =>
            {
                text.UseUtcTimestamp = true;
                text.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ";
                text.SingleLine = true;
                text.ColorBehavior = Console.IsErrorRedirected ? LoggerColorBehavior.Disabled : LoggerColorBehavior.Default;
            });
        }
    });
}
