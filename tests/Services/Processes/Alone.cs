using Xunit;

namespace Fleet.ServiceTests;

/// <summary>Tests that take the whole machine, or tell time by it: they run one after the other, after all others.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
