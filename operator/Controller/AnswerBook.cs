using System.Collections.Immutable;
using Fleet.Apps;
using Fleet.Kubernetes;

namespace Fleet.Controller;

/// <summary>
/// Where the server's answer to our own write differs from what we wrote: admission did that, and doing it again would change nothing. Most of it is told by
/// managedFields and needs no memory; what a webhook takes away is not, and is kept here. What another manager holds came between our read and our write: that is drift.
/// </summary>
public sealed class AnswerBook
{
    private ImmutableDictionary<string, ImmutableHashSet<string>> _all = ImmutableDictionary<string, ImmutableHashSet<string>>.Empty;

    /// <summary>By UID, the fields and what they were answered with.</summary>
    public ImmutableDictionary<string, ImmutableHashSet<string>> All => _all;

    /// <summary>Takes down an answer.</summary>
    public void Note(KubeObject sent, KubeObject answer)
    {
        var uid = answer.Metadata.Uid!;
        ImmutableHashSet<string> differs = [.. FieldDiff.Between(sent, answer).Where(d => ManagedFields.OtherOwner(answer.Metadata, d.Path).Length == 0).Select(d => d.LiveText)];
        if (!differs.IsEmpty)
            ImmutableInterlocked.AddOrUpdate(ref _all, uid, differs, (_, _) => differs);
        else
            Forget(uid);
    }

    /// <summary>Forgets an object in whose place there is another, or none.</summary>
    public void Forget(KubeObject? before, KubeObject? now)
    {
        if (before?.Metadata.Uid is { } uid && uid != now?.Metadata.Uid)
            Forget(uid);
    }

    /// <summary>Forgets an object that is gone.</summary>
    public void Forget(string uid) => ImmutableInterlocked.TryRemove(ref _all, uid, out _);
}
