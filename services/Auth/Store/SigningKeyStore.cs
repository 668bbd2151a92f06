using Fleet.Storage;

namespace Fleet.Auth;

/// <summary>The keys in the service's store. Two replicas that start together make one key: their writes have an order.</summary>
internal sealed class SigningKeyStore(Database database) : ISigningKeyStore
{
    public Task<KeyRing> UpdateAsync(Func<KeyRing, (SigningKey? Add, IReadOnlyList<SigningKey> Remove)> decide, CancellationToken stop) => database.WriteAsync(
        async session =>
        {
            var ring = new KeyRing([.. await session.ListAsync("SELECT id, created_at, signs_from, private_key FROM signing_keys ORDER BY signs_from", Map)]);
            var (add, remove) = decide(ring);
            foreach (var key in remove)
                await session.ExecuteAsync("DELETE FROM signing_keys WHERE id = @id", ("id", key.Id));
            if (add is not null)
            {
                await session.ExecuteAsync(
                    "INSERT INTO signing_keys (id, created_at, signs_from, private_key) VALUES (@id, @created, @from, @key)",
                    ("id", add.Id), ("created", add.CreatedAt), ("from", add.SignsFrom), ("key", Convert.ToBase64String(add.PrivateKey.Span)));
            }

            return new KeyRing([.. ring.Keys.Except(remove), .. add is null ? Array.Empty<SigningKey>() : [add]]);
        },
        stop);

    private static SigningKey Map(Row row) => new(row.Text("id"), row.Instant("created_at"), row.Instant("signs_from"), Convert.FromBase64String(row.Text("private_key")));
}
