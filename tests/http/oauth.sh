# The stand-in for services that one logs in at: for the tests that source this after lib.sh.

# Starts it; its address is in $url, its process in $stand_in.
services() {
	local file

	file=$(mktemp -u "${TMPDIR:-/tmp}/oauth.XXXXXX")
	python3 -B "$(dirname "${BASH_SOURCE[0]}")/oauth_service.py" "$file" &
	stand_in=$!
	for _ in {1..200}; do
		[ -s "$file" ] && break
		sleep 0.05
	done
	url=$(< "$file")
	rm -f "$file"
}

# field NAME: a text of the last body by its key.
field() {
	python3 -c 'import json, sys; print(json.load(sys.stdin).get(sys.argv[1]))' "$1" <<< "$body"
}

# log_in ADDRESS: what a browser does there; $came_back is where it is sent.
log_in() {
	came_back=$(curl -s -o /dev/null -w '%{redirect_url}' "$1")
}
