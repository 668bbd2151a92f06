# shellcheck shell=bash
# What the scripts of this folder share. Sourced, never run.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR source=../ControlPlane/lib.sh
. "$here/../ControlPlane/lib.sh"

# shellcheck disable=SC2034 # for those who source this
kubernetes=$cache_root/kubernetes-1.20.2/bin
cache=$cache_root/nodes
debian=$cache/debian
# shellcheck disable=SC2034
base=$cache/base busybox=$cache/busybox

# Programs of the cache, before the machine's own: a node is the same everywhere.
use_debian() {
  PATH=$cache/iptables:$debian/usr/bin:$debian/usr/sbin:$debian/sbin:$debian/bin:$PATH
  LD_LIBRARY_PATH=$(printf '%s:' "$debian"/usr/lib/*-linux-gnu "$debian"/lib/*-linux-gnu)${LD_LIBRARY_PATH:-}
  XTABLES_LIBDIR=$(echo "$debian"/usr/lib/*-linux-gnu/xtables)
  export PATH LD_LIBRARY_PATH XTABLES_LIBDIR
}

# Where cgroups are mounted: a folder per controller in version 1, one in version 2, and all of them where a machine has both.
cgroup_mounts() { awk '$3 == "cgroup" || $3 == "cgroup2" { print $2 }' /proc/mounts; }
