# SPDX-License-Identifier: 0BSD
# shellcheck shell=sh
#
# What test.sh needs: a usherd of its own in a temporary folder, ended and removed in any case; `ctl` to ask it; `http`
# to reach what it serves; `expect` to compare.
: "${USHERD:=usherd}" "${USHERCTL:=usherctl}"
for tool in "$USHERD" "$USHERCTL" curl; do
  command -v "$tool" >/dev/null || {
    echo "test: $tool is missing; install it, or name it: make test USHERD=/path/usherd USHERCTL=/path/usherctl" >&2
    exit 1
  }
done
tmp=$(mktemp -d)
daemon=
finish () {
  status=$?
  trap - EXIT
  if [ -n "$daemon" ]; then
    kill "$daemon" 2>/dev/null || :
    wait "$daemon" 2>/dev/null || :
  fi
  if [ "$status" -ne 0 ] && [ -s "$tmp/log" ]; then
    echo "test: usherd said:" >&2
    cat "$tmp/log" >&2
  fi
  rm -rf "$tmp"
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

# start SECTIONS: a daemon with these sections besides the usual ones.
start () {
  {
    printf '[usher]\ndata_dir = %s/data\nplugin_path = %s\nlog_level = info\ndrain_time = 0s\n' "$tmp" "$PWD"
    printf '[listen:test]\naddress = unix:%s/http\n' "$tmp"
    printf '%s\n' "$1"
  } >"$tmp/usher.conf"
  "$USHERD" --check-config --config "$tmp/usher.conf"
  "$USHERD" --config "$tmp/usher.conf" 2>"$tmp/log" &
  daemon=$!
  patience=0
  until ctl call system.status >/dev/null 2>&1 && ! ctl call plugin.status | grep -q '"state":"\(new\|starting\)"'; do
    patience=$((patience + 1))
    if [ "$patience" -gt 150 ] || ! kill -0 "$daemon" 2>/dev/null; then
      echo "test: usherd does not get ready" >&2
      exit 1
    fi
    sleep 0.2
  done
}

ctl () {
  "$USHERCTL" --socket "$tmp/data/control.sock" "$@"
}

# http METHOD PATH [CURL-ARGUMENT...]: prints the status in a line of its own, then the body.
http () {
  method=$1 path=$2
  shift 2
  curl -sS --max-time 30 --unix-socket "$tmp/http" -X "$method" -o "$tmp/body" -w '%{http_code}\n' "$@" "http://localhost$path"
  cat "$tmp/body"
}

# expect WHAT PATTERN TEXT: a basic regular expression that has to be somewhere in the text.
expect () {
  if printf '%s\n' "$3" | grep -q -- "$2"; then
    echo "ok: $1"
  else
    printf 'FAILED: %s\n  wanted: %s\n  got: %s\n' "$1" "$2" "$3" >&2
    exit 1
  fi
}

# member NAME TEXT: the value of the first string of that name in JSON text.
member () {
  printf '%s' "$2" | sed -n "s/.*\"$1\" *: *\"\\([^\"]*\\)\".*/\\1/p" | head -n 1
}

# number NAME TEXT: the same of a number.
number () {
  printf '%s' "$2" | sed -n "s/.*\"$1\" *: *\([0-9]*\).*/\\1/p" | head -n 1
}

# centre: a queue "support" and an agent "anna" in it.
centre () {
  ctl call queue.put '{"queue":"support","name":"Support"}' >/dev/null
  ctl call user.put '{"login":"anna","name":"Anna","role":"agent"}' >/dev/null
  ctl call user.password '{"user":"anna","password":"correct horse"}' >/dev/null
  ctl call membership.put '{"user":"anna","queue":"support"}' >/dev/null
}

# login: sets $token, with which `anna` runs operations.
login () {
  token=$(member token "$(http POST /api/v1/session.login -H 'x-usher-request: 1' -H 'content-type: application/json' \
    -d '{"login":"anna","password":"correct horse"}')")
}

# anna OPERATION JSON
anna () {
  http POST "/api/v1/$1" -H "authorization: Bearer $token" -H 'content-type: application/json' -d "$2"
}
