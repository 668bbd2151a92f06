using System.Text.Json.Nodes;

namespace Fleet.Local.ApiServer;

/// <summary>Who set which fields: an object's <c>metadata.managedFields</c>, taken apart.</summary>
internal sealed class Managers
{
    private readonly List<Entry> _entries;

    private Managers(IEnumerable<Entry> entries) => _entries = [.. entries];

    /// <summary>The entries, as they are written.</summary>
    internal IReadOnlyList<Entry> Entries => _entries;

    /// <summary>Reads an object's. What cannot be read is dropped, as it would be by anybody's next write.</summary>
    internal static Managers Of(JsonObject? whole) => new((whole?["metadata"] as JsonObject)?.Objects("managedFields").Select(Entry.Parse) ?? []);

    /// <summary>The fields of one, empty when it has none.</summary>
    internal FieldSet this[ManagerId id] => _entries.Find(e => e.Id == id)?.Fields ?? FieldSet.Empty;

    /// <summary>The others, and what is theirs.</summary>
    internal IEnumerable<Entry> Others(ManagerId id) => _entries.Where(e => e.Id != id);

    /// <summary>Says what one owns from now on; the time moves only when that changed.</summary>
    internal void Set(ManagerId id, FieldSet fields, DateTimeOffset now)
    {
        var at = _entries.FindIndex(e => e.Id == id);
        if (at >= 0 && _entries[at].Fields.Same(fields))
            return;
        if (at >= 0)
            _entries.RemoveAt(at);
        if (!fields.IsEmpty || id.IsApply)
            _entries.Add(new(id, Wire.Time(now), fields));
    }

    /// <summary>Takes paths from all but one.</summary>
    internal void TakeFromOthers(ManagerId id, FieldSet fields)
    {
        for (var i = _entries.Count - 1; i >= 0; i--)
        {
            if (_entries[i].Id == id)
                continue;
            var left = _entries[i].Fields.Except(fields);
            if (left.IsEmpty)
                _entries.RemoveAt(i);
            else
                _entries[i] = _entries[i] with { Fields = left };
        }
    }

    /// <summary>Writes them into an object that is being built.</summary>
    internal void WriteTo(JsonObject whole)
    {
        var sorted = _entries.OrderBy(e => e.Id.IsApply ? 0 : 1).ThenBy(e => e.Time, StringComparer.Ordinal).ThenBy(e => e.Id.Name, StringComparer.Ordinal).ToArray();
        if (sorted.Length == 0)
            whole.Meta().Remove("managedFields");
        else
            whole.Meta()["managedFields"] = new JsonArray([.. sorted.Select(e => (JsonNode)e.ToJson())]);
    }

    /// <summary>One manager's fields.</summary>
    internal sealed record Entry(ManagerId Id, string Time, FieldSet Fields)
    {
        internal static Entry Parse(JsonObject json) => new(
            new(json.Text("manager") ?? "", json.Text("operation") == "Apply", json.Text("apiVersion") ?? "", json.Text("subresource") ?? ""),
            json.Text("time") ?? "",
            json["fieldsV1"] is JsonObject fields ? FieldSet.Parse(fields) : FieldSet.Empty);

        internal JsonObject ToJson()
        {
            var json = new JsonObject
            {
                ["manager"] = Id.Name,
                ["operation"] = Id.IsApply ? "Apply" : "Update",
                ["apiVersion"] = Id.ApiVersion,
                ["time"] = Time,
                ["fieldsType"] = "FieldsV1",
                ["fieldsV1"] = Fields.ToFieldsV1(),
            };
            if (Id.Subresource.Length > 0)
                json["subresource"] = Id.Subresource;
            return json;
        }
    }
}

/// <summary>What tells the entries of managedFields apart.</summary>
/// <param name="Name">The field manager.</param>
/// <param name="IsApply">Whether it applies; else it creates, updates and patches.</param>
/// <param name="ApiVersion">Through which version of the kind.</param>
/// <param name="Subresource">Through which subresource; empty for the object itself.</param>
internal readonly record struct ManagerId(string Name, bool IsApply, string ApiVersion, string Subresource)
{
    /// <inheritdoc/>
    public override string ToString() =>
        $"\"{Name}\"{(Subresource.Length > 0 ? $" with subresource \"{Subresource}\"" : "")}{(IsApply ? "" : $" using {ApiVersion}")}";
}
