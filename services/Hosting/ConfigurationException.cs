namespace Fleet.Hosting;

/// <summary>The environment says something that the service cannot start with. The program ends with exit code 2 and one line on stderr.</summary>
/// <param name="variable">The environment variable, as it is set: <c>AUTH__ISSUER</c>.</param>
/// <param name="fault">What is wrong with it.</param>
/// <param name="fix">What to set it to.</param>
public sealed class ConfigurationException(string variable, string fault, string fix) : Exception($"{variable} {fault}: {fix}")
{
    /// <summary>The environment variable.</summary>
    public string Variable { get; } = variable;
}
