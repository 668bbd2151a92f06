using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Fleet.Hosting;

/// <summary>How services log: one JSON object per line on stdout with trace and span ids, or lines for people with <c>LOG_FORMAT=text</c>.</summary>
internal static class Logs
{
    private const string Timestamp = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    public static void Configure(ILoggingBuilder logging, ServiceEnvironment environment)
    {
        logging.SetMinimumLevel(Level(environment));
        // What the framework says of every request and connection is in metrics and traces.
        logging.AddFilter("Microsoft", LogLevel.Warning);
        logging.Services.Configure<LoggerFactoryOptions>(o => o.ActivityTrackingOptions = ActivityTrackingOptions.TraceId | ActivityTrackingOptions.SpanId);
        if (environment.OneOf("LOG_FORMAT", "json", "text") is "text")
        {
            logging.AddSimpleConsole(text =>
            {
                text.UseUtcTimestamp = true;
                text.TimestampFormat = Timestamp + " ";
                text.SingleLine = true;
            });
        }
        else
        {
            logging.AddJsonConsole(json =>
            {
                json.UseUtcTimestamp = true;
                json.TimestampFormat = Timestamp;
                json.IncludeScopes = true; // the trace id is a scope
                json.JsonWriterOptions = new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
            });
        }
    }

    private static LogLevel Level(ServiceEnvironment environment)
    {
        if (environment.Text("LOG_LEVEL") is not { } text)
            return LogLevel.Information;
        return Enum.TryParse<LogLevel>(text, ignoreCase: true, out var level) && Enum.IsDefined(level)
            ? level
            : throw new ConfigurationException("LOG_LEVEL", $"is '{text}'", $"choose from {string.Join(", ", Enum.GetNames<LogLevel>())}");
    }
}
