using Xunit;
using Xunit.Abstractions;

[assembly: TestCollectionOrderer("Fleet.SystemTests.Charts.LastOrderer", "Fleet.SystemTests")]

namespace Fleet.SystemTests.Charts;

/// <summary>The collection that looks back at the whole suite. Like all that may not run beside others it comes after those that may; and it is the last of them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Last
{
    /// <summary>The collection's name.</summary>
    public const string Name = "last";
}

/// <summary>Puts <see cref="Last"/> last, and leaves the others in whatever order they come.</summary>
public sealed class LastOrderer : ITestCollectionOrderer
{
    /// <inheritdoc/>
    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) =>
        testCollections.OrderBy(c => c.DisplayName == Last.Name);
}
