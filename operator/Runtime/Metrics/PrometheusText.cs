using System.Globalization;
using System.Text;

namespace Fleet.Runtime;

/// <summary>Writes the Prometheus text format, version 0.0.4.</summary>
internal sealed class PrometheusText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly StringBuilder _text = new(4096);

    public static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>The lines before a metric's samples, which follow in one block. The help is one line without backslashes.</summary>
    public void Head(string name, string help, string type) => _text
        .Append("# HELP ").Append(name).Append(' ').Append(help).Append('\n')
        .Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');

    public void Sample(string name, double value, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        _text.Append(name);
        for (var i = 0; i < labels.Length; i++)
            _text.Append(i == 0 ? '{' : ',').Append(labels[i].Name).Append("=\"").Append(Escaped(labels[i].Value)).Append('"');
        if (labels.Length > 0)
            _text.Append('}');
        _text.Append(' ').Append(Number(value)).Append('\n');
    }

    public void Gauge(string name, string help, double value)
    {
        Head(name, help, "gauge");
        Sample(name, value);
    }

    public void Counter(string name, string help, double value)
    {
        Head(name, help, "counter");
        Sample(name, value);
    }

    public override string ToString() => _text.ToString();

    private static string Escaped(string value) => value
        .Replace("\\", @"\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", @"\n", StringComparison.Ordinal);
}
