# shellcheck shell=bash disable=SC2154,SC2034
# Sourced by quickstart, test and tests/serve: building a tree. Expects `root`, the repository's folder.

# Builds in FOLDER (configured with PREFIX and the options that follow) and installs into PREFIX, unless that was done
# already with these sources. Several callers at once wait for each other.
build_and_install() { # FOLDER PREFIX OPTION...
	local folder=$1 prefix=$2 wanted cc=gcc
	shift 2
	command -v ccache > /dev/null && cc='ccache gcc'
	wanted="--prefix=$prefix $*"

	mkdir -p "$folder" || return 1
	exec 9> "$folder/.lock"
	flock 9
	if [ "$(cat "$folder/.built" 2> /dev/null)" = "$wanted" ] && [ -z "$(newer_sources "$folder/.built")" ]; then
		exec 9>&-
		return 0
	fi
	rm -f "$folder/.built"
	(
		set -e
		cd "$root"
		[ configure -nt configure.ac ] || autoreconf -i
		cd "$folder"
		if [ ! -f Makefile ] || [ "$(cat .configured 2> /dev/null)" != "$wanted" ]; then
			"$root/configure" CC="$cc" --prefix="$prefix" "$@"
			printf '%s\n' "$wanted" > .configured
		fi
		make -s -j"$(nproc)" install
	) > "$folder/build.log" 2>&1 9>&- || {
		tail -n 20 "$folder/build.log" >&2
		echo "the build failed; its log is $folder/build.log" >&2
		exec 9>&-
		return 1
	}
	touch "$folder/.built"
	printf '%s\n' "$wanted" > "$folder/.built"
	exec 9>&-
}

# The first source file that is newer than FILE.
newer_sources() {
	find "$root"/configure.ac "$root"/Makefile.am "$root"/shared "$root"/fcgi "$root"/wsd "$root"/nginx "$root"/scripts \
		"$root"/tests/Makefile.inc "$root"/examples -newer "$1" -print -quit 2> /dev/null
}

# The two trees that tests use. scripts/test builds the same tree that tests/serve serves with BUILD=sanitize.
sanitize_options=(--enable-sanitizers --enable-werror --enable-fault-points)

build_release() {
	build_and_install "$root/build-release" "$root/build-release/installed"
}

# Puts a python3 with the packages of the tests first in PATH: the system's when it has them, else a virtual environment.
python_for_tests() {
	local check='import msgpack, PIL, websockets; assert int(websockets.__version__.split(".")[0]) >= 12'
	local venv=$root/build-python

	python3 -c "$check" 2> /dev/null && return 0
	if ! "$venv/bin/python3" -c "$check" 2> /dev/null; then
		echo 'installing from PyPI for the tests: websockets msgpack pillow'
		python3 -m venv "$venv" && "$venv/bin/pip" install -q 'websockets>=12' msgpack pillow || {
			echo 'the Python packages of the tests could not be installed' >&2
			return 1
		}
	fi
	export PATH=$venv/bin:$PATH
}
