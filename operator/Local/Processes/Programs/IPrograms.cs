namespace Fleet.Local.Processes;

/// <summary>Which images stand for programs of this machine.</summary>
public interface IPrograms
{
    /// <summary>The program that an image stands for; null when it stands for none.</summary>
    /// <param name="image">As the pod names it.</param>
    LocalProgram? Find(string image);
}

/// <summary>A .NET program as a build leaves it.</summary>
/// <param name="Name">What it is called, in file names too.</param>
/// <param name="Folder">The folder with all that it consists of.</param>
/// <param name="Assembly">The file in it that <c>dotnet</c> is given.</param>
public sealed record LocalProgram(string Name, string Folder, string Assembly)
{
    /// <summary>Whether it was built.</summary>
    public bool IsBuilt => File.Exists(Path.Combine(Folder, Assembly));
}
