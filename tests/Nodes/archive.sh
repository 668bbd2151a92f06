# shellcheck shell=bash
# Container images made of folders, without a container engine: the archive that `docker save` writes and `ctr images import` reads. Sourced, never run.
# $work is a folder of the caller's; what becomes part of the archive collects in $work/archive.
# shellcheck disable=SC2154

# add_layer FOLDER: sets $layer to the layer that holds the folder's content.
add_layer() {
  mkdir -p "$work/archive"
  tar --create --file "$work/layer" --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 --directory "$1" .
  layer=$(sha256sum <"$work/layer" | cut -d' ' -f1)
  mv "$work/layer" "$work/archive/$layer.tar"
}

# add_image NAME CONFIG LAYER...: the config is a JSON object: Entrypoint, User, Env, WorkingDir.
add_image() {
  local name=$1 config=$2 file
  shift 2
  mkdir -p "$work/archive"
  printf '{"architecture":"%s","os":"linux","config":%s,"rootfs":{"type":"layers","diff_ids":[%s]}}' \
    "$(dpkg --print-architecture)" "$config" "$(printf ',"sha256:%s"' "$@" | cut -c2-)" >"$work/config"
  file=$(sha256sum <"$work/config" | cut -d' ' -f1).json
  mv "$work/config" "$work/archive/$file"
  printf ',{"Config":"%s","RepoTags":["%s"],"Layers":[%s]}' "$file" "$name" "$(printf ',"%s.tar"' "$@" | cut -c2-)" >>"$work/manifest"
}

# write_archive FILE: which is complete as soon as it is there.
write_archive() {
  printf '[%s]' "$(cut -c2- "$work/manifest")" >"$work/archive/manifest.json"
  tar --create --file "$1.part" --directory "$work/archive" .
  mv "$1.part" "$1"
}
