namespace Fleet.Apps;

/// <summary>One thing that is wrong with an app.</summary>
/// <param name="Path">The field, <c>spec.services[1].port</c> for instance; empty when it is the object as a whole.</param>
/// <param name="Message">What is wrong, and the fix.</param>
/// <param name="Reason">The reason of the Accepted condition: InvalidSpec or DependencyCycle.</param>
public sealed record Problem(string Path, string Message, string Reason = Reasons.InvalidSpec)
{
    /// <inheritdoc/>
    public override string ToString() => Path.Length == 0 ? Message : $"{Path}: {Message}";
}
