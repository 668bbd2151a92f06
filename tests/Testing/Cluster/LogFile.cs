using Microsoft.Extensions.Logging;

namespace Fleet.Testing;

/// <summary>Warnings and worse of what runs inside the test process, in a file that a failed test can be asked about.</summary>
internal static class LogFile
{
    /// <summary>Loggers that write to a file.</summary>
    public static ILoggerFactory Factory(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return LoggerFactory.Create(logging => logging.SetMinimumLevel(LogLevel.Warning).AddProvider(new Provider(path)));
    }

    private sealed class Provider(string path) : ILoggerProvider
    {
        private readonly StreamWriter _file = new(path, append: true) { AutoFlush = true };

        public ILogger CreateLogger(string categoryName) => new Logger(categoryName, _file);

        public void Dispose() => _file.Dispose();
    }

    private sealed class Logger(string category, StreamWriter file) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (file)
                file.WriteLine($"{DateTime.UtcNow:HH:mm:ss.fff} {logLevel} {category}: {formatter(state, exception)} {exception}");
        }
    }
}
