namespace Fleet.Cli;

/// <summary>Says on stderr what is being done: one line that changes on a terminal, a line each elsewhere.</summary>
internal sealed class Progress(Call call) : IDisposable
{
    private readonly bool _inPlace = !Console.IsErrorRedirected;
    private readonly Lock _gate = new();
    private string _last = "";

    /// <summary>Says it, unless it was the last thing said.</summary>
    internal void Tell(string what)
    {
        lock (_gate)
        {
            if (what == _last)
                return;
            _last = what;
            if (_inPlace)
                call.Error.Write($"\r\u001b[2K{Program.Name}: {Cut(what)}");
            else
                call.Error.WriteLine($"{Program.Name}: {what}");
            call.Error.Flush();
        }
    }

    /// <summary>Takes the line away: something else is shown now.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_inPlace && _last.Length > 0)
                call.Error.Write("\r\u001b[2K");
            _last = "";
        }
    }

    private static string Cut(string what)
    {
        var width = Math.Max(20, Console.WindowWidth - Program.Name.Length - 3);
        return what.Length <= width ? what : $"{what[..(width - 1)]}…";
    }
}
