using System.CommandLine;
using System.CommandLine.Parsing;

namespace Fleet.Cli;

/// <summary>Options that an environment variable may set as well: <c>--health-port</c> is FLEET_HEALTH_PORT. The command line wins.</summary>
internal static class Setting
{
    /// <summary>Makes one.</summary>
    /// <param name="name">The option's name, with its dashes.</param>
    /// <param name="description">What it does; the variable's name is added.</param>
    /// <param name="otherwise">The value when neither is given; null for none.</param>
    /// <param name="valueName">What stands for the value in <c>--help</c>.</param>
    /// <param name="problem">What is wrong with a value, or null.</param>
    internal static Option<T> Of<T>(string name, string description, T? otherwise, string valueName, Func<T, string?>? problem = null)
        where T : IParsable<T>
    {
        var variable = $"FLEET_{name.TrimStart('-').ToUpperInvariant().Replace('-', '_')}";
        var option = new Option<T>(name) { Description = $"{description} [{variable}]", HelpName = valueName };
        if (otherwise is not null || Environment.GetEnvironmentVariable(variable) is { Length: > 0 })
            option.DefaultValueFactory = result => Default(result, variable, otherwise, problem);
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && result.Errors.All(e => e.SymbolResult != result) && result.GetValueOrDefault<T>() is { } value && problem?.Invoke(value) is { } why)
                result.AddError($"{name}: {why}");
        });
        return option;
    }

    /// <summary>A check for one of several words.</summary>
    internal static Func<string, string?> OneOf(params string[] words) =>
        value => words.Contains(value, StringComparer.Ordinal) ? null : $"\"{value}\" is none of {string.Join(", ", words)}";

    /// <summary>A check for a number in a range, both ends included.</summary>
    internal static Func<int, string?> Between(int least, int most) => value => value >= least && value <= most ? null : $"{value} is not between {least} and {most}";

    private static T Default<T>(ArgumentResult result, string variable, T? otherwise, Func<T, string?>? problem)
        where T : IParsable<T>
    {
        if (Environment.GetEnvironmentVariable(variable) is not { Length: > 0 } text)
            return otherwise!;
        if (!T.TryParse(text, null, out var value))
            result.AddError($"{variable}: \"{text}\" is no {(typeof(T) == typeof(bool) ? "true or false" : "number")}");
        else if (problem?.Invoke(value) is { } why)
            result.AddError($"{variable}: {why}");
        return value ?? otherwise!;
    }
}
