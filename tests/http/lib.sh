# Tests of router programs with curl: see README. A test file sources this, defines functions, and ends with
# `run_tests fastcgi|cgi|both FUNCTION...` and `done_testing`.
set -u

builddir=${BUILDDIR:?BUILDDIR must name the build folder}
srcdir=${SRCDIR:-$(dirname "$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")")}
count=0
failures=0
server=

for tool in curl python3 "${NGINX:-/usr/sbin/nginx}"; do
	command -v "$tool" > /dev/null || { echo "1..0 # skipped: $tool is not installed"; exit 77; }
done

# ok CONDITION-STATUS NAME [DETAIL]
ok() {
	count=$((count + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $count - $mode: $2"
	else
		failures=$((failures + 1))
		echo "not ok $count - $mode: $2"
		[ $# -lt 3 ] || printf '# %s\n' "$3"
	fi
}

# await COMMAND...: waits until it succeeds; fails after half a minute.
await() {
	local i

	for i in {1..600}; do
		"$@" && return 0
		sleep 0.05
	done
	return 1
}

# start_server PREFIX=PROGRAM... with the settings of the environment; sets `base` and `home`. A function `furnish` of the test
# is called before the programs start.
start_server() {
	local route routes=()

	home=$(mktemp -d "${TMPDIR:-/tmp}/http-test.XXXXXX")
	mkdir "$home/run" "$home/share"
	ln -s "$builddir"/*.json "$srcdir/fcgi/docs.html" "$home/share/"
	for route in "$@"; do
		routes+=("${route%%=*}=$builddir/${route#*=}")
	done
	! declare -F furnish > /dev/null || furnish
	mkfifo "$home/address"
	HOME=$home NODETOOL_RUN_DIR=$home/run NODETOOL_SHARE_DIR=$home/share \
		python3 "$srcdir/tests/http/front.py" "$mode" "$home/run" "${routes[@]}" > "$home/address" 2> "$home/log" &
	server=$!
	read -r base < "$home/address" || { sed 's/^/# /' "$home/log"; ok 1 'the server starts'; }
}

stop_server() {
	[ -n "$server" ] || return 0
	kill -TERM "$server" 2> /dev/null
	wait "$server"
	server=
	if grep -q -e 'Sanitizer' -e 'runtime error' "$home/log"; then
		ok 1 'no sanitizer complains' "$(grep -m 5 -e Sanitizer -e 'runtime error' "$home/log")"
	fi
	rm -rf "$home"
}
trap stop_server EXIT

# request METHOD PATH [CURL OPTIONS...]: sets status, body, head.
request() {
	local method=$1 path=$2

	shift 2
	[ "$method" = HEAD ] && set -- -I "$@"
	status=$(curl -s -S --path-as-is -g -X "$method" -D "$home/head" -o "$home/body" -w '%{http_code}' --max-time 120 \
		"$@" "$base$path" 2> "$home/curl.err")
	body=$(tr -d '\0' < "$home/body" 2> /dev/null)
	head=$(tr -d '\r' < "$home/head")
}

# expect STATUS [TEXT IN THE BODY]: judges the last request.
expect() {
	local wanted=$1 text=${2-} name

	name="$last: $wanted${text:+ $text}"
	if [ "$status" != "$wanted" ]; then
		ok 1 "$name" "status $status, body $body"
	elif [ -n "$text" ] && [[ $body != *"$text"* ]]; then
		ok 1 "$name" "body $body"
	else
		ok 0 "$name"
	fi
}

# header NAME: its value in the last answer.
header() {
	sed -n "s/^$1: //Ip" <<< "$head" | tail -n 1
}

# expect_header NAME VALUE ("" : absent)
expect_header() {
	local value

	value=$(header "$1")
	[ "$value" = "$2" ]
	ok $? "$last: $1 is '$2'" "it is '$value'"
}

# check METHOD PATH STATUS [TEXT] [-- CURL OPTIONS...]
check() {
	local method=$1 path=$2 wanted=$3 text=''

	shift 3
	[ $# -gt 0 ] && [ "$1" != -- ] && { text=$1; shift; }
	[ "${1-}" = -- ] && shift
	last="$method $path"
	request "$method" "$path" "$@"
	expect "$wanted" "$text"
}

run_tests() {
	local modes=$1 test

	shift
	[ "$modes" = both ] && modes='fastcgi cgi'
	for mode in $modes; do
		for test in "$@"; do
			"$test"
			stop_server
		done
	done
}

done_testing() {
	echo "1..$count"
	[ "$failures" -eq 0 ]
	exit
}
