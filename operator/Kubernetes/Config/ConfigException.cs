namespace Fleet.Kubernetes;

/// <summary>The kubeconfig or the in-cluster files cannot be used. The message names the file, the field and the fix.</summary>
public sealed class ConfigException : Exception
{
    /// <summary>Makes one.</summary>
    public ConfigException(string message)
        : base(message)
    {
    }

    /// <summary>Makes one with what lay behind it.</summary>
    public ConfigException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
