using System.Data.Common;

namespace Fleet.Storage;

/// <summary>The row that a query is at; valid only while it is mapped.</summary>
public readonly struct Row
{
    private readonly DbDataReader _reader;

    internal Row(DbDataReader reader) => _reader = reader;

    /// <summary>A text column.</summary>
    public string Text(string column) => _reader.GetString(_reader.GetOrdinal(column));

    /// <summary>A text column that may be null.</summary>
    public string? TextOrNull(string column) => IsNull(column) ? null : Text(column);

    /// <summary>A number.</summary>
    public long Number(string column) => _reader.GetInt64(_reader.GetOrdinal(column));

    /// <summary>Bytes.</summary>
    public byte[] Bytes(string column) => _reader.GetFieldValue<byte[]>(_reader.GetOrdinal(column));

    /// <summary>A flag.</summary>
    public bool Flag(string column) => Number(column) != 0;

    /// <summary>An instant, in UTC.</summary>
    public DateTimeOffset Instant(string column) => Instants.FromMicroseconds(Number(column));

    /// <summary>An instant that may be null.</summary>
    public DateTimeOffset? InstantOrNull(string column) => IsNull(column) ? null : Instant(column);

    private bool IsNull(string column) => _reader.IsDBNull(_reader.GetOrdinal(column));
}

/// <summary>Instants as numbers. A clock has ticks of 100 ns; what is kept is rounded down to microseconds.</summary>
public static class Instants
{
    /// <summary>Microseconds since 1970 in UTC.</summary>
    public static long ToMicroseconds(DateTimeOffset instant) => (instant.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    /// <summary>The instant, in UTC.</summary>
    public static DateTimeOffset FromMicroseconds(long microseconds) => DateTimeOffset.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond);

    /// <summary>The instant as a store would give it back, so that what is answered before it was stored is what is answered afterwards.</summary>
    public static DateTimeOffset Kept(DateTimeOffset instant) => FromMicroseconds(ToMicroseconds(instant));
}
