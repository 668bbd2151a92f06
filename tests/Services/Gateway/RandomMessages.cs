using System.Text;
using Fleet.ServiceTests.Gateway.Rich;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;

namespace Fleet.ServiceTests.Gateway;

/// <summary>Messages made from a seed: every kind of field, values at their limits, everything that ProtoJSON can say.</summary>
internal sealed class RandomMessages(int seed)
{
    private readonly Random _random = new(seed);

    public Rich.Rich Next() => (Rich.Rich)Message(Rich.Rich.Descriptor, 0);

    private IMessage Message(MessageDescriptor type, int depth)
    {
        switch (type.FullName)
        {
            case "google.protobuf.Timestamp":
                return new Timestamp { Seconds = _random.NextInt64(-62_135_596_800, 253_402_300_800), Nanos = Nanos() };
            case "google.protobuf.Duration":
                var sign = _random.Next(2) == 0 ? -1 : 1;
                return new Duration { Seconds = sign * _random.NextInt64(0, 315_576_000_000), Nanos = sign * Nanos() };
            case "google.protobuf.FieldMask":
                return new FieldMask { Paths = { Some(3, () => Pick("a", "display_name", "user.first_name", "x1.y_z")) } };
            case "google.protobuf.Value":
                return Value(depth);
            case "google.protobuf.Struct":
                return Struct(depth);
            case "google.protobuf.Any":
                return _random.Next(3) switch
                {
                    0 => Any.Pack(new Timestamp { Seconds = _random.Next(), Nanos = Nanos() }),
                    1 => Any.Pack(new Ask { What = Text(), Count = _random.Next() }, "example.com/types"),
                    _ => Any.Pack(Any.Pack(new StringValue { Value = Text() })),
                };
        }

        var message = type.Parser.ParseFrom(ByteString.Empty);
        foreach (var field in type.Fields.InDeclarationOrder())
        {
            if (_random.Next(depth == 0 ? 2 : 6) == 0 && (field.RealContainingOneof?.Accessor.GetCaseFieldDescriptor(message)) is null)
                Fill(message, field, depth);
        }

        return message;
    }

    private void Fill(IMessage message, FieldDescriptor field, int depth)
    {
        if (depth > 3 && field.FieldType == FieldType.Message)
            return;
        if (field.IsMap)
        {
            var map = (System.Collections.IDictionary)field.Accessor.GetValue(message);
            foreach (var _ in Enumerable.Range(0, _random.Next(4)))
                map[One(field.MessageType.FindFieldByNumber(1), depth)] = One(field.MessageType.FindFieldByNumber(2), depth);
        }
        else if (field.IsRepeated)
        {
            var list = (System.Collections.IList)field.Accessor.GetValue(message);
            foreach (var _ in Enumerable.Range(0, _random.Next(4)))
                list.Add(One(field, depth));
        }
        else
        {
            field.Accessor.SetValue(message, One(field, depth));
        }
    }

    private object One(FieldDescriptor field, int depth) => field.FieldType switch
    {
        FieldType.Double => Double(),
        FieldType.Float => (float)Pick(0, 1.5, -3.25e-20, float.MaxValue, double.NaN, double.PositiveInfinity, _random.NextDouble()),
        FieldType.Int32 or FieldType.SInt32 or FieldType.SFixed32 => Pick(0, 1, -1, int.MaxValue, int.MinValue, _random.Next()),
        FieldType.Int64 or FieldType.SInt64 or FieldType.SFixed64 => Pick(0, 1, -1, long.MaxValue, long.MinValue, _random.NextInt64()),
        FieldType.UInt32 or FieldType.Fixed32 => Pick(0u, 1u, uint.MaxValue, (uint)_random.Next()),
        FieldType.UInt64 or FieldType.Fixed64 => Pick(0ul, 1ul, ulong.MaxValue, (ulong)_random.NextInt64()),
        FieldType.Bool => _random.Next(2) == 0,
        FieldType.String => Text(),
        FieldType.Bytes => ByteString.CopyFrom(Bytes()),
        FieldType.Enum when field.EnumType.FullName == "google.protobuf.NullValue" => NullValue.NullValue,
        FieldType.Enum => Pick(Colour.Unspecified, Colour.Red, Colour.Blue, Colour.Below, (Colour)77),
        _ => IsWrapper(field) ? Unwrapped(field) : Message(field.MessageType, depth + 1),
    };

    /// <summary>Google's accessors take a wrapped value bare.</summary>
    private object Unwrapped(FieldDescriptor field) => One(field.MessageType.FindFieldByNumber(1), 0);

    private static bool IsWrapper(FieldDescriptor field) => field.MessageType.File.Name == "google/protobuf/wrappers.proto";

    private Value Value(int depth) => _random.Next(depth > 3 ? 4 : 6) switch
    {
        0 => Google.Protobuf.WellKnownTypes.Value.ForNull(),
        1 => Google.Protobuf.WellKnownTypes.Value.ForNumber(Pick(0, -1.5, 1e300, _random.NextDouble())),
        2 => Google.Protobuf.WellKnownTypes.Value.ForString(Text()),
        3 => Google.Protobuf.WellKnownTypes.Value.ForBool(_random.Next(2) == 0),
        4 => Google.Protobuf.WellKnownTypes.Value.ForList([.. Some(3, () => Value(depth + 1))]),
        _ => Google.Protobuf.WellKnownTypes.Value.ForStruct(Struct(depth)),
    };

    private Struct Struct(int depth)
    {
        var made = new Struct();
        foreach (var key in Some(3, () => "k" + Text())) // Google's formatter takes no empty key here
            made.Fields[key] = Value(depth + 1);
        return made;
    }

    private double Double() => Pick(0, 1, 1.5, -3.25e-200, double.MaxValue, double.Epsilon, double.NaN, double.PositiveInfinity, double.NegativeInfinity, _random.NextDouble());

    private int Nanos() => Pick(0, 1, 1_000, 120_000_000, 999_999_999, _random.Next(1_000_000_000));

    private string Text()
    {
        var text = new StringBuilder();
        foreach (var _ in Enumerable.Range(0, _random.Next(8)))
            text.Append(Pick("a", "Z", "\"", "\\", "\n", "\0", "é", "漢", "😀", "<", "&", "/", " "));
        return text.ToString();
    }

    private byte[] Bytes()
    {
        var bytes = new byte[_random.Next(9)];
        _random.NextBytes(bytes);
        return bytes;
    }

    private T[] Some<T>(int most, Func<T> make) => Enumerable.Range(0, _random.Next(most + 1)).Select(_ => make()).ToArray();

    private T Pick<T>(params T[] values) => values[_random.Next(values.Length)];
}
