using System.Collections.Concurrent;
using System.Text;

namespace Fleet.Testing;

/// <summary>
/// Texts that match a pattern: the corners of its language, and not only what somebody thought of who wrote it. Knows what the patterns of schemas are made
/// of: characters, classes, groups, alternatives and repetitions, between <c>^</c> and <c>$</c>.
/// </summary>
internal static class PatternText
{
    // What "anything but" is drawn from: letters of several scripts, blanks that only some programs take for blanks, characters beyond 16 bits.
    private const string Any = "abcXYZ019-_.,:;/\\#?&=%+~*@!$()[]{}<>|'\"^` \t\v\u00a0\u00e4\u0416\u2003\u3042\u4e2d";

    private static readonly ConcurrentDictionary<string, Part> Parsed = new(StringComparer.Ordinal);

    /// <summary>A text that matches, of at most so many characters.</summary>
    /// <exception cref="ArgumentException">No short text matches, or the pattern has what is not known here.</exception>
    internal static string Of(string pattern, int minLength, int maxLength, Dice dice)
    {
        var parsed = Parsed.GetOrAdd(pattern, static p => new Parser(p).Read());
        for (var most = dice.One(2, 2, 4, 12, 60); most >= 0; most--)
        {
            for (var tries = 0; tries < 20; tries++)
            {
                var text = new StringBuilder();
                parsed(text, dice, most);
                if (text.Length >= minLength && text.Length <= maxLength)
                    return text.ToString();
            }
        }

        throw new ArgumentException($"no text of at most {maxLength} characters matches {pattern}", nameof(pattern));
    }

    private delegate void Part(StringBuilder text, Dice dice, int most);

    private sealed class Parser(string pattern)
    {
        private int _at;

        internal Part Read()
        {
            if (pattern is not ['^', .., '$'])
                throw new ArgumentException($"{pattern} does not say how a text begins and ends", nameof(pattern));
            _at = 1;
            var part = Alternatives();
            return _at == pattern.Length - 1 ? part : throw Unknown();
        }

        private Part Alternatives()
        {
            List<Part> parts = [Sequence()];
            while (pattern[_at] == '|')
            {
                _at++;
                parts.Add(Sequence());
            }

            return parts.Count == 1 ? parts[0] : (text, dice, most) => dice.One(parts)(text, dice, most);
        }

        private Part Sequence()
        {
            List<Part> parts = [];
            while (pattern[_at] is not ('|' or ')' or '$'))
                parts.Add(Repeated(Atom()));
            return (text, dice, most) => parts.ForEach(p => p(text, dice, most));
        }

        private Part Atom()
        {
            switch (pattern[_at++])
            {
                case '(':
                    var inner = Alternatives();
                    return pattern[_at++] == ')' ? inner : throw Unknown();
                case '[':
                    return Class();
                case '\\':
                    return Character($"{pattern[_at++]}");
                case '.' or '*' or '+' or '?' or '{':
                    throw Unknown();
                default:
                    return Character($"{pattern[_at - 1]}");
            }
        }

        private Part Class()
        {
            var negated = pattern[_at] == '^';
            _at += negated ? 1 : 0;
            var members = new StringBuilder();
            for (var first = true; first || pattern[_at] != ']'; first = false)
            {
                var one = pattern[_at++];
                if (one == '\\' && pattern[_at] == 's')
                {
                    members.Append("\t\n\f\r ");
                    _at++;
                    continue;
                }

                one = one == '\\' ? pattern[_at++] : one;
                var last = pattern[_at] == '-' && pattern[_at + 1] != ']' ? pattern[_at + 1] : one;
                _at += last == one ? 0 : 2;
                for (var c = one; c <= last; c++)
                    members.Append(c);
            }

            _at++;
            var known = members.ToString();
            return Character(negated ? string.Concat(Any.Where(c => !known.Contains(c, StringComparison.Ordinal))) : known);
        }

        private Part Repeated(Part part)
        {
            var (least, most) = pattern[_at] switch
            {
                '*' => (0, int.MaxValue),
                '+' => (1, int.MaxValue),
                '?' => (0, 1),
                '{' => Bounds(),
                _ => (1, 0),
            };
            if (most == 0)
                return part;
            _at++;
            return (text, dice, usual) =>
            {
                for (var times = dice.Between(least, Math.Max(least, Math.Min(most, usual))); times > 0; times--)
                    part(text, dice, usual);
            };
        }

        private (int Least, int Most) Bounds()
        {
            var end = pattern.IndexOf('}', _at);
            var bounds = pattern[(_at + 1)..end].Split(',');
            _at = end;
            return (Number(bounds[0]), bounds is [_, ""] ? int.MaxValue : Number(bounds[^1]));
        }

        private static int Number(string text) => int.Parse(text, System.Globalization.CultureInfo.InvariantCulture);

        private static Part Character(string members) => (text, dice, _) => text.Append(members[dice.Between(0, members.Length - 1)]);

        private ArgumentException Unknown() => new($"{pattern} has at {_at} what no text is made of here", nameof(pattern));
    }
}
