using System.Data.Common;
using System.Globalization;

namespace Fleet.Storage;

/// <summary>
/// One connection, while a read or a write runs. Parameters are given by name without the <c>@</c> that they have in the SQL. Instants are kept as
/// microseconds since 1970 in UTC (BIGINT) and flags as 0 and 1 (BIGINT), which both databases order and compare alike.
/// </summary>
public sealed class Session
{
    private readonly DbConnection _connection;
    private readonly DbTransaction? _transaction;
    private readonly CancellationToken _stop;

    internal Session(DbConnection connection, DbTransaction? transaction, CancellationToken stop)
    {
        (_connection, _transaction, _stop) = (connection, transaction, stop);
    }

    /// <summary>Runs a statement.</summary>
    /// <returns>How many rows it changed.</returns>
    public async Task<int> ExecuteAsync(string sql, params (string Name, object? Value)[] parameters)
    {
        await using var command = Command(sql, parameters);
        return await command.ExecuteNonQueryAsync(_stop);
    }

    /// <summary>The first row, or null when there is none.</summary>
    public async Task<T?> FirstAsync<T>(string sql, Func<Row, T> map, params (string Name, object? Value)[] parameters)
        where T : class
    {
        await using var command = Command(sql, parameters);
        await using var reader = await command.ExecuteReaderAsync(_stop);
        return await reader.ReadAsync(_stop) ? map(new Row(reader)) : null;
    }

    /// <summary>Every row.</summary>
    public async Task<IReadOnlyList<T>> ListAsync<T>(string sql, Func<Row, T> map, params (string Name, object? Value)[] parameters)
    {
        await using var command = Command(sql, parameters);
        await using var reader = await command.ExecuteReaderAsync(_stop);
        var rows = new List<T>();
        while (await reader.ReadAsync(_stop))
            rows.Add(map(new Row(reader)));
        return rows;
    }

    /// <summary>The one number that the query yields: a count.</summary>
    public async Task<long> NumberAsync(string sql, params (string Name, object? Value)[] parameters)
    {
        await using var command = Command(sql, parameters);
        return Convert.ToInt64(await command.ExecuteScalarAsync(_stop), CultureInfo.InvariantCulture);
    }

    private DbCommand Command(string sql, (string Name, object? Value)[] parameters)
    {
        var command = _connection.CreateCommand();
#pragma warning disable CA2100 // the SQL is a constant of ours at every call; values are parameters
        command.CommandText = sql;
#pragma warning restore CA2100
        command.Transaction = _transaction;
        foreach (var (name, value) in parameters)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = name;
            parameter.Value = value switch
            {
                null => DBNull.Value,
                DateTimeOffset instant => Instants.ToMicroseconds(instant),
                bool flag => flag ? 1L : 0L,
                int number => (long)number,
                _ => value,
            };
            command.Parameters.Add(parameter);
        }

        return command;
    }
}
