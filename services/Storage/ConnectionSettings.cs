using Fleet.Hosting;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Fleet.Storage;

/// <summary>Which database the environment names, and how to reach it.</summary>
internal sealed record ConnectionSettings(Dialect Dialect, string ConnectionString)
{
    private const string Variable = "ConnectionStrings__Default";

    /// <exception cref="ConfigurationException">It cannot be understood, or the file's folder cannot be written to.</exception>
    public static ConnectionSettings Read(ServiceEnvironment environment)
    {
        if (environment.Text(Variable) is not { } text)
            return Sqlite($"Data Source={Path.Combine(environment.DataDirectory, environment.Service)}.db", "DATA_DIR");
        try
        {
            if (Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "postgres" or "postgresql")
                return new(Dialect.PostgreSql, FromUrl(url));
            return IsSqlite(text) ? Sqlite(text, Variable) : new(Dialect.PostgreSql, new NpgsqlConnectionStringBuilder(text).ConnectionString);
        }
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            // The text holds a password: it is never shown.
            throw new ConfigurationException(Variable, "cannot be understood", "Host=...;Database=...;Username=...;Password=..., postgres://user:password@host/database or Data Source=file");
        }
    }

    private static bool IsSqlite(string text) => text.StartsWith("Data Source=", StringComparison.OrdinalIgnoreCase)
        && !text.Contains("Host=", StringComparison.OrdinalIgnoreCase);

    private static ConnectionSettings Sqlite(string text, string variable)
    {
        var settings = new SqliteConnectionStringBuilder(text) { ForeignKeys = true, DefaultTimeout = 5 };
        var folder = Path.GetDirectoryName(Path.GetFullPath(settings.DataSource))!;
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException(variable, $"leads to {folder}, which cannot be made", "give a folder that the service may write to");
        }

        return new(Dialect.Sqlite, settings.ConnectionString);
    }

    /// <summary>A URL as libpq reads it; of its parameters those that Npgsql knows under the same name are passed on.</summary>
    private static string FromUrl(Uri url)
    {
        var settings = new NpgsqlConnectionStringBuilder { Host = url.Host, Database = Uri.UnescapeDataString(url.AbsolutePath.TrimStart('/')) };
        if (url.Port > 0)
            settings.Port = url.Port;
        if (url.UserInfo.Split(':', 2) is [{ Length: > 0 } user, .. var password])
        {
            settings.Username = Uri.UnescapeDataString(user);
            settings.Password = password is [var given] ? Uri.UnescapeDataString(given) : null;
        }

        foreach (var parameter in url.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            if (parameter.Split('=', 2) is not [var name, var value])
                throw new FormatException();
            // libpq writes "verify-full", Npgsql "VerifyFull".
            settings[name] = name is "sslmode" ? value.Replace("-", "", StringComparison.Ordinal) : Uri.UnescapeDataString(value);
        }

        return settings.ConnectionString;
    }
}
