namespace Fleet.Kubernetes;

/// <summary>The text is not YAML that can be read as JSON.</summary>
public sealed class YamlFormatException : FormatException
{
    /// <summary>Makes one.</summary>
    /// <param name="line">The line, from 1.</param>
    /// <param name="column">The column, from 1.</param>
    /// <param name="problem">What is wrong there.</param>
    /// <param name="inner">What lay behind it.</param>
    public YamlFormatException(long line, long column, string problem, Exception? inner = null)
        : base($"line {line}, column {column}: {problem}", inner) => (Line, Column, Problem) = (line, column, problem);

    /// <summary>The line, from 1.</summary>
    public long Line { get; }

    /// <summary>The column, from 1.</summary>
    public long Column { get; }

    /// <summary>What is wrong, without the position.</summary>
    public string Problem { get; }
}
