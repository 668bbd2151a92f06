using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Fleet.Cli;

/// <summary>Logs into a file, one line per entry: on the terminal is the table.</summary>
internal sealed class FileLog : ILoggerProvider
{
    private readonly Lock _gate = new();
    private readonly StreamWriter _file;
    private readonly TimeProvider _time;

    private FileLog(string path, TimeProvider time) => (_file, _time) = (new StreamWriter(path, append: false) { AutoFlush = true }, time);

    /// <summary>Loggers that write to a new file.</summary>
    internal static ILoggerFactory Create(string path, TimeProvider time)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var log = new FileLog(path, time);
        return LoggerFactory.Create(logging => logging.SetMinimumLevel(LogLevel.Information).AddProvider(log));
    }

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
            _file.Dispose();
    }

    private void Write(LogLevel level, string category, string message, Exception? e)
    {
        var time = _time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        lock (_gate)
            _file.WriteLine($"{time} {level} {category}: {message}{(e is null ? "" : $" {e}".ReplaceLineEndings(" | "))}");
    }

    private sealed class Logger(FileLog log, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            log.Write(logLevel, category, formatter(state, exception), exception);
    }
}
