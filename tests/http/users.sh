# What tests of several routers share: JSON bodies, fields of answers, a server of several users. Source it after lib.sh.
# shellcheck shell=bash
json=(-H 'Content-Type: application/json')

# field NAME: a top-level entry of the last answer; a text as it is, anything else as JSON.
field() {
	python3 -c 'import json, sys; v = json.load(sys.stdin)[sys.argv[1]]; print(v if isinstance(v, str) else json.dumps(v))' \
		"$1" <<< "$body"
}

# ids LIST: the ids of a list in the last answer, in its order.
ids() {
	python3 -c 'import json, sys; print(" ".join(x["id"] for x in json.load(sys.stdin)[sys.argv[1]]))' "$1" <<< "$body"
}

# users PREFIX=PROGRAM...: a server with the users root (admin), alice and bob; `as_root`, `as_alice` and `as_bob` are curl's
# options for them.
users() {
	local name role=admin
	users_file=$(mktemp "${TMPDIR:-/tmp}/users.XXXXXX")

	echo 'users:' > "$users_file"
	for name in root alice bob; do
		printf '  %s: {user_id: u_%s, username: %s, role: %s, token_hash: %s}\n' "$name" "$name" "$name" "$role" \
			"$(printf %s "token-of-$name" | sha256sum | cut -d' ' -f1)" >> "$users_file"
		role=user
	done
	as_root=(-H 'Authorization: Bearer token-of-root')
	as_alice=(-H 'Authorization: Bearer token-of-alice')
	as_bob=(-H 'Authorization: Bearer token-of-bob')
	AUTH_PROVIDER=multi_user USERS_FILE=$users_file SERVER_AUTH_TOKEN=of-the-server SECRETS_MASTER_KEY=key \
		start_server "$@"
}

leave_users() {
	stop_server
	rm -f "$users_file"
}

# sql STATEMENT: changes the server's database.
sql() {
	python3 -c 'import sqlite3, sys; c = sqlite3.connect(sys.argv[1], 30); c.execute(sys.argv[2]); c.commit()' \
		"$home/.local/share/nodetool/nodetool.sqlite3" "$1"
}

# refused METHOD PATH STATUS... checks that each of `bodies` is answered with that status.
refused() {
	local text

	for text in "${bodies[@]}"; do
		check "$1" "$2" "$3" '"detail"' -- "${json[@]}" "${@:4}" -d "$text"
	done
}
