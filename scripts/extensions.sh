# shellcheck shell=bash disable=SC2154
# Sourced by nodetoolctl: extensions (README). Expects `libexec`, `run` and `note`.

# Programs of others, each with its locations for nginx in NAME.conf beside it: lines "extensions/NAME 1".
extensions() {
	local program name

	for program in "$libexec"/extensions/*; do
		name=${program##*/}
		[ -f "$program" ] || continue
		[ "${name%.conf}" = "$name" ] || continue
		if ! [[ $name =~ ^[a-z][a-z0-9_-]{0,31}$ ]]; then
			note "$program is left out: the name of an extension is at most 32 of a-z, 0-9, _ and -, a letter first"
		elif [ ! -x "$program" ] || [ ! -r "$program.conf" ]; then
			note "$program is left out: it must be a program, with its locations for nginx in $name.conf beside it"
		else
			printf 'extensions/%s 1\n' "$name"
		fi
	done
}

# The socket of a router or an extension.
socket_of() { # NAME
	printf '%s/%s.sock' "$run" "${1/\//-}"
}

# The locations of all extensions, with their sockets put in.
extension_locations() { # ROUTERS
	local name rest text

	while read -r name rest; do
		[ "${name#extensions/}" != "$name" ] || continue
		text=$(< "$libexec/$name.conf")
		printf '%s\n' "${text//@SOCKET@/$(socket_of "$name")}"
	done <<< "$1"
}
