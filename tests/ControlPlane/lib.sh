# shellcheck shell=bash
# What the scripts of this folder and of ../Backends share: messages, the cache, and Debian packages without installing them. Sourced, never run.

# The exit code for "cannot be had on this machine": ./test then skips the tier and names it. Any other failure is a failure.
readonly unavailable=77

cache_root=${FLEET_TEST_CACHE:-${XDG_CACHE_HOME:-${HOME:?}/.cache}/fleet-test}
cache=$cache_root/kubernetes-1.20.2

me=${0##*/}
say() { printf '%s %s: %s\n' "$(date +%T)" "$me" "$*" >&2; }
fail() { say "$*"; exit 1; }
cannot() { say "$*"; exit "$unavailable"; }

# Two runs at once: the second waits, then finds everything there. The lock ends with the process, so it is never stale.
lock_cache() {
  mkdir -p "$cache_root" || cannot "cannot write to $cache_root (FLEET_TEST_CACHE chooses another folder)"
  exec 9>"$cache_root/lock"
  flock --nonblock 9 || { say "another run is filling $cache_root, waiting for it"; flock 9; }
}

# logged NAME COMMAND...: its output goes to a file, of which the end is shown when it fails. A line every minute tells that it still runs.
logged() {
  local log=$cache/log/$1.log ticker code=0
  shift
  mkdir -p "${log%/*}"
  every_minute 9>&- >/dev/null &
  ticker=$!
  "$@" >"$log" 2>&1 9>&- </dev/null || code=$?
  { kill "$ticker" && wait "$ticker"; } 2>/dev/null || true
  [ "$code" = 0 ] || { say "failed ($code): $*, the end of $log:"; tail -n 20 "$log" >&2; }
  return "$code"
}

every_minute() {
  local minutes=0 never
  exec {never}<> <(:) # a read that never gets anything is a sleep that ends with its process
  while kill -0 $$ 2>/dev/null; do
    read -rt 60 -u "$never" || say "... $((++minutes)) min"
  done
}

# Debian packages are downloaded with apt and unpacked, not installed: that needs no root, starts no service and cannot clash with
# what is installed. apt works on lists of its own, so /etc/apt and /var/lib/apt stay as they are.
apt_private() {
  apt-get -q -o Dir::State::lists="$cache/apt/lists" -o Dir::Cache="$cache/apt" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= \
    -o APT::Sandbox::User=root -o Acquire::Languages=none -o Acquire::Retries=3 "$@"
}

# What apt knows of Debian 12 on this machine, as "URI CODENAME COMPONENT" lines. Whatever mirror is set up is the one that is used.
debian_mirrors() {
  # shellcheck disable=SC2016 # apt's own variables
  apt_private indextargets --format '$(REPO_URI) $(CODENAME) $(COMPONENT)' 'Identifier: Packages' 'Origin: Debian' |
    sort -u | grep -E ' bookworm(-security)? main$'
}

# apt_ready WANTED...: refreshes the lists once per run; without them the packages named cannot be had.
apt_ready() {
  [ -z "${apt_is_ready:-}" ] || return 0
  for tool in apt-get dpkg-deb; do
    command -v "$tool" >/dev/null || cannot "no $tool on this machine, so Debian's packages cannot be fetched: $*"
  done
  say "refreshing a private copy of the package lists"
  rm -rf "$cache/apt" && mkdir -p "$cache/apt/lists/partial" "$cache/apt/archives/partial"
  # Another repository of this machine may be broken; only Debian's matters, and that is asked next.
  logged lists apt_private update || true
  debian_mirrors >/dev/null || cannot "apt reaches no Debian 12 (bookworm) repository, so these packages cannot be fetched: $*"
  apt_is_ready=1
}

# unpack FOLDER PACKAGE...: downloads the packages and unpacks them into the folder.
unpack() {
  local into=$1 package
  shift
  apt_ready "$@"
  mkdir -p "$into" "$cache/apt/debs"
  for package in "$@"; do
    say "unpacking $package"
    rm -f "$cache/apt/debs/$package"_*.deb
    (cd "$cache/apt/debs" && logged "$package" apt_private download "$package") || cannot "the package $package could not be downloaded"
    dpkg-deb -x "$cache/apt/debs/$package"_*.deb "$into"
  done
}

# unpack_missing FOLDER PACKAGE...: the same with all that they depend on and this machine does not have.
unpack_missing() {
  local into=$1
  local -a names
  shift
  apt_ready "$@"
  mapfile -t names < <(apt_private install --simulate --no-install-recommends "$@" | awk '$1 == "Inst" { print $2 }')
  # What is installed already is wanted in the folder all the same.
  mapfile -t names < <(printf '%s\n' "$@" "${names[@]}" | sort -u)
  unpack "$into" "${names[@]}"
}

# use_tool COMMAND PACKAGE...: a small tool, from the machine when it has it, else unpacked into the cache (libraries included).
use_tool() {
  local tool=$1
  shift
  ! command -v "$tool" >/dev/null || return 0
  [ -x "$cache/tools/usr/bin/$tool" ] || unpack "$cache/tools" "$@"
  use_unpacked_tools
}

use_unpacked_tools() {
  [ -d "$cache/tools" ] || return 0
  PATH=$PATH:$cache/tools/usr/bin
  LD_LIBRARY_PATH=${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$(printf '%s:' "$cache"/tools/usr/lib/*-linux-gnu)
  export PATH LD_LIBRARY_PATH
}
