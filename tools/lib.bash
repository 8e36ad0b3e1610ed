# What ./run, ./test and the scripts of tools/ share; sourced, with the root as working directory.

# Prints the comment at the head of a script.
usage() { sed -n '2,/^[^#]/{/^[^#]/d;s/^# \{0,1\}//;p}' "$1"; }

# A file named from where the script was called, named from the root.
from_root() { (here=$PWD && cd "$OLDPWD" && realpath --relative-to="$here" "$1"); }

# Installs the packages of a profile, and remembers it in build/ so that the next start need not ask.
install_deps() {
  local profile=$1 stamp="build/.deps-$1" now
  [[ -z ${NARU_NO_INSTALL:-} ]] || return 0
  now=$(sha256sum tools/install-deps)
  [[ -f $stamp && $(<"$stamp") == "$now" ]] && return 0
  tools/install-deps "--$profile" || return
  mkdir -p build
  echo "$now" >"$stamp"
}

# Installs the npm packages of a directory, when they are missing or older than their lock file.
npm_packages() {
  local kept="$1/node_modules/.package-lock.json"
  [[ -f $kept && ! $1/package-lock.json -nt $kept ]] && return 0
  echo "npm ci in $1/"
  (cd "$1" && npm ci --no-audit --no-fund --loglevel=error)
}

# Builds targets of a preset with every core. CMake configures again by itself when its files change.
build() {
  local preset=$1
  shift
  [[ -f build/$preset/build.ninja ]] || cmake --preset "$preset" || return
  NINJA_STATUS='[%f/%t, %es] ' cmake --build "build/$preset" --target "$@"
}
