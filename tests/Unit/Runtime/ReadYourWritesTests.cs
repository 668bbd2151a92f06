using Fleet.Kubernetes;
using Fleet.Runtime;
using Xunit;

namespace Fleet.Unit.Runtime;

/// <summary>
/// A server with a history, a watch that lags behind it by any number of events and relists now and then, and writers, ourselves and
/// others. Whatever the interleaving: readers never see a state older than what the watch or an answer of ours has told.
/// </summary>
public sealed class ReadYourWritesTests
{
    [Fact]
    public void Readers_never_see_less_than_was_told()
    {
        for (var round = 0; round < 300; round++)
        {
            var seed = Random.Shared.Next();
            try
            {
                new World(seed).Run(steps: 400);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"seed {seed}", e);
            }
        }
    }

    private sealed class World(int seed)
    {
        private static readonly string[] Names = ["auth", "users", "orders"];

        private readonly Random _random = new(seed);
        private readonly ObjectCache<PartialObject> _cache = new(Resources.Deployments);
        private readonly Dictionary<string, PartialObject> _server = [];
        private readonly List<(string Name, PartialObject? Now, PartialObject Last)> _history = [];
        private readonly List<Action> _answers = [];
        private readonly Dictionary<string, int> _told = Names.ToDictionary(n => n, _ => 0);
        private readonly Dictionary<string, HashSet<string>> _deletedByUs = Names.ToDictionary(n => n, _ => new HashSet<string>());
        private int _watched;
        private int _uids;
        private bool _listing;
        private (int Version, List<PartialObject> Objects)? _list;

        private ICacheWriter<PartialObject> Writer => _cache;

        /// <summary>The version of the newest event; versions count from one.</summary>
        private int Version => _history.Count;

        public void Run(int steps)
        {
            Writer.Init();
            Writer.InitDone("0");
            for (var step = 0; step < steps; step++)
            {
                Step();
                Check();
            }

            while (_answers.Count > 0)
                Answer();
            if (_listing)
                EndList();
            while (_watched < Version)
                Watch();
            Check();
            Assert.False(_cache.HasWitnesses);
            Assert.Equal(_server.Values.Said(), _cache.All.Said());
        }

        private void Step()
        {
            switch (_random.Next(12))
            {
                case 0 or 1 or 2:
                    Write(ours: true);
                    break;
                case 3:
                    Write(ours: false);
                    break;
                case 4 or 5 or 6 when _answers.Count > 0:
                    Answer();
                    break;
                case 7 when !_listing:
                    if (_random.Next(10) == 0)
                    {
                        _listing = true;
                        Writer.Init();
                    }

                    break;
                case 8 when _listing:
                    // What a list holds is the server's state at some moment between question and answer.
                    if (_list is null)
                        _list = (Version, [.. _server.Values]);
                    else
                        EndList();
                    break;
                case 9 when !_listing && _watched > 0:
                    Writer.Bookmark($"{_watched}");
                    break;
                default:
                    if (!_listing && _watched < Version)
                        Watch();
                    break;
            }
        }

        private void EndList()
        {
            var (version, objects) = _list ?? (Version, [.. _server.Values]);
            foreach (var obj in objects)
                Writer.InitApply(obj);
            Writer.InitDone($"{version}");
            _watched = version;
            (_listing, _list) = (false, null);
        }

        private void Watch()
        {
            var (_, now, last) = _history[_watched++];
            if (now is not null)
                Writer.Apply(now);
            else
                Writer.Delete(last);
        }

        private void Answer()
        {
            // Two workers' answers may be read in another order than the server gave them.
            var at = _random.Next(Math.Min(2, _answers.Count));
            var answer = _answers[at];
            _answers.RemoveAt(at);
            answer();
        }

        private void Write(bool ours)
        {
            var name = Names[_random.Next(Names.Length)];
            var live = _server.GetValueOrDefault(name);
            if (live is null)
            {
                Put(name, Made.Object(name, Version + 1, uid: $"{name}-{++_uids}"), ours);
            }
            else if (live.Metadata.DeletionTimestamp is not null)
            {
                Remove(name, live, ours: false); // its finalizer is done
            }
            else if (_random.Next(2) == 0)
            {
                Put(name, live with { Metadata = live.Metadata with { ResourceVersion = $"{Version + 1}" } }, ours);
            }
            else if (_random.Next(3) == 0)
            {
                Put(name, Made.Object(name, Version + 1, uid: live.Metadata.Uid, ending: true), ours: false);
                if (ours && IsSeen(live))
                    AnswerDeleted(name, live.Metadata.Uid!);
            }
            else
            {
                Remove(name, live, ours && IsSeen(live)); // we delete what we see, by its UID
            }
        }

        private bool IsSeen(PartialObject live) => _cache.Find("demo", live.Metadata.Name)?.Metadata.Uid == live.Metadata.Uid;

        private void Put(string name, PartialObject now, bool ours)
        {
            _server[name] = now;
            _history.Add((name, now, now));
            var version = Version;
            if (!ours)
                return;
            _answers.Add(() =>
            {
                _cache.Witness(now);
                _told[name] = Math.Max(_told[name], version);
            });
        }

        private void Remove(string name, PartialObject live, bool ours)
        {
            _server.Remove(name);
            _history.Add((name, null, live with { Metadata = live.Metadata with { ResourceVersion = $"{Version + 1}" } }));
            if (ours)
                AnswerDeleted(name, live.Metadata.Uid!);
        }

        private void AnswerDeleted(string name, string uid)
        {
            var version = Version;
            _answers.Add(() =>
            {
                _cache.WitnessDeleted("demo", name, uid);
                _deletedByUs[name].Add(uid);
                _told[name] = Math.Max(_told[name], version);
            });
        }

        private void Check()
        {
            foreach (var name in Names)
            {
                var seen = _cache.Find("demo", name);
                var floor = Math.Max(_told[name], _watched);
                Assert.True(StatesFrom(name, floor).Any(state => Allows(name, state, seen)), $"{seen.Said()} is older than {floor}, watched up to {_watched}");
            }
        }

        /// <summary>A state that we know to be ending may be seen as gone.</summary>
        private bool Allows(string name, PartialObject? state, PartialObject? seen) =>
            ReferenceEquals(state, seen) ||
            (seen is null && state is { Metadata: { DeletionTimestamp: not null, Uid: { } uid } } && _deletedByUs[name].Contains(uid));

        /// <summary>What the server held under this name at that version and at each since.</summary>
        private IEnumerable<PartialObject?> StatesFrom(string name, int version)
        {
            var before = _history.Take(version).LastOrDefault(h => h.Name == name);
            yield return before.Now;
            foreach (var (_, now, _) in _history.Skip(version).Where(h => h.Name == name))
                yield return now;
        }
    }
}
