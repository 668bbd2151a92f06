# shellcheck shell=bash
# What `fleet` and `test` ask of the .NET SDK. Sourced, never run.

# The SDK itself needs libicu otherwise; nothing here does, all programs are of the invariant culture.
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_UI_LANGUAGE=en

has_sdk() {
  ! dotnet --list-sdks 2>/dev/null | grep -q '^10\.' || return 0
  echo "Fleet Operator is built with the .NET 10 SDK, and 'dotnet --list-sdks' lists none." >&2
  echo "Install it (https://dotnet.microsoft.com/download/dotnet/10.0) and make sure that 'dotnet' is in PATH." >&2
  return 1
}

# build_release PROJECT [OPTION...]: quiet but for warnings and errors, and those on stderr. No server of the build outlives it: one would hold the terminal's
# output open, and with it whatever waits for the output's end. A compiler that lives for seconds pays for profiles that it never uses.
build_release() {
  DOTNET_TieredPGO=0 dotnet build "$@" --configuration Release --nologo --verbosity quiet -consoleLoggerParameters:NoSummary -nodeReuse:false -p:UseSharedCompilation=false >&2
}
