using Microsoft.AspNetCore.Http;

namespace Fleet.Hosting;

/// <summary>What is wrong with a request, by field: collected first, so that its sender is told everything at once.</summary>
public sealed class Faults
{
    private readonly Dictionary<string, List<string>> _byField = [];

    /// <summary>Whether anything is wrong.</summary>
    public bool Any => _byField.Count > 0;

    /// <summary>What is wrong, by field.</summary>
    public IReadOnlyDictionary<string, string[]> ByField => _byField.ToDictionary(f => f.Key, f => f.Value.ToArray());

    /// <summary>Notes what is wrong with a field; null is nothing.</summary>
    /// <param name="field">The field as its sender knows it: <c>email</c>.</param>
    /// <param name="fault">The rest of a sentence that begins with the field: <c>is required</c>.</param>
    public Faults Add(string field, string? fault)
    {
        if (fault is null)
            return this;
        if (!_byField.TryGetValue(field, out var faults))
            _byField[field] = faults = [];
        faults.Add(fault);
        return this;
    }

    /// <summary>Answers with 400 and all of it, when there is any.</summary>
    /// <returns>Whether it was refused: then the caller is done.</returns>
    public async Task<bool> RefuseAsync(HttpContext context)
    {
        if (!Any)
            return false;
        await Problems.WriteAsync(
            context,
            StatusCodes.Status400BadRequest,
            string.Join("; ", _byField.SelectMany(f => f.Value.Select(fault => $"{f.Key} {fault}"))),
            errors: ByField);
        return true;
    }
}
