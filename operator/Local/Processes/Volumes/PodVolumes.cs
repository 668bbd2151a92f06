namespace Fleet.Local.Processes;

/// <summary>The volumes of a pod, as folders.</summary>
internal sealed class PodVolumes(PodScene pod)
{
    private readonly Lock _gate = new();
    private int _version;

    /// <summary>Makes the folders, and writes those files that differ from what they are to be.</summary>
    /// <param name="find">The ConfigMaps and Secrets.</param>
    /// <exception cref="ConfigErrorException">Something that is not optional is missing.</exception>
    public void Write(ConfigLookup find)
    {
        // The first time and a change of what the volumes are made of may come together.
        lock (_gate)
        {
            foreach (var volume in pod.Pod.Spec.Volumes)
                Write(volume, find);
        }
    }

    /// <summary>Where a container finds them.</summary>
    /// <param name="container">The container.</param>
    /// <param name="variables">Its variables, for subPathExpr.</param>
    public IEnumerable<Mount> MountsOf(Container container, IReadOnlyDictionary<string, string> variables)
    {
        foreach (var mount in container.VolumeMounts)
        {
            if (pod.Pod.Spec.Volumes.FirstOrDefault(v => v.Name == mount.Name) is not { } volume)
                continue;
            var folder = FolderOf(volume);
            var path = mount.SubPathExpr is { Length: > 0 } expression ? Expansion.Expand(expression, variables) : mount.SubPath;
            if (path is { Length: > 0 })
            {
                if (Path.IsPathRooted(path) || path.Split('/').Contains("..", StringComparer.Ordinal))
                    throw new ConfigErrorException($"subPath \"{path}\" leaves its volume");
                folder = Path.Combine(folder, path);
                if (!VolumeFiles.Writes(volume) && !File.Exists(folder))
                    Directory.CreateDirectory(folder);
            }

            yield return new(mount.MountPath, folder);
        }
    }

    private void Write(Volume volume, ConfigLookup find)
    {
        var folder = FolderOf(volume);
        if (!VolumeFiles.Writes(volume))
        {
            if (!File.Exists(folder)) // a hostPath may be a file
                Directory.CreateDirectory(folder);
            return;
        }

        try
        {
            AtomicFolder.Write(folder, VolumeFiles.Of(volume, pod.Facts, find, pod.RewriteNames), $"{pod.Node.Time.GetUtcNow():yyyy_MM_dd_HH_mm_ss}.{++_version}");
        }
        catch (ConfigErrorException e)
        {
            throw new ConfigErrorException($"MountVolume.SetUp failed for volume \"{volume.Name}\" : {e.Message}");
        }
    }

    private string FolderOf(Volume volume) => volume switch
    {
        { PersistentVolumeClaim: { } claim } => pod.Node.Folders.Claim(pod.Pod.Metadata.Namespace ?? "", claim.ClaimName),
        { HostPath: { } host } => host.Path,
        _ => Path.Combine(pod.Node.Folders.Pod(pod.Pod), "volumes", volume.Name),
    };
}
