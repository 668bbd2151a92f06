namespace Fleet.Cli;

/// <summary>Scripts that ask the program itself for completions: it takes <c>[suggest:N]</c> and a line, and answers with the words that may stand at position N of it.</summary>
internal static class ShellScripts
{
    /// <summary>The shells, each with its script. All pass on what stands behind the program's name.</summary>
    internal static readonly IReadOnlyDictionary<string, string> All = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["bash"] = """
            # bash completion of fleet; in ~/.bashrc: source <(fleet completion bash)
            _fleet_complete() {
              local line=${COMP_LINE:0:COMP_POINT} IFS=$'\n'
              line=${line#"${COMP_WORDS[0]}"}
              line=${line# }
              COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" "[suggest:${#line}]" "$line" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
            }
            # Where there is nothing to suggest, files are.
            complete -o default -F _fleet_complete fleet

            """,
        ["zsh"] = """
            #compdef fleet
            # zsh completion of fleet; in ~/.zshrc, after compinit: source <(fleet completion zsh)
            _fleet() {
              local line="${(j: :)words[2,CURRENT]}"
              local -a found
              found=("${(@f)$("${words[1]}" "[suggest:${#line}]" "$line" 2>/dev/null)}")
              if [[ -n "${found[1]}" ]]; then compadd -- "${found[@]}"; else _files; fi
            }
            compdef _fleet fleet

            """,
        ["fish"] = """
            # fish completion of fleet; in ~/.config/fish/config.fish: fleet completion fish | source
            function __fleet_complete
                set -l words (commandline -opc) (commandline -ct)
                set -l line (string join ' ' -- $words[2..-1])
                $words[1] "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null
            end
            complete -c fleet -f -a '(__fleet_complete)'
            complete -c fleet -s f -l filename -r -F
            complete -c fleet -l kubeconfig -r -F

            """,
        ["powershell"] = """
            # PowerShell completion of fleet; in $PROFILE: fleet completion powershell | Out-String | Invoke-Expression
            Register-ArgumentCompleter -Native -CommandName fleet -ScriptBlock {
                param($wordToComplete, $commandAst, $cursorPosition)
                $program = $commandAst.CommandElements[0].ToString()
                $line = $commandAst.ToString().PadRight($cursorPosition - $commandAst.Extent.StartOffset).Substring($program.Length)
                if ($line.StartsWith(' ')) { $line = $line.Substring(1) }
                & $program "[suggest:$($line.Length)]" $line 2>$null | ForEach-Object {
                    [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
                }
            }

            """,
    };
}
